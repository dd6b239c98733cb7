"""The least that a server can do, to measure the gateway against: uvicorn, and an application of one line.

    .venv/bin/python benchmarks/bare_asgi.py

Nothing of the gateway is in it. It takes a body, answers a constant, and ends with its standard input.
"""

import json
import sys
import threading
from typing import Any

import uvicorn

ANSWER = b'{"ok":true}'
HEADERS = [(b"content-length", str(len(ANSWER)).encode()), (b"content-type", b"application/json")]


async def app(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Take one request."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def main() -> None:
    """Serve until standard input ends, with what the gateway's own server is given."""
    config = uvicorn.Config(
        app,
        port=0,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    listener = config.bind_socket()
    listener.listen(config.backlog)  # whoever reads the address may connect
    server = uvicorn.Server(config)

    def end_with_input() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
