"""Several gateway processes on one PostgreSQL."""
