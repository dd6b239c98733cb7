"""Every right of an API key is explained to whoever gives one out."""

from typing import get_args

import pytest

from gateway.model import Right
from tests.support.markdown import ROOT, section


@pytest.mark.parametrize("right", get_args(Right))
def test_a_right_is_explained(right: str) -> None:
    """By its name, with what it allows in brackets."""
    assert f"`{right}` (" in section(ROOT / "references/self-hosting.md", "Users and keys")
