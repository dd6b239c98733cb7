"""The scripts that a server runs: ended with it, however far each of them is."""

import subprocess
import sys

import anyio
from linkfox_client.mcp.running import Scripts


def test_a_script_that_has_just_ended_spares_no_other() -> None:
    """A signal may come while the last of one is still being read."""

    async def story() -> int:
        scripts = Scripts()
        ended = await anyio.open_process([sys.executable, "-c", ""], stderr=subprocess.DEVNULL)
        async with ended:
            assert ended.stdout is not None
            assert [part async for part in ended.stdout] == []
        waiting = await anyio.open_process([sys.executable, "-c", "input()"])
        async with waiting:
            scripts._running |= {ended, waiting}
            scripts.end_all()
            return await waiting.wait()

    assert anyio.run(story) != 0
