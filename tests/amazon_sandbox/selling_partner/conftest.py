"""A store of the stand-in, whose operations are called by their published names."""

import pytest

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import Store


@pytest.fixture
def store(sandbox: SandboxProcess) -> Store:
    """Return a seller's store in North America."""
    return Store(sandbox)
