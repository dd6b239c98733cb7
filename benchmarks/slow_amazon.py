"""A token endpoint that takes a fixed time and does nothing else, so that it never is what limits a figure.

    python -I benchmarks/slow_amazon.py MILLISECONDS

Prints its port. `GET /counts` tells how many refresh tokens it saw, how often in all, and the most often.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from urllib.parse import parse_qs

PAUSE = int(sys.argv[1]) / 1000 if __name__ == "__main__" else 0.2
seen: Counter[str] = Counter()
first = last = 0.0
made = 0


def answer(document: dict[str, object]) -> bytes:
    """Return an HTTP answer with a JSON document."""
    content = json.dumps(document).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def refreshed(body: bytes) -> bytes:
    """Answer one refresh after the pause."""
    global first, last, made
    token = parse_qs(body.decode())["refresh_token"][0]
    seen[token] += 1
    first = first or time.time()
    await asyncio.sleep(PAUSE)
    last = time.time()
    made += 1
    fresh = f"Atza|{made:08d}" + "f" * 340
    return answer({"access_token": fresh, "refresh_token": token, "token_type": "bearer", "expires_in": 3600})


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
            if head.startswith(b"GET"):
                most = max(seen.values(), default=0)
                counts = {"stores": len(seen), "calls": seen.total(), "answered": made, "most": most}
                writer.write(answer({**counts, "seconds": last - first}))
            else:
                writer.write(await refreshed(body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve until the standard input ends."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
