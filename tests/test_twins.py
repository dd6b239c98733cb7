"""What scripts and gateway both need, each has for itself, since they never import each other: alike."""

import ast
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from linkfox_client import config as scripts_loopback
from linkfox_client import private_files as scripts_private_files
from linkfox_client import text as scripts_text
from linkfox_client.amazon import refusals as scripts_refusals
from linkfox_client.commands import whereabouts
from linkfox_client.keys import keyring as scripts_keyring
from linkfox_client.local import local_proof as scripts_proof
from linkfox_client.secrets import masking
from linkfox_client.secrets import secret as scripts_secret

from gateway.amazon import ads_api, selling_partner_api
from gateway.monitoring import logs
from gateway.proxy import refusals as gateway_refusals
from gateway.util import keyring as gateway_keyring
from gateway.util import local_proof as gateway_proof
from gateway.util import loopback as gateway_loopback
from gateway.util import private_files as gateway_private_files
from gateway.util import secret as gateway_secret
from gateway.util import text as gateway_text

SECRET = [scripts_secret, gateway_secret]
TEXT = [scripts_text, gateway_text]
FILES = [scripts_private_files, gateway_private_files]
PROOF = [scripts_proof, gateway_proof]
REFUSALS = [scripts_refusals, gateway_refusals]
KEYRING = [scripts_keyring, gateway_keyring]
# What one side has alone: where a person's files may lie, and taking a key back, is the scripts' affair.
SCRIPTS_ONLY = {"check_folder", "is_private_folder", "UnsafePlace", "NotPrivate", "read_private", "delete"}
LONGEST = scripts_text.LONGEST_SHOWN


def interface(module: ModuleType) -> dict[str, str]:
    """Return the public names of a module, each with its signature, or with its methods'."""
    found: dict[str, str] = {}
    for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = _signature(node)
        elif isinstance(node, ast.ClassDef):
            methods = [_signature(method) for method in node.body if isinstance(method, ast.FunctionDef)]
            found[node.name] = "\n".join(sorted(methods))
        elif isinstance(node, ast.Assign):
            found |= {ast.unparse(target): ast.unparse(node.value) for target in node.targets}
    return {name: told for name, told in found.items() if not name.startswith("_")}


def _signature(function: ast.FunctionDef) -> str:
    returned = ast.unparse(function.returns) if function.returns else ""
    return f"{function.name}({ast.unparse(function.args)}) -> {returned}"


@pytest.mark.parametrize(
    "twins",
    [SECRET, TEXT, FILES, KEYRING, PROOF],
    ids=["secret", "text", "files", "keyring", "proof"],
)
def test_they_have_the_same_name_and_the_same_interface(twins: list[ModuleType]) -> None:
    """Public functions, classes and constants, with their signatures."""
    scripts, gateway = twins
    assert scripts.__name__.rpartition(".")[2] == gateway.__name__.rpartition(".")[2]
    expected = {name: told for name, told in interface(scripts).items() if name not in SCRIPTS_ONLY}
    assert len(expected) > 1
    assert interface(gateway) == expected


def both(twins: list[ModuleType], do: Callable[[Any], object]) -> object:
    """Return what comes of the same call on both sides, which has to be the same."""
    scripts, gateway = (do(module) for module in twins)
    assert scripts == gateway
    return scripts


@pytest.mark.parametrize(
    "text", ["", "short", "a" * 39, "a" * 40, "Atza|" + "x" * 300, "密" * 50, "\ud800" * 40]
)
def test_a_secret_shows_the_same(text: str) -> None:
    """Printed, in a repr, formatted, compared."""
    both(SECRET, lambda module: module.masked(text))
    shown = both(
        SECRET,
        lambda module: (str(module.Secret(text)), repr(module.Secret(text)), f"{module.Secret(text):>60}"),
    )
    assert not text[10:] or text not in str(shown)
    both(SECRET, lambda module: (bool(module.Secret(text)), module.Secret(text) == module.Secret(text + "x")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "a  b ",
        "a\nb",
        "a\u202eb",
        "我的店铺  ☕",
        "👩\u200d🚀",
        "\ud800",
        "x" * 2 * LONGEST,
        "é\n" * LONGEST,
        None,
        7,
    ],
)
def test_text_is_cleaned_alike(text: object) -> None:
    """At full length and cut short."""
    both(TEXT, lambda module: (module.cleaned(text), module.cleaned(text, 5)))
    if isinstance(text, str):
        both(TEXT, lambda module: module.has_hidden(text))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost",
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "",
        "10.0.0.1",
        "::2",
        "localhost.example.com",
    ],
)
def test_loopback_is_the_same(host: str) -> None:
    """Plain text is sent and taken on this machine alone."""
    both([scripts_loopback, gateway_loopback], lambda module: module.is_loopback(host))


