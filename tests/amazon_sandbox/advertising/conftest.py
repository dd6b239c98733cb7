"""An advertiser of the stand-in."""

import pytest

from tests.support.advertiser import Advertiser
from tests.support.sandbox_process import SandboxProcess


@pytest.fixture
def advertiser(sandbox: SandboxProcess) -> Advertiser:
    """Return an advertiser who calls for a profile in the United States."""
    return Advertiser(sandbox)
