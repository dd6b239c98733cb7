# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Look for what keeps the scripts from working, and say what to do about it.

Examples:
  python3 scripts/doctor.py
  python3 scripts/doctor.py --offline      no network call at all
  python3 scripts/doctor.py --store "My Store"

With a store named, Amazon is asked for its sites, which shows whether its token is good: a refusal then names
its cause, a row of references/permissions.md. On the hosted gateway that call costs credit.

Each check is ok, warning or failed, with a remedy; at a terminal standard error has them as a short table. A
local gateway that the scripts would start is started. The exit code is 0 where nothing failed, else that of
the first failed check: 3 for settings or packages, 4 for the key or a store that was revoked, 6 for the
gateway or its application at Amazon, 7 for credit, 8 for what did not answer in time.
"""

from linkfox_client import command
from linkfox_client.commands import choice


def declare(arguments):
    arguments.switch("--offline", "leave out everything that needs the network")
    choice.declare_store(arguments, required=False)
    arguments.excludes("--offline", *choice.STORE_FLAGS)


def run(options):
    from linkfox_client.commands.diagnosis import examination

    wanted = options if choice.is_any_store(options) else None
    return examination.examine(offline=options.offline, wanted=wanted)


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
