"""Calling Amazon for a user: what may be called, with whose token, and what the answer says about it."""
