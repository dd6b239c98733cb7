"""Tests of the stand-in Amazon, over HTTP against a process of its own."""
