"""Mirrors gateway/authorization."""
