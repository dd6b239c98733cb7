"""Where API keys are kept: the keyring, and private files."""
