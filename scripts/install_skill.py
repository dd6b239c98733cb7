# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Install this skill where an agent looks for skills, as the folder linkfox-amazon-auth; update or remove it.

Examples:
  python3 scripts/install_skill.py --into claude --dry-run     only say what would be done
  python3 scripts/install_skill.py --into claude               into ~/.claude/skills; so cursor and openclaw
  python3 scripts/install_skill.py --into ~/my-skills --with-aliases
  python3 scripts/install_skill.py --into claude --with-gateway
  python3 scripts/install_skill.py --into claude --remove
  python3 scripts/install_skill.py --mcp cursor                let Cursor start mcp_server.py of this copy

SKILL.md, references/ and scripts/ are installed. --with-gateway adds the gateway and the sandbox, so that
local_gateway.py and quickstart.py can start them from there; without it the scripts use a gateway that was
started from a copy of the whole project, or is elsewhere.

Installing again updates, and keeps a gateway that is there; to be rid of that, remove and install again. Only
files that it installed itself, and that were not changed since, are replaced or removed; with --remove also
the .venv that the installed copy's quickstart.py made. The alias folders linkfox-amazon-store-auth and
linkfox-amazon-ads-auth are for other skills that look for these names.

--mcp installs the packages of the MCP server into .venv and writes its entry into the host's own file of
servers, in which nothing else changes; with --remove it takes the entry out again. With --into as well, the
host starts the installed copy's.
"""

from linkfox_client import command
from linkfox_client.skill import mcp_hosts


def declare(arguments):
    arguments.path("--into", "claude, cursor, openclaw, or a folder of skills")
    arguments.choice("--mcp", tuple(mcp_hosts.HOSTS), "let this host start the MCP server")
    arguments.switch("--write", "with --mcp: let its tools change things at Amazon, and use files")
    arguments.switch("--with-aliases", "also make the two folders by which other skills find this one")
    arguments.switch("--with-gateway", "also install the gateway and the sandbox")
    arguments.switch("--dry-run", "say what would be added, replaced and removed, and change nothing")
    arguments.switch("--remove", "remove what was installed there, the aliases too, and nothing else")
    arguments.guard("--remove", "--write")
    arguments.one_or_more("--into", "--mcp")
    arguments.needs("--with-aliases", "--into")
    arguments.needs("--with-gateway", "--into")
    arguments.needs("--write", "--mcp")
    arguments.excludes("--remove", "--write")


def run(options):
    from linkfox_client.commands import install

    return install.install(options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
