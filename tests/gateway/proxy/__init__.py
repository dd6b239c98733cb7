"""The developer proxy."""
