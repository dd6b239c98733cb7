"""Each adapter with its real library, at two versions, beside a gateway and the stand-in Amazon."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.libraries.conftest import SECRET, Setting, python_with_libraries
from tests.support.client_program import PROGRAMS, ClientProgram, Failed, client_program
from tests.support.fake_gateway import fake_gateway
from tests.support.house import PATIENCE, ROOT
from tests.support.internet import GATEWAY

ADAPTERS = ROOT / "adapters"
# The adapter and the program that uses it.
LIBRARIES = {
    "python-amazon-sp-api": ("python_amazon_sp_api", "selling_partner.py"),
    "python-amazon-sp-api, asyncio": ("python_amazon_sp_api", "selling_partner_async.py"),
    "python-amazon-ad-api": ("python_amazon_ad_api", "advertising.py"),
    "amzn-sp-api": ("amzn_sp_api", "amazon_sdk.py"),
}
NEWEST = [(library, "newest") for library in LIBRARIES]
# The older python-amazon-sp-api has no asynchronous clients.
ALL = NEWEST + [(library, "older") for library in LIBRARIES if "asyncio" not in library]
MARK = "# --- the gateway: these lines are the same in each adapter"


@dataclass
class Case:
    """A program that uses a library with its adapter, and whose tokens it works with."""

    library: str
    python: Path
    setting: Setting
    whose: dict[str, str]

    @contextmanager
    def program(self) -> Iterator[ClientProgram]:
        """Run it beside a copy of its adapter alone, as that lies in somebody's project."""
        adapter, program = LIBRARIES[self.library]
        project = self.setting.folder / "project"
        project.mkdir(exist_ok=True)
        shutil.copy(ADAPTERS / f"{adapter}.py", project)
        environment = self.setting.environment(PYTHONPATH=str(project))
        folder = self.setting.folder
        with client_program(
            self.python, PROGRAMS / program, "adapter", environment=environment, folder=folder
        ) as running:
            yield running

    def logged(self) -> str:
        """Return what the program and its library logged."""
        return "".join(file.read_text(errors="replace") for file in self.setting.folder.glob("*.log"))


@pytest.fixture
def case(request: pytest.FixtureRequest, setting: Setting) -> Case:
    """A library at one version, with a store or an account whose token is about to end."""
    library, versions = request.param
    whose = setting.import_for(library)
    return Case(library, python_with_libraries(versions), setting, whose)


def ids(value: tuple[str, str]) -> str:
    """Name a case."""
    return ", ".join(value)


@pytest.mark.parametrize("case", ALL, ids=ids, indirect=True)
def test_one_refresh_serves_all_until_amazon_refuses_the_token(case: Case) -> None:
    """Twenty threads or tasks, a report, a while without the gateway.

    Then the token ends early, and then the authorization.
    """
    amazon = case.setting.amazon
    with case.program() as program:
        assert all(program.do("twenty"))
        assert program.do("read")
        assert program.do("report")
        goes_on_while_the_gateway_is_away(case, program)
        assert len(amazon.refreshes()) == 1
        amazon.control("expire", case.whose)
        assert "US" in program.do("listed")
        assert len(amazon.refreshes()) == 2
        amazon.control("revoke", case.whose)
        with pytest.raises(Failed) as failure:
            program.do("listed")
        assert failure.value.kind in ("AuthorizationError", "LwaException")
        assert failure.value.code == "invalid_grant"
        assert "Authorize again: http" in failure.value.told
        assert not SECRET.search(program.do("shown") + failure.value.told)
    assert not SECRET.search(case.logged())
    # The gateway is in sandbox mode: what has its tokens calls the stand-in where that is, and not Amazon.
    assert {host for host, _ in case.setting.net.answered} == {GATEWAY}


def goes_on_while_the_gateway_is_away(case: Case, program: ClientProgram) -> None:
    """What has a token works; who begins meanwhile is told so, and has one when the gateway is back."""
    assert program.do("listed")
    case.setting.gateway.kill()
    assert program.do("listed")
    with case.program() as meanwhile:
        with pytest.raises(Failed) as failure:
            meanwhile.do("listed")
        assert failure.value.code == "temporarily_unavailable"
        assert "https://gateway.example does not answer" in failure.value.told
        case.setting.restart()
        assert meanwhile.do("listed")


