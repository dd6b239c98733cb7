"""The gateway's OpenAPI document, written by hand: the routes read their bodies themselves."""
