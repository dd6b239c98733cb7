"""The table of settings names what the gateway reads, and nothing else."""

import re

from tests.support.markdown import ROOT, section

NAME = re.compile(r"""["']((?:GATEWAY|SPAPI|ADS|AMAZON|PROXY)_[A-Z_]*[A-Z])["']""")


def read_by_the_gateway() -> set[str]:
    """The variables that gateway/settings/settings.py asks for, with the `_FILE` ones that it builds."""
    text = (ROOT / "gateway/settings/settings.py").read_text(encoding="utf-8")
    names = set(NAME.findall(text))
    return names | {f"{name}_FILE" for name in names if name.endswith("_CLIENT_SECRET")}


def test_settings_table_is_what_the_gateway_reads() -> None:
    """Each variable has a row, and each row a variable."""
    table = section(ROOT / "references/self-hosting.md", "All settings")
    documented = re.findall(r"^\| `([A-Z_]+)` \|", table, re.M)
    assert len(documented) == len(set(documented))
    assert set(documented) == read_by_the_gateway()


def test_callback_addresses_are_those_of_the_gateway() -> None:
    """The addresses that a person registers with Amazon are the ones that the gateway serves."""
    settings = (ROOT / "gateway/settings/settings.py").read_text(encoding="utf-8")
    page = (ROOT / "references/self-hosting.md").read_text(encoding="utf-8")
    for path in ("/spApi/oauth/callback", "/amazonAds/oauth/callback"):
        assert f'"{path}"' in settings
        assert f"https://gateway.example.com{path}" in page
