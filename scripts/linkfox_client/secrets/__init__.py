"""Secrets: the type that prints masked, what masks them, how they are read."""
