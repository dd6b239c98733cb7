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
  python3 scripts/local_gateway.py --version          that of the files here; status tells that of what runs

Without --sandbox all but `serve` and `start` mean the gateway that the scripts use: the real one where one is
set up, else the sandbox, so that `stop` alone stops a sandbox, too, where that is all there is. Stopping what
does not run is no failure. The log is gateway.log in the data folder.
"""

from linkfox_client import command
from linkfox_client.commands import gateway_commands


def declare(arguments):
    gateway_commands.declare(arguments)


def run(options):
    return gateway_commands.run(options)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
