"""The scripts as tools of an MCP server; only `scripts/mcp_server.py` needs the packages for it."""
