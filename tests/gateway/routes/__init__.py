"""Mirrors gateway/routes."""
