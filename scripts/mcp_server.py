# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0", "mcp>=2.3", "pyyaml>=6",
# ]
# ///
"""Serve the scripts as the tools of an MCP server on standard input and output, for a host without a shell.

Examples:
  python3 scripts/install_skill.py --mcp claude    let a host start it: claude, claude-desktop, cursor, codex
  python3 scripts/mcp_server.py --setup-only       only install its packages (hashes checked)
  python3 scripts/mcp_server.py                    what the host runs
  python3 scripts/mcp_server.py --write

No tool answers a token. Without --write nothing is changed at Amazon, no store is removed, and no file that a
tool names is read or written. The tools, what they take and what they say come from the scripts.
"""

import os
import sys

from linkfox_client import command


def declare(arguments):
    arguments.switch("--write", "let tools change things at Amazon, remove stores, and use files")
    arguments.switch("--setup-only", "make .venv and install the packages, then stop")
    arguments.at_most_one("--write", "--setup-only")


def run(options):
    from linkfox_client.skill import mcp_hosts

    if options.setup_only:
        return {"venv": str(mcp_hosts.ensure_packages())}
    try:
        from linkfox_client.mcp import server
    except ModuleNotFoundError as missing:
        os.dup2(2, 1)  # standard output is the protocol's, and the host shows people what stands on the other
        raise mcp_hosts.missing_package(missing) from None
    server.serve(may_write=options.write)
    sys.exit(0)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
