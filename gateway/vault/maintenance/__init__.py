"""Work on the whole vault: rotation, backup, copying."""
