"""Looking for what keeps the scripts from working."""
