"""Any folder, any Python, nothing to write to: the scripts work where they are put."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.fake_gateway import ACCESS, KEY, FakeGateway, tokens
from tests.support.house import ROOT, Finished, clean_environment
from tests.support.interpreters import SUPPORTED, python_of
from tests.support.read_only import make_read_only

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
STORE = ("--seller-id", "A1", "--region", "NA")
NAME = "我的店铺 ☕"
EVERY_PYTHON = "LINKFOX_TEST_EVERY_PYTHON"

Call = Callable[..., Finished]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the project without a `.venv`, at a path with a space and Chinese characters."""
    copy = tmp_path / "my skill 技能"
    copy_bundle(copy)
    return copy


def copy_bundle(copy: Path) -> None:
    """Copy what runs of the project, with what Python keeps of it."""
    for folder in ("scripts", "references", "gateway", "amazon_sandbox"):
        half_written = shutil.ignore_patterns("*.pyc.*")  # by another process, who renames it
        shutil.copytree(ROOT / folder, copy / folder, ignore=half_written, dirs_exist_ok=True)
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, copy)


@pytest.fixture
def stores(gateway: FakeGateway) -> FakeGateway:
    """A gateway with one store, whose name is Chinese."""
    listed = [{"sellerId": "A1", "region": "NA", "sellerName": NAME}]
    gateway.answers["/spApi/authorizedStores"] = (200, {"stores": listed, "total": 1})
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    gateway.answers["/spApi/refreshToken"] = (200, tokens(message="ok"))
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK, "authorizationId": "id-1"})
    gateway.answers["/amazonAds/authorizedStores"] = (
        200,
        {
            "stores": [{"profileId": 7, "accountName": NAME, "countryCode": "US", "authRecordId": 1}],
            "total": 1,
        },
    )
    return gateway


def caller(scripts: Path, environment: dict[str, str], cwd: Path, python: list[str]) -> Call:
    """A function that runs a script of this folder to its end."""

    def call(name: str, *words: str) -> Finished:
        done = subprocess.run(
            [*python, str(scripts / name), *words],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Finished(name, done.returncode, done.stdout, done.stderr)

    return call


def check_the_core(call: Call) -> None:
    """What every Python and every place has to be able to do: the main calls, the masks, the failures."""
    helped = call("store_tokens.py", "--help")
    assert (helped.code, helped.stderr) == (0, "")
    assert call("store_tokens.py").code == 2
    assert call("authorized_stores.py").document["stores"][0]["sellerName"] == NAME
    one = call("store_tokens.py", *STORE)
    assert one.code == 0, one.stdout + one.stderr
    assert one.document["accessToken"] == ACCESS[:10] + "..."
    assert call("store_tokens.py", "--all").document["stores"][0]["ok"] is True
    assert call("refresh_token.py", json.dumps({"sellerId": "A1"})).document["message"] == "ok"
    assert call("authorize_url.py", "--seller-name", NAME).document["authorizeUrl"] == LINK
    assert call("ads_resolve_profile.py", "--site", "美国", "--account", NAME).document["profileId"] == 7
    handed = call(
        "with_token.py",
        *STORE,
        "--",
        sys.executable,
        "-c",
        "import os; print(len(os.environ['AMAZON_ACCESS_TOKEN']))",
    )
    assert (handed.code, handed.stdout.strip()) == (0, str(len(ACCESS)))
    assert call("store_tokens.py", "--seller-id", "A1", "--region", "XX").error["code"] == "bad_arguments"


# Pythons


@pytest.mark.parametrize("minor", SUPPORTED)
def test_every_supported_python_does_the_core(
    minor: str, bundle: Path, stores: FakeGateway, tmp_path: Path
) -> None:
    """With the packages of the Python that runs the tests: what the calls need of them is plain Python."""
    import requests

    packages = str(Path(requests.__file__).parents[1])
    environment = clean_environment(tmp_path, **stores.environment(), PYTHONPATH=packages)
    call = caller(bundle / "scripts", environment, tmp_path, [python_of(minor), "-s"])
    check_the_core(call)


@pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get(EVERY_PYTHON)),
    reason=f"installs packages for every Python: set {EVERY_PYTHON}=1 to have that tried",
)
@pytest.mark.parametrize("minor", SUPPORTED)
def test_every_supported_python_sets_itself_up(
    minor: str, request: pytest.FixtureRequest, stores: FakeGateway, tmp_path: Path
) -> None:
    """The pinned packages install and the scripts continue under them; it is kept for the next run."""
    python = python_of(minor)
    bundle = Path(request.config.cache.mkdir(f"bundle-{minor}"))
    copy_bundle(bundle)
    ensure = "from linkfox_client import venv; venv.ensure('requirements.txt')"
    subprocess.run([python, "-c", ensure], cwd=bundle / "scripts", check=True, timeout=600)
    environment = clean_environment(tmp_path, **stores.environment())
    check_the_core(caller(bundle / "scripts", environment, tmp_path, [python]))


