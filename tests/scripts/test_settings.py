"""Key and gateway are one pair: a key never goes to a gateway that it was not given with."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client import config
from linkfox_client.config import HOSTED, checked_gateway
from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.gateway.settings import Settings, load
from linkfox_client.local import local_gateway
from linkfox_client.local.local_gateway import LocalGateway
from linkfox_client.secrets.secret import Secret

OWN = "https://own.example:8443"
LOCAL_KEY = "lfx_local_" + "k" * 43


def none_stored(origin: str) -> None:
    """A keyring that holds nothing."""


@pytest.fixture(autouse=True)
def no_local_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set up on this machine, unless a test says so."""
    monkeypatch.setattr(local_gateway, "locate_or_start", lambda environ: None)


def choose(
    environ: dict[str, str], *folders: Path, keyring: Callable[[str], str | None] = none_stored
) -> Settings:
    """The pair for these settings."""
    return load(environ, folders=folders, read_keyring=keyring)


def write_env(folder: Path, text: str) -> Path:
    """A folder with a `.env` file."""
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text(text, encoding="utf-8")
    return folder


def test_a_gateway_and_a_key_from_the_environment_are_a_pair() -> None:
    """The plainest case."""
    chosen = choose({"LINKFOX_TOOL_GATEWAY": OWN + "/", "LINKFOX_AGENT_API_KEY": " key-1 "})
    assert (chosen.gateway, chosen.key.reveal()) == (OWN, "key-1")
    assert chosen.gateway_from == chosen.key_from == "environment"


def test_a_key_alone_means_the_hosted_gateway() -> None:
    """And then nothing local is looked for."""
    chosen = choose({"LINKFOX_AGENT_API_KEY": "key-1"})
    assert chosen.gateway == HOSTED
    assert chosen.is_hosted


def test_nothing_given_means_the_local_gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With its own key."""
    found = LocalGateway("http://127.0.0.1:8765", Secret(LOCAL_KEY), True, tmp_path)
    monkeypatch.setattr(local_gateway, "locate_or_start", lambda environ: found)
    chosen = choose({}, keyring=lambda origin: "other")
    assert (chosen.gateway, chosen.key.reveal(), chosen.sandbox) == (found.url, LOCAL_KEY, True)


def test_nothing_anywhere_names_the_ways() -> None:
    """Exit 3, and each way to go on."""
    with pytest.raises(ClientError) as caught:
        choose({})
    assert caught.value.exit_code == 3
    for way in ("LINKFOX_AGENT_API_KEY", "login.py", "local_gateway.py", "quickstart.py"):
        assert way in caught.value.hint


def test_a_stored_key_for_the_hosted_gateway_is_the_last_resort() -> None:
    """It is asked for under the hosted origin and no other."""
    asked: list[str] = []
    chosen = choose({}, keyring=lambda origin: asked.append(origin) or "stored-key")
    assert (chosen.gateway, chosen.key.reveal(), asked) == (HOSTED, "stored-key", [HOSTED])


def test_a_gateway_without_a_key_gets_the_key_that_is_stored_for_its_origin() -> None:
    """The origin is plain: lower case, no default port, no path."""
    asked: list[str] = []
    environ = {"LINKFOX_TOOL_GATEWAY": "HTTPS://Own.Example:443/base/"}
    chosen = choose(environ, keyring=lambda origin: asked.append(origin) or "stored-key")
    assert asked == ["https://own.example"]
    assert chosen.gateway == "https://own.example/base"


def test_a_gateway_from_the_environment_does_not_get_the_key_of_a_file(tmp_path: Path) -> None:
    """Whoever can set one variable does not get another place's key sent to him."""
    folder = write_env(tmp_path, "LINKFOX_AGENT_API_KEY=key-of-the-file\n")
    with pytest.raises(ClientError) as caught:
        choose({"LINKFOX_TOOL_GATEWAY": OWN}, folder)
    assert caught.value.code == "not_set_up"
    assert "key-of-the-file" not in caught.value.message + caught.value.hint


def test_a_key_in_another_place_is_told_of_and_not_used(tmp_path: Path) -> None:
    """In both directions: where it was found, that it is not sent, and how to make a pair of the two."""
    key = write_env(tmp_path / "key", "LINKFOX_AGENT_API_KEY=key-of-the-file\n")
    gateway = write_env(tmp_path / "gateway", f"LINKFOX_TOOL_GATEWAY={OWN}\n")
    for environ, folder, key_from, gateway_from in (
        ({"LINKFOX_TOOL_GATEWAY": OWN}, key, str(key / ".env"), "environment"),
        ({"LINKFOX_AGENT_API_KEY": "key-of-the-environment"}, gateway, "environment", str(gateway / ".env")),
    ):
        with pytest.raises(ClientError) as caught:
            choose(environ, folder)
        assert f"({gateway_from})" in caught.value.message
        assert f"the one from {key_from} was not set together with it" in caught.value.message
        assert "same place" in caught.value.hint
        assert "key-of-the" not in caught.value.message + caught.value.hint


