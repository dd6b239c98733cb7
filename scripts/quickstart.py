#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Set everything up and show the whole job with a stand-in Amazon: nothing real is touched.

Makes .venv, installs the pinned requirements (hashes checked), starts the self-hosted gateway in sandbox
mode, then authorizes a store and an ads account and uses their tokens through the project's own scripts.
Progress goes to standard error; the one JSON document names each step with its masked result and its time.

Examples:
  python3 scripts/quickstart.py                # do it all, leave nothing running and no setting behind
  python3 scripts/quickstart.py --keep         # leave the gateway running, where all scripts find it
  python3 scripts/quickstart.py --setup-only   # only .venv and the requirements

Exit codes: 0 done, 2 bad arguments, 3 not set up (no venv module, no network), 6 a step failed.
"""

import sys

from linkfox_client import command, venv
from linkfox_client.errors import ClientError
from linkfox_client.local import gateway_program
from linkfox_client.paths import BUNDLE


def declare(arguments):
    arguments.switch("--setup-only", "make .venv and install the requirements, then stop")
    arguments.switch("--keep", "leave the sandbox gateway running and say how to stop it")
    arguments.at_most_one("--setup-only", "--keep")


def notify(line):
    print(line, file=sys.stderr, flush=True)


def run(options):
    has_gateway = gateway_program.PROGRAM.is_file()
    if not (has_gateway or options.setup_only):
        raise gateway_program.missing()
    try:
        venv.ensure("requirements-gateway.txt" if has_gateway else "requirements.txt", notify=notify)
    except venv.SetupError as problem:
        raise ClientError("not_set_up", str(problem), problem.hint) from None
    if options.setup_only:
        return {"venv": str(BUNDLE / ".venv")}
    return do_the_main_job(keep=options.keep)


def do_the_main_job(*, keep):
    from linkfox_client.commands import quickstart  # which comes with the gateway

    notify("Doing the main job in a sandbox")
    try:
        return quickstart.run(keep=keep, notify=notify)
    except quickstart.StepFailed as problem:
        hint = "Read `failedWith`; `python3 scripts/quickstart.py` is safe to run again."
        raise ClientError(
            "gateway_failed", str(problem), hint, fields={"failedWith": problem.document}
        ) from None


if __name__ == "__main__":
    command.main_local(__doc__, declare, run)
