"""Access tokens: read, and refreshed once however many ask, in however many processes."""
