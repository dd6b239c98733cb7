"""One stand-in Amazon for each test module, put back to the sample world before each test."""

from collections.abc import Iterator

import pytest

from tests.support.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[SandboxProcess]:
    """Start a stand-in Amazon; at the end it must go by itself and have had nothing to complain of."""
    process = SandboxProcess()
    yield process
    status, errors = process.stop()
    assert (status, errors) == (0, "")


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """Return the module's stand-in Amazon as if it had just been started."""
    running_sandbox.control("reset", {})
    return running_sandbox
