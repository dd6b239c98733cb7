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
  python3 scripts/local_gateway.py add-user anna --key-file /home/me/anna.key

`stop` and `status` look at the gateway that was set up, with --sandbox at the sandbox. Stopping what does not
run is no failure. Its log is gateway.log in the data folder.
"""

from linkfox_client import command

SERVING = ("host", "port", "workers", "tls_cert", "tls_key")


def declare(arguments):
    arguments.positional(
        "command", "what to do", choices=["serve", "start", "stop", "status", "add-user"], required=True
    )
    arguments.positional("name", "add-user: the new user's name")
    arguments.path("--key-file", "add-user: the new file that the API key is written to (0600)")
    arguments.switch("--sandbox", "work with the stand-in Amazon, in a data folder of its own")
    arguments.text("--host", "serve, start: the address to listen on (default 127.0.0.1)", metavar="ADDRESS")
    arguments.integer("--port", "serve, start: the port, 0 for a free one (default 8765)", most=65535)
    arguments.integer("--workers", "serve, start: how many processes serve (default 1)", least=1, most=64)
    arguments.path("--tls-cert", "serve, start: certificate chain, PEM")
    arguments.path("--tls-key", "serve, start: its private key, PEM")
    arguments.check(check)


def check(options):
    from linkfox_client.errors import bad_arguments

    adding = options.command == "add-user"
    if adding != (options.name is not None) or adding != (options.key_file is not None):
        raise bad_arguments("add-user, and nothing else, takes a NAME and --key-file")
    given = [name for name in SERVING if getattr(options, name) is not None]
    if given and options.command not in ("serve", "start"):
        raise bad_arguments("--" + given[0].replace("_", "-") + " is only for use with serve or start")


def run(options):
    from linkfox_client import gateway_commands

    return gateway_commands.COMMANDS[options.command](options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
