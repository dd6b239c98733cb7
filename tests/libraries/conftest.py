"""What tests of client libraries share: interpreters, a gateway with a store or an account, an internet."""

import contextlib
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm_python
from tests.support.gateway_process import DRIVER, Place, Process, a_place
from tests.support.gateway_server import Amazon
from tests.support.house import PATIENCE, ROOT, clean_environment
from tests.support.installed import node_packages, or_skip, python_environment
from tests.support.internet import GATEWAY, Internet, internet
from tests.support.markdown import code

SELLER, REGION, ADVERTISER = "A1SANDBOXNA001", "NA", "SANDBOX_BRANDS"
SECRET = re.compile(r"Atz[ar]\||lfx_local_|lfxp_")
PAGE = ROOT / "references" / "building.md"
NAMED = "gateway.example.com"  # in the page
# A library's own logs may show the stand-in token, which is worth nothing elsewhere.
NEVER_SHOWN = re.compile(r"Atz[ar]\||lfx_local_")
HANDLE = f"proxy:store:{SELLER}:{REGION}"
NEARLY_AN_HOUR = 3400  # seconds, so that less is left of a token than any way wants


def python_with_libraries(versions: str) -> Path:
    """Return an interpreter with the `newest` or `older` Python libraries; skip where they cannot be had."""
    with or_skip():
        pinned = Path(__file__).parent / f"requirements-{versions}.txt"
        return python_environment(ROOT / f".libraries-{versions}", pinned)


def node_folder() -> Path:
    """Return a folder in which node finds the libraries of npm; skip where they cannot be had."""
    with or_skip():
        return node_packages(ROOT / ".libraries-node", Path(__file__).parent / "node")


@dataclass
class Setting:
    """A gateway with a store and an ads account whose tokens are about to end, and how programs reach it."""

    amazon: Amazon
    place: Place
    gateway: Process
    net: Internet
    folder: Path
    profile_id: int = 0
    account_id: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        """What a program is started with that knows the gateway, its key and what it works for."""
        return clean_environment(
            self.folder,
            SELLER=SELLER,
            REGION=REGION,
            PROFILE=str(self.profile_id),
            ACCOUNT=str(self.account_id),
            KEY=self.gateway.key,
            CLIENT_ID=self.amazon.ads["clientId"],
            AMAZON=f"{self.amazon.url}/sellingpartnerapi-na.amazon.com",
            LINKFOX_AGENT_API_KEY=self.gateway.key,
            LINKFOX_TOOL_GATEWAY=f"https://{GATEWAY}",
            DOOR=self.net.plain,
            NO_PROXY="127.0.0.1",
            **self.net.environment,
            **more,
        )

    def key_with(self, rights: str) -> str:
        """Make the gateway's owner another key with these rights; return it."""
        file = self.folder / "another.key"
        done = warm_python.run(
            warm_python.GATEWAY, DRIVER, "add-user", "owner", "--rights", rights, "--key-file", str(file),
            environment=self.place.environment(), folder=self.folder, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return file.read_text(encoding="utf-8").strip()

    def import_for(self, library: str) -> dict[str, str]:
        """Take over what programs of a library work for; return whose it is, as the stand-in says it."""
        if library == "python-amazon-ad-api":
            self.import_account()
            return {"advertiserId": ADVERTISER}
        self.import_store()
        return {"sellerId": SELLER, "region": REGION}

    def import_store(self) -> None:
        """Take over a store whose first access token is nearly an hour old."""
        self._import({"sellerId": SELLER, "region": REGION}, "/spApi/importStore", sellerName="店铺 A")

    def import_account(self) -> None:
        """Take over an ads account, likewise."""
        wanted = {"advertiserId": ADVERTISER}
        account = self._import(wanted, "/amazonAds/importAccount", accountName="账户 A", region="NA")
        self.account_id = account["authRecordId"]
        self.profile_id = next(
            each["profileId"] for each in account["profiles"] if each["countryCode"] == "US"
        )

    def _import(self, whose: dict[str, str], path: str, **more: str) -> dict[str, Any]:
        (granted,) = self.amazon.control("grants", [whose])["grants"]
        known = {name: value for name, value in whose.items() if path.startswith("/spApi")}
        body = {**known, **more, "refreshToken": granted["refreshToken"]}
        answer = self.gateway.good(path, body)
        self.age_tokens()
        self.amazon.control("ledger/reset", {})
        return answer

    def age_tokens(self) -> None:
        """Let nearly an hour pass for the tokens that the gateway holds."""
        with contextlib.closing(sqlite3.connect(self.place.database, timeout=30)) as vault, vault:
            for moment in ("access_expires_at", "refreshed_at"):
                vault.execute(f"UPDATE grants SET {moment} = {moment} - ?", [NEARLY_AN_HOUR])

    def restart(self) -> None:
        """Start the gateway again, at another address."""
        self.gateway = self.place.start()
        self.net.gateway = self.gateway.url


@pytest.fixture
def setting(amazon: Amazon, tmp_path: Path) -> Iterator[Setting]:
    """A gateway with nothing in it."""
    with (
        a_place(amazon, tmp_path / "place", GATEWAY_PUBLIC_URL=f"https://{GATEWAY}") as place,
        internet(tmp_path, amazon.url, "") as net,
    ):
        made = Setting(amazon, place, place.start(), net, tmp_path)
        net.gateway = made.gateway.url
        amazon.control("settings", {"participationsQuota": None})  # so that twenty may list at once
        yield made


def shown(heading: str, language: str, words: str) -> str:
    """Return the one block of a section of references/building.md that has these words."""
    (text,) = [text for text in code(PAGE, heading, language) if words in text]
    return text


def filled(text: str, setting: Setting, origin: str) -> str:
    """Return a block with this gateway's address and store in place of the page's."""
    text = text.replace(f"https://{NAMED}", origin).replace(NAMED, GATEWAY)
    return text.replace("SELLER_ID", SELLER).replace("${GATEWAY_KEY}", setting.gateway.key)


def environment(setting: Setting, **more: str) -> dict[str, str]:
    """What references/building.md says that libraries read."""
    known = {
        "SP_API_REFRESH_TOKEN": HANDLE,
        "LWA_APP_ID": "-",
        "LWA_CLIENT_SECRET": setting.gateway.key,
        "AD_API_REFRESH_TOKEN": f"proxy:profile:{setting.profile_id}",
        "AD_API_PROFILE_ID": str(setting.profile_id),
        "AD_API_CLIENT_ID": "-",
        "AD_API_CLIENT_SECRET": setting.gateway.key,
    }
    return setting.environment(**{**known, **more})


def finished(
    setting: Setting, *command: str | Path, folder: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with what libraries read to its end, which must be a good one."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder or setting.folder,
        env=environment(setting, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def shows(done: subprocess.CompletedProcess[str], told: tuple[str, ...]) -> None:
    """Check what a program said: what it is to say, and no token of Amazon's."""
    said = done.stdout + done.stderr
    assert [words for words in told if words not in said] == [], said
    assert not NEVER_SHOWN.search(said)


def asked(setting: Setting) -> list[str]:
    """Return what Amazon was asked for, all of which it answered well."""
    calls = [call for call in setting.amazon.calls() if call["token"] and not call["grantType"]]
    assert all(200 <= call["status"] < 300 for call in calls), calls
    return [f"{call['method']} {call['path']}" for call in calls]
