"""Mirrors gateway/amazon."""
