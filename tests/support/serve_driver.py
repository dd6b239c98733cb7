"""The gateway's command line with a tiny application in the place of the real one.

Run as `python -I serve_driver.py serve …`: what is tested is the process, not the routes.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from gateway.__main__ import main

if TYPE_CHECKING:
    from gateway.settings.settings import Settings

FACTORY = "tests.support.serve_driver:create_app"


def create_app(settings: "Settings", vault: Any, _clock: Any) -> Any:
    """Return an application that tells who it is; `/slow` takes until SIGUSR1 comes."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["path"] == "/slow":
            import asyncio  # here, so that refused arguments are not slower than the real command line

            over = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, over.set)
            # Says that it has begun, so that a test can stop the server in the middle.
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun ", "more_body": True})
            await over.wait()
            await send({"type": "http.response.body", "body": b"done"})
            return
        body = f"{os.getpid()} {settings.public_url} {vault.facts.kind} {settings.spapi is not None}"
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    return app


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], factory=FACTORY))
