"""The gateway as processes."""
