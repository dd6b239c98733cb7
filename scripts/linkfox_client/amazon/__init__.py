"""Amazon's side: its sites, the profiles on them and its consent links."""
