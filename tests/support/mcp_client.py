"""An MCP client for tests that are no coroutines: the SDK's own, on an event loop in a thread beside them."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from tests.support.house import PATIENCE, SCRIPTS

SERVER = SCRIPTS / "mcp_server.py"
# How a client opens: with the handshake, or with protocol 2026-07-28.
OPENINGS = {"legacy": LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION: LATEST_MODERN_VERSION}


@dataclass
class McpClient:
    """A client and its server. `heard`: every text and document that the server answered, for a search."""

    client: Client
    portal: BlockingPortal
    log: Path
    heard: list[str] = field(default_factory=list)
    progress: list[str | None] = field(default_factory=list)

    def do(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Await a method of the client's and keep what it answered."""

        async def done() -> Any:
            with anyio.fail_after(PATIENCE):
                return await method(*arguments, **options)

        answer = self.portal.call(done)
        self.heard.append(answer.model_dump_json())
        return answer

    def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its document, whatever became of it."""

        async def progressed(_progress: float, _total: float | None, message: str | None) -> None:
            self.progress.append(message)

        result = self.do(self.client.call_tool, tool, arguments, progress_callback=progressed)
        document = result.structured_content
        assert isinstance(document, dict), result
        assert result.is_error is (document["ok"] is False)
        return document

    def good(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to succeed."""
        document = self.call(tool, **arguments)
        assert document["ok"] is True, document
        return document

    def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to fail and return its error, which says what to do."""
        document = self.call(tool, **arguments)
        assert document["ok"] is False, document
        assert document["error"].keys() >= {"code", "message", "hint", "retryable"}
        return document["error"]


@contextlib.contextmanager
def mcp_client(
    environment: dict[str, str],
    folder: Path,
    *words: str,
    opens: str = "legacy",
    answers: Callable[[types.ElicitRequestParams], types.ElicitResult] | None = None,
) -> Iterator[McpClient]:
    """A client with a server of its own. `answers`: how it answers an elicitation; None where it cannot."""
    log = folder / "mcp-server.log"
    parameters = StdioServerParameters(
        command=sys.executable, args=[str(SERVER), *words], env=environment, cwd=folder
    )

    async def answered(_context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert answers is not None
        return answers(params)

    with log.open("a", encoding="utf-8") as stderr, start_blocking_portal() as portal:
        client = Client(
            stdio_client(parameters, errlog=stderr),
            mode=opens,
            elicitation_callback=answered if answers else None,
        )
        with portal.wrap_async_context_manager(client):
            yield McpClient(client, portal, log)
