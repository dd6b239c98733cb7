"""One authorization from start to end: consent link, state, callback, code exchange, first use."""
