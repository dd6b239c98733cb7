"""What the vault is sealed with."""
