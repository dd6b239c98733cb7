"""Many callers of gateways at once."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from tests.support.gateway_process import Process
from tests.support.house import PATIENCE


async def ask_all(gateways: list[Process], path: str, body: Any, callers: int) -> list[tuple[int, Any]]:
    """Ask with so many callers at once, each on a connection of its own; return statuses and documents."""
    content = json.dumps(body).encode()
    gate = asyncio.Event()

    async def ask(gateway: Process) -> tuple[int, Any]:
        address = urlsplit(gateway.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        await gate.wait()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {gateway.key}\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
        head, _, document = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(document)

    asked = [asyncio.create_task(ask(gateways[number % len(gateways)])) for number in range(callers)]
    await asyncio.sleep(0)
    gate.set()
    return await asyncio.gather(*asked)
