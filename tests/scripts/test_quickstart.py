"""What quickstart.py --keep tells a person whose scripts would use another gateway than the kept one."""

from pathlib import Path

import pytest
from linkfox_client.commands import quickstart


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a sandbox that was kept, in a home where nothing else was set up."""
    for name in [*quickstart.GATEWAY_NAMES, *quickstart.KEY_NAMES, "GATEWAY_DATA_DIR", "AMAZON_ORIGIN"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    data_dir = tmp_path / ".local" / "share" / "linkfox" / "gateway-sandbox"
    set_up(data_dir)
    return data_dir


def set_up(data_dir: Path) -> None:
    """Leave what a gateway leaves that was started once."""
    data_dir.mkdir(parents=True, mode=0o700)
    (data_dir / "owner.key").write_text("x", encoding="utf-8")


def told(kept: Path) -> str:
    """The note for this gateway."""
    return quickstart._used_instead(quickstart.Job(lambda line: None, {}), str(kept))


def test_a_gateway_that_is_found_needs_no_word(kept: Path) -> None:
    """The scripts look there by themselves."""
    assert told(kept) == ""


def test_a_real_gateway_that_was_set_up_goes_first(kept: Path) -> None:
    """Both are named, with how to reach the kept one."""
    real = kept.parent / "gateway"
    set_up(real)
    assert str(real) in told(kept)
    assert f"GATEWAY_DATA_DIR={kept}" in told(kept)


@pytest.mark.parametrize("name", ["LINKFOX_TOOL_GATEWAY", "LINKFOX_AGENT_API_KEY"])
def test_a_variable_that_goes_first_is_named_and_not_shown(
    kept: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It may hold a key."""
    monkeypatch.setenv(name, "https://gateway.example")
    assert name in told(kept)
    assert "gateway.example" not in told(kept)


def test_a_setting_that_cannot_be_used_fails_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is done by then; what is wrong with the setting is told."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", "relative")
    assert "GATEWAY_DATA_DIR is not an absolute path" in told(kept)
