"""Tests of the gateway, room by room; over HTTP against the stand-in Amazon wherever that shows more."""
