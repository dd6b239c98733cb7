"""Refreshing ahead of expiry, so that who asks for a token never waits for Amazon."""
