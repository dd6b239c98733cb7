"""Tests of the stand-in's Selling Partner API."""
