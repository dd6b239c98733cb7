"""Mirrors gateway/pages."""
