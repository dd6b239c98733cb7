"""Command line of the stand-in Amazon: start it on loopback, print one JSON line once it takes requests."""

import argparse
import contextlib
import json
import sys
import threading
from pathlib import Path

if not __package__:
    # `python -I` leaves the script's folder out of the search path; this adds the bundle and nothing else.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from amazon_sandbox import loopback
from amazon_sandbox.clock import SandboxClock
from amazon_sandbox.server import SandboxServer, serve_until_shutdown
from amazon_sandbox.stand_in import StandIn
from amazon_sandbox.state_file import StateError, StateFile
from amazon_sandbox.world import World


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the flags; anything but a loopback address for --host ends the program with status 2."""
    parser = argparse.ArgumentParser(prog="amazon_sandbox", description="A stand-in Amazon on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--state", type=Path, help="file that keeps grants and apps over a restart")
    parser.add_argument(
        "--callback",
        action="append",
        default=[],
        metavar="URL",
        help="a registered callback that is not on this machine; repeat it for several",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input ends")
    parsed = parser.parse_args(arguments)
    if parsed.host not in loopback.NAMES:
        parser.error(
            f"--host must be one of {', '.join(loopback.NAMES)}: the stand-in hands tokens to anyone"
        )
    if not 0 <= parsed.port <= 65535:
        parser.error("--port must be between 0 and 65535")
    return parsed


def main(arguments: list[str]) -> int:
    """Serve until standard input ends (if asked) or the process is ended; return the exit status.

    It is 0 after serving, 1 where the state file or the port cannot be used, 2 for a wrong flag.
    """
    options = parse_arguments(arguments)
    try:
        state = StateFile(options.state) if options.state else None
        world = World(SandboxClock(), state, options.callback)
        server = SandboxServer(options.host, options.port, StandIn(world))
    except (StateError, OSError) as problem:
        print(f"amazon_sandbox: {problem}", file=sys.stderr)
        return 1
    ready = {
        "ok": True,
        "url": server.url,
        "spapi": world.credentials(world.first_app("spapi")),
        "ads": world.credentials(world.first_app("ads")),
    }
    print(json.dumps(ready), flush=True)
    if options.exit_with_stdin:
        threading.Thread(target=_shut_down_at_end_of_input, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        serve_until_shutdown(server)
    return 0


def _shut_down_at_end_of_input(server: SandboxServer) -> None:
    """Shut the server down once the parent is gone: its end, a kill too, closes our standard input."""
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
