"""Notices to the owner's webhook."""
