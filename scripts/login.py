# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Store the API key of a gateway in the OS keyring, tell which key is in force, or remove it.

Examples:
  python3 scripts/login.py < key.txt           the key comes from standard input, never as an argument
  python3 scripts/login.py --key-file key.txt
  python3 scripts/login.py --key-file key.txt --insecure-file    where there is no keyring
  python3 scripts/login.py --status
  python3 scripts/login.py --logout

The key is kept for the gateway that LINKFOX_TOOL_GATEWAY names, else the hosted one, and goes to no other.
It is tried out first; a key that the gateway refuses is not stored.
"""

from linkfox_client import command


def declare(arguments):
    arguments.path("--key-file", "read the key from this file instead of standard input")
    arguments.switch(
        "--insecure-file", "keep the key in a 0600 file in ~/.config/linkfox/keys, not the keyring"
    )
    arguments.switch("--logout", "remove the key that is kept for the gateway")
    arguments.guard("--logout")
    arguments.switch("--status", "tell which key is in force (masked) and ask the gateway about it")
    arguments.at_most_one("--logout", "--status")
    for flag in ("--key-file", "--insecure-file"):
        arguments.excludes(flag, "--logout", "--status")


def run(options):
    from linkfox_client.commands import login

    return login.command_of(options)(options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
