"""Telling the owner's webhook what happened, once for each change."""