def test_refusals_are_explained_by_the_same_lines() -> None:
    """The gateway's and the scripts' differ by where they import the data's folder from."""
    sources = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in REFUSALS]
    scripts, gateway = (
        [line for line in source.splitlines() if not line.endswith("import REFERENCES")] for source in sources
    )
    assert len(scripts) > 100
    assert scripts == gateway


def test_amazons_hosts_are_the_same() -> None:
    """By region: where the gateway calls, and where a program under with_token.py is sent."""
    assert whereabouts.SPAPI_HOSTS == selling_partner_api.HOSTS
    assert whereabouts.ADS_HOSTS == ads_api.HOSTS


def test_a_local_gateway_is_proved_alike() -> None:
    """By its key, the number, and where it is: each other one of them gives another proof."""
    one = ("key", "00" * 32, "127.0.0.1", 8765)
    others = [("kex", *one[1:]), ("key", "01" * 32, *one[2:]), (*one[:2], "::1", 8765), (*one[:3], 8766)]
    proofs = {both(PROOF, lambda module, given=given: module.proof_of(*given)) for given in [one, *others]}
    assert len(proofs) == 5
    assert both(PROOF, lambda module: module.proof_of("key", "00" * 32, "::ffff:127.0.0.1", 8765)) in proofs


def test_private_files_are_written_alike(tmp_path: Path) -> None:
    """Mode 0600, whole, never over what is there unless that is meant, and a link is not followed."""

    def written(module: Any) -> object:
        folder = tmp_path / module.__name__
        folder.mkdir()
        module.create_private(folder / "new", b"a\r\nb")
        (folder / "else").write_bytes(b"untouched")
        (folder / "link").symlink_to(folder / "else")
        with pytest.raises(FileExistsError):
            module.create_private(folder / "new", b"over")
        with pytest.raises(FileExistsError):
            module.create_private(folder / "link", b"over")
        module.replace_private(folder / "link", b"replaced")
        return sorted(
            (path.name, path.is_symlink(), path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            for path in folder.iterdir()
            if path.name != "else" or path.read_bytes() != b"untouched"
        )

    assert both(FILES, written) == [("link", False, b"replaced", 0o600), ("new", False, b"a\r\nb", 0o600)]


@pytest.mark.parametrize(
    "secret",
    [
        "Atza|IwEBIexample-access",
        "Atzr|IwEBIexample-refresh",
        "Atza%7CIwEBIexample-access",
        "Atzr\\u007cIwEBIexample-refresh",
        "Atza&#124;IwEBIexample-access",
        "Atza%257CIwEBIexample-access",
        "Atza\\\\u007CIwEBIexample-access",
        "Atna|EwICIexample-account",
        "Atc|MQEBIexample-application",
        "Atc%7CMQEBIexample-application",
        "Atz.sprdt|IwEBIexample-restricted",
        "Atz.sprdt%7CIwEBIexample-restricted",
        "amzn1.oa2-cs.v1.0123456789abcdef0123456789abcdef",
        "lfx_local_0123456789abcdef0123456789abcdef",
        "lfxp_0123456789abcdef-_0123456789abcdef",
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked_by_both(secret: str) -> None:
    """Wherever it stands in a text: in what scripts print, and in what the gateway logs."""
    text = f"refused {secret} as given"
    for masked in (masking.Secrets().scrub(text), logs.redacted(text)):
        assert secret[-8:] not in masked
        assert masked.startswith("refused ")
        assert masked.endswith(" as given")


class OneEntry(KeyringBackend):
    """Keeps one password, or drops it."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self.keeps = keeps
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return what was kept."""
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it, if this one does."""
        if self.keeps:
            self.held[service, username] = password


@pytest.mark.parametrize("keeps", [True, False])
def test_keyrings_are_asked_alike(keeps: bool) -> None:
    """The same entry under the same service, and the same complaint where it was dropped."""

    def used(module: Any, secret: Any) -> object:
        backend = OneEntry(keeps=keeps)
        keyring.set_keyring(backend)
        try:
            module.write("name", secret.Secret("value"))
        except module.KeyringUnavailable as problem:
            return str(problem), problem.is_missing
        return module.read("name").reveal(), module.read("other"), backend.held

    former = keyring.get_keyring()
    try:
        assert used(scripts_keyring, scripts_secret) == used(gateway_keyring, gateway_secret)
    finally:
        keyring.set_keyring(former)