# Locales


@pytest.mark.parametrize(
    "locale",
    [{"PYTHONIOENCODING": "gbk"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=["gbk", "C"],
)
def test_any_locale_does_the_core(locale: dict[str, str], stores: FakeGateway, tmp_path: Path) -> None:
    """Names in Chinese arrive and come back as they are, and a site can be named so."""
    environment = clean_environment(tmp_path, **stores.environment(), **locale)
    check_the_core(caller(ROOT / "scripts", environment, tmp_path, [sys.executable]))
    sent = stores.bodies("/spApi/authorizeUrl")
    assert [body["sellerName"] for body in sent] == [NAME]


# Folders


def test_a_bundle_at_any_path_starts_its_gateway(bundle: Path, tmp_path: Path) -> None:
    """From there the sandbox is started, found by a script, and stopped."""
    home = tmp_path / "家 home"
    home.mkdir()
    call = caller(bundle / "scripts", clean_environment(home), home, [sys.executable])
    started = call("local_gateway.py", "start", "--sandbox", "--port", "0")
    try:
        assert started.code == 0, started.stdout + started.stderr
        listed = call("authorized_stores.py")
        assert (listed.document["total"], listed.document["sandbox"]) == (0, True)
        link = call("authorize_url.py", "--seller-name", NAME)
        assert Path(link.document["file"]).is_relative_to(home)
    finally:
        stopped = call("local_gateway.py", "stop", "--sandbox")
    assert stopped.document["stopped"] is True


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder that cannot be written, and the words before a command that must not either."""
    folder = tmp_path / "read only 只读"
    folder.mkdir()
    yield folder, make_read_only(folder)
    folder.chmod(0o700)


def test_a_home_that_cannot_be_written_will_do(
    read_only: tuple[Path, list[str]], stores: FakeGateway, tmp_path: Path
) -> None:
    """The link is in the document, with why there is no file; a gateway of one's own asks for a folder."""
    home, words = read_only
    environment = clean_environment(home, **stores.environment())
    call = caller(ROOT / "scripts", environment, tmp_path, [*words, sys.executable])
    check_the_core(call)
    link = call("authorize_url.py", "--seller-name", "x").document
    assert (link["authorizeUrl"], link["file"]) == (LINK, None)
    assert "Permission denied" in link["notes"][0]
    gateway = caller(ROOT / "scripts", clean_environment(home), tmp_path, [*words, sys.executable])
    done = gateway("local_gateway.py", "start", "--sandbox", "--port", "0")
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "GATEWAY_DATA_DIR" in done.error["hint"]


def test_a_working_directory_that_cannot_be_written_will_do(
    read_only: tuple[Path, list[str]], stores: FakeGateway, tmp_path: Path
) -> None:
    """Nothing is written there, except what was asked for, which is refused with exit 2 and no token lost."""
    folder, words = read_only
    home = tmp_path / "home"
    home.mkdir()
    environment = clean_environment(home, **stores.environment())
    call = caller(ROOT / "scripts", environment, folder, [*words, sys.executable])
    check_the_core(call)
    done = call("store_tokens.py", *STORE, "--output-file", "token.json")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "Permission denied" in done.error["message"]
    assert list(folder.iterdir()) == []


def test_a_bundle_that_cannot_be_written_will_do(bundle: Path, stores: FakeGateway, tmp_path: Path) -> None:
    """Neither what Python keeps of a module nor anything else has to be written there."""
    for kept in list(bundle.rglob("__pycache__")):
        shutil.rmtree(kept)
    for folder, _, _ in os.walk(bundle):
        words = make_read_only(Path(folder))
    environment = clean_environment(tmp_path, **stores.environment(KEY))
    try:
        check_the_core(caller(bundle / "scripts", environment, tmp_path, [*words, sys.executable]))
        assert not list(bundle.rglob("__pycache__"))
    finally:
        for folder, _, _ in os.walk(bundle):
            Path(folder).chmod(0o700)
