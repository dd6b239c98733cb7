"""Refreshing ahead of expiry."""
