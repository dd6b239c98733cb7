"""What the MCP server costs beside the least server with the same SDK: its start and its memory (Linux).

.venv/bin/python -m benchmarks.mcp_cost
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pairs import compare
from tests.support.house import SCRIPTS, clean_environment

RUNS, WARM_UP = 21, 2
# One tool, no schema of ours, no pages.
LEAST_SERVER = """\
import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
async def tools(ctx, params):
    return types.ListToolsResult(tools=[types.Tool(name="a", input_schema={"type": "object"})])
async def main():
    server = Server("least", on_list_tools=tools)
    async with stdio_server() as streams:
        await server.run(*streams, server.create_initialization_options())
anyio.run(main)
"""
OPENING = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
MESSAGES = (
    {"id": 1, "method": "initialize", "params": OPENING},
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list", "params": {}},
)


def started(*command: str, home: str) -> int:
    """Start a server, wait for its answered initialize and tools/list, end it; return its memory in KiB."""
    with subprocess.Popen(
        [sys.executable, *command],
        env=clean_environment(Path(home)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in MESSAGES:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        process.stdin.flush()
        answers: list[dict[str, Any]] = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert answers[1]["result"]["tools"]
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        process.stdin.close()
        process.wait(60)
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def main() -> None:
    """Print the figures as one JSON document."""
    ours, least = [], []
    script = str(SCRIPTS / "mcp_server.py")
    with tempfile.TemporaryDirectory() as home:
        start = compare(
            lambda: ours.append(started(script, home=home)),
            lambda: least.append(started("-c", LEAST_SERVER, home=home)),
            runs=RUNS,
            warm_up=WARM_UP,
        )
    figures = {
        "start to tools/list / least server with the SDK": start.rounded(),
        "memory / least server with the SDK": round(median(ours) / median(least), 2),
        "memory in MiB": round(median(ours) / 1024, 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