def test_a_file_is_read_under_the_environment_and_the_bundles_own_first(tmp_path: Path) -> None:
    """The bundle's `.env`, then the one in the user's configuration."""
    first = write_env(tmp_path / "a", "LINKFOX_TOOL_GATEWAY=https://a.example\nLINKFOX_AGENT_API_KEY=key-a\n")
    second = write_env(
        tmp_path / "b", "LINKFOX_TOOL_GATEWAY=https://b.example\nLINKFOX_AGENT_API_KEY=key-b\n"
    )
    assert choose({}, first, second).key.reveal() == "key-a"
    assert choose({}, second).key.reveal() == "key-b"
    pair = {"LINKFOX_TOOL_GATEWAY": OWN, "LINKFOX_AGENT_API_KEY": "key-e"}
    assert choose(pair, first, second).key.reveal() == "key-e"


def test_a_file_is_not_interpolated_and_never_gets_into_the_environment(tmp_path: Path) -> None:
    """`${HOME}` in a key is part of the key."""
    folder = write_env(tmp_path, "LINKFOX_AGENT_API_KEY='a${HOME}b'\nLINKFOX_AUTOSTART=off\n")
    assert choose({}, folder).key.reveal() == "a${HOME}b"
    assert "LINKFOX_AUTOSTART" not in os.environ


def test_a_file_in_the_working_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the bundle's folder and the user's own are."""
    write_env(tmp_path / "work", "LINKFOX_AGENT_API_KEY=planted-key\n")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(config, "BUNDLE", tmp_path / "bundle")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(ClientError, match="No gateway"):
        load({}, read_keyring=none_stored)
    assert config.default_folders() == [tmp_path / "bundle", tmp_path / "home" / ".config" / "linkfox"]


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    """A file that is not UTF-8 is no reason for a traceback."""
    (tmp_path / ".env").write_bytes(b"LINKFOX_AGENT_API_KEY=\xff\xfe\n")
    with pytest.raises(ClientError, match="UTF-8") as caught:
        choose({}, tmp_path)
    assert caught.value.code == "not_set_up"


@pytest.mark.parametrize(
    "name", ["LINKFOX_TOOL_GATEWAY", "STORE_API_BASE_URL", "SPAPI_BASE_URL", "AMAZON_ADS_BASE_URL"]
)
@pytest.mark.parametrize("key", ["LINKFOX_AGENT_API_KEY", "LINKFOXAGENT_API_KEY"])
def test_the_older_names_are_known(name: str, key: str) -> None:
    """What existing installations set goes on working."""
    chosen = choose({name: OWN, key: "key-1"})
    assert (chosen.gateway, chosen.key.reveal()) == (OWN, "key-1")


def test_an_empty_variable_is_none() -> None:
    """`LINKFOX_TOOL_GATEWAY=` in a shell takes nothing away."""
    chosen = choose({"LINKFOX_TOOL_GATEWAY": " ", "STORE_API_BASE_URL": OWN, "LINKFOX_AGENT_API_KEY": "k"})
    assert chosen.gateway == OWN


@pytest.mark.parametrize(
    "environ",
    [
        {"LINKFOX_AGENT_API_KEY": LOCAL_KEY},
        {"LINKFOX_AGENT_API_KEY": "Bearer " + LOCAL_KEY},
        {"LINKFOX_TOOL_GATEWAY": HOSTED, "LINKFOX_AGENT_API_KEY": LOCAL_KEY},
        {
            "LINKFOX_TOOL_GATEWAY": "https://TOOL-gateway.linkfox.com:8443/x/",
            "LINKFOX_AGENT_API_KEY": LOCAL_KEY,
        },
        {"LINKFOX_TOOL_GATEWAY": HOSTED + ".", "LINKFOX_AGENT_API_KEY": LOCAL_KEY},
        {"LINKFOX_TOOL_GATEWAY": HOSTED + ".:443/", "LINKFOX_AGENT_API_KEY": "Bearer " + LOCAL_KEY},
    ],
)
def test_a_local_key_is_never_sent_to_the_hosted_gateway(environ: dict[str, str]) -> None:
    """However the hosted gateway is written."""
    with pytest.raises(ClientError) as caught:
        choose(environ)
    assert caught.value.code == "not_set_up"
    # Also true where the hosted gateway itself is named.
    assert "no such gateway is named" in caught.value.message
    assert LOCAL_KEY not in caught.value.message


@pytest.mark.parametrize("key", ["a b", "a\nb", "ключ", "a\x00b", "Bearer a b"])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    """It would break the header, or be another one than was meant."""
    with pytest.raises(ClientError) as caught:
        choose({"LINKFOX_AGENT_API_KEY": key})
    assert caught.value.code == "not_set_up"


@pytest.mark.parametrize(
    "address",
    [
        "http://gateway.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0:8765",
        "https://user:hunter2@gateway.example",
        "https://user@gateway.example",
        "https://gateway.example/?x=1",
        "https://gateway.example/#x",
        "https://gateway.example?",
        "https://gateway.example/a b",
        "https://gateway.example\\@evil.example",
        "https://gateway.example:99999",
        "https://[::1",
        "https://",
        "ftp://gateway.example",
        "file:///etc/passwd",
        "gateway.example",
        "https://gatewäy.example",
        "https://gateway.example..",
        "https://tool-gateway..linkfox.com",
        "https://tool%2Dgateway.linkfox.com",
        "https://.",
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_repeating_it(address: str) -> None:
    """https, or loopback; no user, query or fragment."""
    with pytest.raises(ClientError) as caught:
        checked_gateway(address, "LINKFOX_TOOL_GATEWAY")
    assert caught.value.exit_code == 3
    assert "hunter2" not in caught.value.message
    assert "LINKFOX_TOOL_GATEWAY" in caught.value.message


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765"),
        ("http://LOCALHOST:8765", "http://localhost:8765"),
        ("http://[::1]:8765/", "http://[::1]:8765"),
        ("https://Gateway.Example:443", "https://gateway.example"),
        ("https://gateway.example.", "https://gateway.example"),
        ("http://localhost.:8765", "http://localhost:8765"),
        ("https://gateway.example:8443/base//", "https://gateway.example:8443/base"),
    ],
)
def test_a_good_address_is_made_plain(address: str, plain: str) -> None:
    """So that the same gateway has one origin."""
    assert checked_gateway(address, "x") == plain


def test_a_keyring_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unlock prompt that nobody sees costs the given time and no more."""
    release = threading.Event()
    hanging = ModuleType("keyring")
    hanging.get_password = lambda service, origin: release.wait(30)  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "keyring", hanging)
    assert settings.key_in_keyring(OWN, seconds=0.05) is None
    release.set()


