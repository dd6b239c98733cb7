"""The settings of the developer proxy."""

from pathlib import Path

import pytest

from gateway.settings.loading import load_settings
from gateway.settings.proxy_defaults import ADS_PREFIXES, SPAPI_PREFIXES
from gateway.settings.settings import Settings
from gateway.settings.values import SettingsError


def load(tmp_path: Path, **environ: str) -> Settings:
    """Load settings from an environment, and nothing else."""
    return load_settings(environ, sandbox=True, home=tmp_path, bundle=tmp_path)


def test_without_any_the_published_families_are_read(tmp_path: Path) -> None:
    """The defaults: no writes to ads, and sizes that a machine bears."""
    settings = load(tmp_path)
    assert settings.proxy_spapi_prefixes == SPAPI_PREFIXES
    assert settings.proxy_ads_prefixes == ADS_PREFIXES
    assert settings.proxy_ads_writes is False
    assert settings.proxy_largest_request == 12 * 1024 * 1024
    assert settings.proxy_largest_answer == 32 * 1024 * 1024
    assert settings.proxy_timeout == 60
    assert not {"/tokens", "/applications", "/authorization"} & set(SPAPI_PREFIXES)


def test_each_is_read(tmp_path: Path) -> None:
    """Prefixes are separated by commas or spaces, sizes are in MB."""
    settings = load(
        tmp_path,
        PROXY_SPAPI_PREFIXES="/orders, /reports/2021-06-30/",
        PROXY_ADS_PREFIXES="/sp /v2",
        PROXY_ADS_WRITES="true",
        PROXY_LARGEST_REQUEST="1",
        PROXY_LARGEST_ANSWER="64",
        PROXY_TIMEOUT="5",
    )
    assert settings.proxy_spapi_prefixes == ("/orders", "/reports/2021-06-30/")
    assert settings.proxy_ads_prefixes == ("/sp", "/v2")
    assert settings.proxy_ads_writes is True
    assert (settings.proxy_largest_request, settings.proxy_largest_answer) == (1024**2, 64 * 1024**2)
    assert settings.proxy_timeout == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROXY_SPAPI_PREFIXES", "orders"),
        ("PROXY_SPAPI_PREFIXES", "https://evil.example"),
        ("PROXY_ADS_PREFIXES", "/a//b"),
        ("PROXY_ADS_PREFIXES", "/a%2f"),
        ("PROXY_ADS_PREFIXES", ","),
        ("PROXY_ADS_WRITES", "perhaps"),
        ("PROXY_LARGEST_REQUEST", "0"),
        ("PROXY_LARGEST_REQUEST", "-1"),
        ("PROXY_LARGEST_ANSWER", "9999"),
        ("PROXY_LARGEST_ANSWER", "1.5"),
        ("PROXY_TIMEOUT", "soon"),
        ("PROXY_TIMEOUT", "٣"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingsError, match=name):
        load(tmp_path, **{name: value})
