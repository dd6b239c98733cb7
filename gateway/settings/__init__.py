"""How this gateway is to run: read once at the start, checked and typed."""