def test_a_keyring_that_fails_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends raise what they like."""
    broken = ModuleType("keyring")

    def fail(service: str, origin: str) -> str:
        raise RuntimeError("no backend")

    broken.get_password = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "keyring", broken)
    assert settings.key_in_keyring(OWN) is None


places = st.fixed_dictionaries(
    {},
    optional={
        "LINKFOX_TOOL_GATEWAY": st.sampled_from(["https://{}.example", "http://127.0.0.1:1", HOSTED]),
        "LINKFOX_AGENT_API_KEY": st.sampled_from(["key-of-{}", "lfx_local_of_{}"]),
    },
)


@given(places, places, places)
def test_a_key_only_goes_where_its_own_place_says(
    environ: dict[str, str], bundle: dict[str, str], home: dict[str, str]
) -> None:
    """For all combinations of the three places, key and gateway belong together.

    They come from one place, or the key is the keyring's for that origin, or it stood alone and the gateway
    is the hosted one, never with a local key.
    """
    named = [
        config.Place(name, {key: value.format(name) for key, value in values.items()})
        for name, values in (("environment", environ), ("bundle", bundle), ("home", home))
    ]
    asked: list[str] = []

    def keyring(origin: str) -> str:
        asked.append(origin)
        return f"stored-for {origin}".replace(" ", "-")

    try:
        found = settings._named(named, keyring)
        chosen = settings._checked(found) if found else None
    except ClientError:  # a local key and the hosted gateway
        chosen = found
        assert chosen is not None
        assert chosen.is_hosted
        assert chosen.key.reveal().startswith("lfx_local_")
        return
    if chosen is None:
        assert not any(place.values for place in named)
        return
    key = chosen.key.reveal()
    if chosen.key_from == "keyring":
        assert key == f"stored-for-{chosen.origin}"
    elif chosen.gateway_from == "default":
        assert chosen.gateway == HOSTED
        assert not any("LINKFOX_TOOL_GATEWAY" in place.values for place in named)
    else:
        home_of_both = next(place for place in named if place.name == chosen.gateway_from)
        assert chosen.key_from == chosen.gateway_from
        assert home_of_both.values["LINKFOX_AGENT_API_KEY"] == key
    assert not (chosen.is_hosted and key.startswith("lfx_local_"))
    first = next((place.name for place in named if "LINKFOX_TOOL_GATEWAY" in place.values), None)
    assert first is None or chosen.gateway_from == first