PROBLEMS = """
import json, sys
from python_amazon_sp_api import GatewayTokens
told = []
for given in json.loads(sys.argv[1]):
    try:
        told.append(GatewayTokens("A1", "NA", **given).get_auth().access_token)
    except Exception as problem:
        told.append([type(problem).__name__, problem.error_code, problem.message])
print(json.dumps(told))
"""


def tell(given: list[dict[str, str]], **environment: str) -> list[list[str]]:
    """Make tokens of python-amazon-sp-api's with these arguments; return what each ended with."""
    done = subprocess.run(
        [str(python_with_libraries("newest")), "-c", PROBLEMS, json.dumps(given)],
        env={"PYTHONPATH": str(ADAPTERS), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_set_wrong_is_said_before_a_key_is_sent() -> None:
    """Each in the library's own exception, with what to do."""
    given = [
        {},
        {"gateway": "https://gateway.example"},
        {"gateway": "http://gateway.example", "key": "a-key"},
        {"gateway": "https://tool-gateway.linkfox.com", "key": "lfx_local_key"},
        {"gateway": "https://gateway.example", "key": "a-key\nwith a line"},
    ]
    assert tell(given) == [
        ["AuthorizationError", "invalid_client", "Set LINKFOX_AGENT_API_KEY to an API key of the gateway."],
        ["AuthorizationError", "invalid_request", "Give key and gateway together, or neither."],
        [
            "AuthorizationError",
            "invalid_request",
            "The gateway's address has to begin with https://, or with http:// on this machine.",
        ],
        [
            "AuthorizationError",
            "invalid_client",
            "This key is of a gateway of your own: set LINKFOX_TOOL_GATEWAY to its address.",
        ],
        ["AuthorizationError", "invalid_client", "Set LINKFOX_AGENT_API_KEY to an API key of the gateway."],
    ]


def test_the_hosted_gateway_and_what_is_none_are_understood() -> None:
    """A token without an end, a refusal within a 200, a page, a redirect."""
    answers = [
        (200, {"errcode": 200, "accessToken": "Atza|one", "expiresIn": "3600"}),
        (200, {"errcode": 1003, "errmsg": "授权失败"}),
        (401, {"errcode": 401, "errmsg": "no such key", "reason": "unauthorized", "hint": "Log in again."}),
        (502, b"<html>"),
        (200, ["no", "answer"]),
    ]
    with fake_gateway() as gateway:
        gateway.answers["*"] = list(answers)
        environment = {"LINKFOX_TOOL_GATEWAY": gateway.url, "LINKFOX_AGENT_API_KEY": "a-key"}
        told = tell([{}] * len(answers), **environment)
    kind = "AuthorizationError"
    odd = f"{gateway.url} answers {{}} and not as a gateway does: check LINKFOX_TOOL_GATEWAY."
    assert told == [
        "Atza|one",
        [kind, "invalid_request", "授权失败"],
        [kind, "invalid_client", "no such key (unauthorized) Log in again."],
        [kind, "temporarily_unavailable", odd.format(502)],
        [kind, "invalid_request", odd.format(200)],
    ]


def test_each_adapter_has_the_same_lines_for_the_gateway() -> None:
    """They are copied one at a time, so each has its own."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(ADAPTERS.glob("*.py"))]
    assert len(texts) == 3
    assert all(text.count(MARK) == 1 for text in texts)
    assert len({text.partition(MARK)[2] for text in texts}) == 1


@pytest.mark.parametrize("path", sorted(ADAPTERS.glob("*.py")), ids=lambda path: path.stem)
def test_an_adapter_names_the_versions_that_it_is_tested_with(path: Path) -> None:
    """Those that are pinned for the tests."""
    library = path.stem.replace("_", "-")
    pinned = [
        re.search(
            rf"^{library}==(\S+)", (Path(__file__).parent / f"requirements-{which}.txt").read_text(), re.M
        )
        for which in ("newest", "older")
    ]
    versions = " and ".join(found[1] for found in pinned if found)
    assert f"(tested with {versions})" in path.read_text(encoding="utf-8")
