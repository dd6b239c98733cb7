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

SKILL.md, references/ and scripts/ are installed. --with-gateway adds the gateway and the sandbox, so that
local_gateway.py and quickstart.py can start them from there; without it the scripts use a gateway that was
started from a copy of the whole project, or is elsewhere.

Installing again updates, and keeps a gateway that is there; to be rid of that, remove and install again. Only
files that it installed itself, and that were not changed since, are replaced or removed; with --remove also
the .venv that the installed copy's quickstart.py made. The alias folders linkfox-amazon-store-auth and
linkfox-amazon-ads-auth are for other skills that look for these names.
"""

from linkfox_client import command


def declare(arguments):
    arguments.path("--into", "claude, cursor, openclaw, or a folder of skills", required=True)
    arguments.switch("--with-aliases", "also make the two folders by which other skills find this one")
    arguments.switch("--with-gateway", "also install the gateway and the sandbox")
    arguments.switch("--dry-run", "say what would be added, replaced and removed, and change nothing")
    arguments.switch("--remove", "remove what was installed there, the aliases too, and nothing else")
    arguments.guard("--remove")


def run(options):
    from linkfox_client.commands import install

    return install.install(options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
