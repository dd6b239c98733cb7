"""The gateway as a wheel: everything that it needs is inside, and it runs where nobody may write."""

import importlib.metadata
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from linkfox_client.paths import version
from packaging.requirements import Requirement

from tests.scripts.test_requirements import foreign, plain
from tests.support.distribution import Installation, build, install, needed_by, serving
from tests.support.house import ROOT, House

STORE = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
PARTS = ("gateway", "amazon_sandbox")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, beside the sdist that it was built from."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installation(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A fresh environment with the wheel, which nobody may write to."""
    return install(built, tmp_path_factory.mktemp("environment") / "of the gateway 家")


@pytest.fixture(scope="module")
def house(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The installed gateway, serving out of an empty folder."""
    home = tmp_path_factory.mktemp("empty")
    with serving(installation, home) as served:
        yield served


def test_it_holds_what_git_holds_of_its_packages(built: Path) -> None:
    """Templates, migrations, styles and the commands, too; and nothing that lies beside them by chance."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PARTS]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    held = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    names = zipfile.ZipFile(built).namelist()
    assert {"gateway/cli/commands.json", "gateway/web/style.css", "gateway/api/docs.html"} <= held
    assert held == {name for name in names if name.startswith(tuple(f"{part}/" for part in PARTS))}
    assert f"linkfox_amazon_auth-{version()}.dist-info/sboms/sbom.cdx.json" in names
    assert built.name == f"linkfox_amazon_auth-{version()}-py3-none-any.whl"


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    """It is built from the sdist there, and here from the files themselves, byte for byte."""
    assert build(ROOT, tmp_path, "--wheel").read_bytes() == built.read_bytes()
    (sdist,) = built.parent.glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        inside = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "LICENSE", "references/VERSION", "gateway/__main__.py"} <= inside
    assert {name for name in inside if name.endswith((".pyc", ".env", ".db", ".key"))} == set()


def test_it_names_every_package_that_it_imports(built: Path) -> None:
    """What the gateway and the stand-in import comes from what the wheel requires, or what that requires.

    Also what it imports where traces are wanted, for which there is an extra.
    """
    wanted, known = [Requirement(text) for text in needed_by(built)], set()
    while wanted:
        one = wanted.pop()
        if plain(one.name) in known or (one.marker and not one.marker.evaluate({"extra": "tracing"})):
            continue
        known.add(plain(one.name))
        wanted += [Requirement(text) for text in importlib.metadata.requires(one.name) or ()]
    brought = importlib.metadata.packages_distributions()
    modules = foreign(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
    assert {"starlette", "sqlalchemy", "keyring"} <= modules.keys(), "the search finds what is imported"
    assert {
        module: files
        for module, files in modules.items()
        if module not in PARTS and not known & {plain(name) for name in brought.get(module, [])}
    } == {}
    assert "pyperclip" not in known, "what only the scripts need stays out"


def test_an_installed_gateway_serves_out_of_an_empty_folder(house: House) -> None:
    """A store is authorized at the stand-in and its token read; the tables are there, and the pages."""
    assert house.authorize(STORE["sellerId"], "我的店铺 ☕")["sellerId"] == STORE["sellerId"]
    assert house.post("/spApi/storeTokens", STORE)["accessToken"]
    assert house.select("select version_num from alembic_version")
    assert sorted(path.name for path in house.home.iterdir()) == [".config", "data"]


def test_its_commands_work_beside_it(installation: Installation, house: House) -> None:
    """As `local_gateway.py` does in a bundle: a key is made and listed, and a backup written."""
    key, copy = house.home / "anna.key", house.home / "copy.db"
    words = ("--data-dir", str(house.data_dir))
    made = installation.run("add-user", *words, "anna", "--key-file", str(key), home=house.home).good()
    listed = installation.run("list-keys", *words, home=house.home).good()
    assert made["keyId"] in {one["keyId"] for one in listed["keys"]}
    assert house.post("/spApi/authorizedStores", {}, key.read_text().strip())["stores"] == []
    installation.run("backup", *words, str(copy), home=house.home).good()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert copy.read_bytes().startswith(b"SQLite format 3")
    key.unlink()
    copy.unlink()


def test_it_names_its_commands_as_they_are_called(installation: Installation, house: House) -> None:
    """On the command line, and on the wire for whoever lacks a right."""
    home = house.home
    refused = installation.run("list-keys", home=home, GATEWAY_DATA_DIR=str(home / "other"))
    assert "`linkfox-gateway serve`" in refused.error["hint"]
    assert installation.run("list-keys", "--no", home=home).error["hint"] == "See linkfox-gateway --help."
    words = ("--data-dir", str(house.data_dir))
    twice = installation.run("serve", "--sandbox", *words, home=home)
    assert "stop it with a SIGTERM" in twice.error["hint"]
    assert installation.run("--version", home=home).stdout == f"linkfox-gateway {version()}\n"


def test_what_it_finds_by_itself_names_them_too(installation: Installation, house: House) -> None:
    """A vault of older tables says how to learn what its upgrade does."""
    older = house.home / "older"
    older.mkdir(0o700)
    (older / "vault.db").touch(0o600)
    with closing(sqlite3.connect(older / "vault.db")) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0001');"
            "CREATE TABLE vault_facts (name, value);"
        )
    found = installation.run("check", "--offline", "--data-dir", str(older), home=house.home).good()
    shutil.rmtree(older)
    (database,) = [each for each in found["checks"] if each["name"] == "database"]
    assert "`linkfox-gateway upgrade-check`" in database["remedy"]


def test_the_module_runs_as_the_command_does(installation: Installation, house: House) -> None:
    """`python -m gateway`, in the installed environment."""
    done = subprocess.run(
        installation.command("python", "-m", "gateway", "--version"),
        cwd=house.home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == version()
