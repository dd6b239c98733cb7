"""Client libraries as they are, which change two addresses: the token's, and Amazon's API's.

`door`: they get Amazon's own token for a handle and call Amazon. `proxy`: they get a stand-in token and call
Amazon's API at the gateway's address, and no token of Amazon's leaves it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.libraries.conftest import REGION, SECRET, SELLER, Setting, python_with_libraries
from tests.support.client_program import PROGRAMS, ClientProgram, Failed, client_program
from tests.support.internet import GATEWAY

LIBRARIES = {
    "python-amazon-sp-api": "selling_partner.py",
    "python-amazon-sp-api, asyncio": "selling_partner_async.py",
    "python-amazon-ad-api": "advertising.py",
    "amzn-sp-api": "amazon_sdk.py",
}
NEWEST = [(library, "newest", way) for way in ("door", "proxy") for library in LIBRARIES]
# The older python-amazon-sp-api has no asynchronous clients.
ALL = NEWEST + [(library, "older", "door") for library in LIBRARIES if "asyncio" not in library]
LINK = re.compile(r"https?://\S+redirect_uri=https%3A")


@dataclass
class Case:
    """A program that uses a library one way, and whose tokens it works with."""

    library: str
    python: Path
    way: str
    setting: Setting
    whose: dict[str, str]

    @contextmanager
    def program(self) -> Iterator[ClientProgram]:
        """Run it, without any line of ours."""
        environment, folder = self.setting.environment(), self.setting.folder
        command = (self.python, PROGRAMS / LIBRARIES[self.library], self.way)
        with client_program(*command, environment=environment, folder=folder) as running:
            yield running

    def refresh_elsewhere(self) -> None:
        """Refresh the tokens as another program would."""
        if self.library == "python-amazon-ad-api":
            self.setting.gateway.good("/amazonAds/refreshToken", {"profileId": self.setting.profile_id})
        else:
            self.setting.gateway.good("/spApi/refreshToken", {"sellerId": SELLER, "region": REGION})


@pytest.fixture
def case(request: pytest.FixtureRequest, setting: Setting) -> Case:
    """A library at one version, with a store or an account whose token is nearly an hour old."""
    library, versions, way = request.param
    whose = setting.import_for(library)
    return Case(library, python_with_libraries(versions), way, setting, whose)


def ids(value: tuple[str, ...]) -> str:
    """Name a case."""
    return ", ".join(value)


@pytest.mark.parametrize("case", ALL, ids=ids, indirect=True)
def test_a_library_lists_reads_and_downloads_a_report(case: Case) -> None:
    """Also after others refreshed the tokens, and after a restart; then it says that access has ended."""
    amazon, setting = case.setting.amazon, case.setting
    with case.program() as program:
        assert "US" in program.do("listed")
        # The libraries take a token to live for 3,200 seconds; the gateway's own calls want less.
        assert len(amazon.refreshes()) == (1 if case.way == "door" else 0)
        case.refresh_elsewhere()
        setting.gateway.kill()
        if case.way == "door":
            assert program.do("read")
        else:
            with pytest.raises(Failed, match="onnect"):
                program.do("read")
        setting.restart()
        assert program.do("report")
    # A stand-in token is good at the gateway alone, where all calls go then.
    hosts = {host for host, _ in setting.net.answered}
    assert case.way == "door" or hosts <= {GATEWAY}
    assert case.way == "door" or not any(b"Atza|" in content for _, content in setting.net.answered)
    setting.age_tokens()
    says_that_access_has_ended(case)


def says_that_access_has_ended(case: Case) -> None:
    """It is told with the link that gives it again, for one refresh however often it tries."""
    amazon = case.setting.amazon
    amazon.control("ledger/reset", {})
    amazon.control("revoke", case.whose)
    with case.program() as program, pytest.raises(Failed) as failure:
        program.do("listed")
    assert len(amazon.refreshes()) == 1
    if (case.library, case.way) == ("amzn-sp-api", "door"):
        # It passes on no word of what a token endpoint says.
        assert "Token request failed" in failure.value.told
    else:
        assert LINK.search(failure.value.told)
    assert not SECRET.search(failure.value.told)
