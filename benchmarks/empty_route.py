"""The gateway's command line with one more route, `POST /empty`, to measure the others against.

It goes through the same server, middleware and router, takes the body, and answers a constant.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastapi import Request, Response

from gateway.__main__ import main
from gateway.app import create_app as create_gateway
from gateway.settings.settings import Settings

FACTORY = "benchmarks.empty_route:create_app"


def create_app(settings: Settings, vault: Any, clock: Any) -> Any:
    """Return the gateway with the empty route."""
    app = create_gateway(settings, vault, clock)

    async def empty(request: Request) -> Response:
        await request.body()
        return Response(b'{"ok":true}', media_type="application/json")

    app.add_api_route("/empty", empty, methods=["POST"])
    return app


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], factory=FACTORY))
