"""What a browser sees: plain pages, rendered on the server, that work without JavaScript."""
