"""Tests of the stand-in's Ads API."""
