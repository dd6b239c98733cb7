# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Run your own gateway on this machine.

  python3 scripts/local_gateway.py start              in the background; the scripts find it by themselves
  python3 scripts/local_gateway.py start --sandbox    with a stand-in Amazon, to try everything
  python3 scripts/local_gateway.py serve --port 0     in the foreground; 0 picks a free port
  python3 scripts/local_gateway.py status
  python3 scripts/local_gateway.py stop --sandbox
  python3 scripts/local_gateway.py add-user anna --key-file /home/me/anna.key --rights tokens,proxy
  python3 scripts/local_gateway.py list-keys
  python3 scripts/local_gateway.py revoke-key ID
  python3 scripts/local_gateway.py rotate-master-key
  python3 scripts/local_gateway.py backup /home/me/vault-copy.db
  python3 scripts/local_gateway.py copy-to postgresql://gateway@db.example.com/gateway
  python3 scripts/local_gateway.py audit --limit 20

Without --sandbox all but `serve` and `start` mean the gateway that the scripts use: the real one where one is
set up, else the sandbox, so that `stop` alone stops a sandbox, too, where that is all there is. Stopping what
does not run is no failure. The log is gateway.log in the data folder.
"""

from linkfox_client import command

COMMANDS = (
    *("serve", "start", "stop", "status"),
    *("add-user", "list-keys", "revoke-key", "rotate-master-key", "backup", "copy-to", "audit"),
)
NAMING = ("add-user", "revoke-key", "backup")
# Which flags belong to which commands; --sandbox goes with all of them.
FLAGS = {
    "host": ("serve", "start"),
    "port": ("serve", "start"),
    "workers": ("serve", "start"),
    "tls_cert": ("serve", "start"),
    "tls_key": ("serve", "start"),
    "key_file": ("add-user",),
    "rights": ("add-user",),
    "new_key_file": ("rotate-master-key",),
    "limit": ("audit",),
    "offset": ("audit",),
}


def declare(arguments):
    arguments.positional("command", "what to do", choices=COMMANDS, required=True)
    arguments.positional(
        "name",
        "add-user: the user's name; revoke-key: the key's id; backup: the new file; copy-to: the address of "
        "the PostgreSQL, without a password (default: GATEWAY_DATABASE_URL)",
        most=4096,
    )
    arguments.path("--key-file", "add-user: the new file that the API key is written to (0600)")
    arguments.text("--rights", "add-user: some of tokens,manage,proxy (default: all)", metavar="LIST")
    arguments.path("--new-key-file", "rotate-master-key: the new key, where a setting holds the old one")
    arguments.integer("--limit", "audit: how many entries to show (default 50)", least=1, most=1000)
    arguments.integer("--offset", "audit: how many of the newest to leave out", most=10**9)
    arguments.switch("--sandbox", "work with the stand-in Amazon, in a data folder of its own")
    arguments.text("--host", "serve, start: the address to listen on (default 127.0.0.1)", metavar="ADDRESS")
    arguments.integer("--port", "serve, start: the port, 0 for a free one (default 8765)", most=65535)
    arguments.integer("--workers", "serve, start: how many processes serve (default 1)", least=1, most=64)
    arguments.path("--tls-cert", "serve, start: certificate chain, PEM")
    arguments.path("--tls-key", "serve, start: its private key, PEM")
    arguments.check(check)


def check(options):
    from linkfox_client.errors import bad_arguments

    if options.command != "copy-to" and (options.command in NAMING) != (options.name is not None):
        raise bad_arguments(
            "add-user NAME, revoke-key ID, backup PATH and copy-to URL take one word, the others none"
        )
    for name, commands in FLAGS.items():
        if getattr(options, name) is not None and options.command not in commands:
            flag = "--" + name.replace("_", "-")
            raise bad_arguments(flag + " is only for use with " + " or ".join(commands))
    if options.command == "add-user" and options.key_file is None:
        raise bad_arguments("Missing: --key-file PATH, the new file that the API key is written to")


def run(options):
    from linkfox_client.commands import gateway_commands

    return gateway_commands.COMMANDS[options.command](options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
