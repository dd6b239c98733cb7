"""Tests of the scripts and of what they share, against a fake gateway or a real one in a sandbox."""
