"""The main job, run through the project's own scripts: what `quickstart.py` shows.

Each step is a script as a subprocess against a real gateway in sandbox mode, exactly as an agent would
call it. Standard library only, so it runs before anything is installed.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any

from linkfox_client.config import GATEWAY_NAMES, KEY_NAMES
from linkfox_client.local import sandbox_browser
from linkfox_client.paths import BUNDLE

PATIENCE = 120  # seconds for one script
SHOWN = 2  # entries of a list
STORE, ACCOUNT = "Quickstart Store", "Quickstart Account"
# Whatever a person has set for other gateways, keys and applications stays out of the demonstration.
FOREIGN = ("LINKFOX", "GATEWAY_", "SPAPI_", "ADS_", "AMAZON_", "STORE_API_BASE_URL")
# Run under with_token.py: it holds the token in its environment and spends it on one call.
SPENDER = """\
import json, os, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={
    "x-amz-access-token": os.environ["AMAZON_ACCESS_TOKEN"], "User-Agent": "linkfox-quickstart/1"})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(request, timeout=30) as answer:
    participations = json.load(answer)["payload"]
print(json.dumps({"httpStatus": answer.status, "marketplaces": len(participations),
                  "tokenExpiresAt": os.environ["AMAZON_TOKEN_EXPIRES_AT"]}))
"""


class StepFailed(Exception):
    """A step did not do what it should. `document` is what its script printed, where it printed one."""

    def __init__(self, step: str, message: str, document: dict[str, Any] | None = None) -> None:
        super().__init__(f"{step}: {message}")
        self.document = document or {}


@dataclass
class Job:
    """One run: where the gateway lives, the environment of the scripts and what was done so far."""

    notify: Callable[[str], None]
    environment: dict[str, str]
    steps: list[dict[str, Any]] = field(default_factory=list)

    def script(self, step: str, name: str, *arguments: str) -> dict[str, Any]:
        """Run `scripts/NAME`, note the step with its masked document and time, return the document."""
        started = time.monotonic()
        document = self.answer(step, name, *arguments)
        self.record(step, started, document, name)
        return document

    def answer(self, step: str, name: str, *arguments: str) -> dict[str, Any]:
        """Run `scripts/NAME` and return its document. Raise StepFailed."""
        done = subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, str(BUNDLE / "scripts" / name), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
        try:
            document: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise StepFailed(step, f"{name} printed no JSON document (exit code {done.returncode})") from None
        if done.returncode:
            message = (document.get("error") or {}).get("message", f"exit code {done.returncode}")
            raise StepFailed(step, message, document)
        return document

    def record(self, step: str, started: float, result: dict[str, Any], script: str | None = None) -> None:
        """Write a step down and tell it."""
        seconds = round(time.monotonic() - started, 2)
        entry = {"step": step, "script": script, "seconds": seconds, "result": _brief(result)}
        self.steps.append({key: value for key, value in entry.items() if value is not None})
        self.notify(f"  {step}  ({seconds} s)")

    def consent(self, step: str, link: str, choices: dict[str, Any] | None = None) -> None:
        """Fill in the stand-in's consent page as a browser would."""
        started = time.monotonic()
        page = sandbox_browser.give_consent(link, choices)
        if page.status != 200:
            raise StepFailed(step, f"the browser ended on a page with status {page.status}: {page.title}")
        self.record(step, started, {"page": page.title, "httpStatus": page.status})


def run(*, keep: bool, notify: Callable[[str], None]) -> dict[str, Any]:
    """Do the main job once for a store and once for an ads account; return the steps.

    With `keep` the gateway stays, in the default sandbox data folder, where all scripts find it;
    without, it is stopped and everything it wrote is removed. Raise StepFailed, also for a consent
    page that could not be answered.
    """
    with _place(keep) as environment:
        job = Job(notify, environment)
        gateway = job.script("start the gateway", "local_gateway.py", "start", "--sandbox", "--port", "0")
        try:
            _use(job, gateway)
            _store(job, gateway)
            _ads(job)
        except (OSError, LookupError, sandbox_browser.NotTheSandbox) as problem:
            raise StepFailed("answer the consent page", str(problem)[:300]) from problem
        finally:
            if not keep:
                job.script("stop the gateway", "local_gateway.py", "stop", "--sandbox")
        answer: dict[str, Any] = {"kept": keep, "steps": job.steps}
        if keep:
            answer["gateway"] = {key: gateway[key] for key in ("url", "dataDir", "sandboxUrl")}
            answer["stopWith"] = "python3 scripts/local_gateway.py stop --sandbox"
            notify(f"The gateway goes on running at {gateway['url']}; stop it with: {answer['stopWith']}")
            note = _used_instead(job, gateway["dataDir"])
            if note:
                notify(note)
                answer["notes"] = [note]
        return answer


def _used_instead(job: Job, data_dir: str) -> str:
    """Return what to tell a person whose scripts will not find the gateway kept in `data_dir`; else empty."""
    variable = next((name for name in (*GATEWAY_NAMES, *KEY_NAMES) if os.environ.get(name)), None)
    if variable is not None:
        return f"{variable} is set and goes first: unset it for the scripts to use this gateway."
    job.environment = {**os.environ}  # the person's own settings, which the job was kept away from
    try:
        found = job.answer("see which gateway the scripts use", "local_gateway.py", "status")["dataDir"]
    except StepFailed as problem:
        return f"The scripts will not find this gateway. {problem}"
    if found == data_dir:
        return ""
    return (
        f"The scripts use the gateway in {found}; set GATEWAY_DATA_DIR={data_dir} for them to use this one."
    )


def _use(job: Job, gateway: dict[str, Any]) -> None:
    """Make the scripts use this gateway by their environment, so that no `.env` file leads them elsewhere."""
    key = (Path(gateway["dataDir"]) / "owner.key").read_text(encoding="utf-8").strip()
    job.environment |= {"LINKFOX_TOOL_GATEWAY": gateway["url"], "LINKFOX_AGENT_API_KEY": key}


def _store(job: Job, gateway: dict[str, Any]) -> None:
    link = job.script("ask for a store's link", "authorize_url.py", "--seller-name", STORE, "--region", "NA")
    job.consent("consent as the seller", link["authorizeUrl"])
    followed = job.script(
        "see the store authorized",
        "authorize_url.py",
        "--authorization-id",
        link["authorizationId"],
        "--wait",
        "30",
    )
    job.script("list the stores", "authorized_stores.py")
    which = ["--seller-id", followed["store"]["sellerId"], "--region", followed["store"]["region"]]
    job.script("get the store's token", "store_tokens.py", *which)
    job.script("refresh the store's token", "refresh_token.py", *which)
    target = f"{gateway['sandboxUrl']}/sellingpartnerapi-na.amazon.com/sellers/v1/marketplaceParticipations"
    command = ["--", sys.executable, "-c", SPENDER, target]
    job.script("run a command with the token", "with_token.py", *which, *command)


def _ads(job: Job) -> None:
    link = job.script(
        "ask for an ads account's link", "ads_authorize_url.py", "--account-name", ACCOUNT, "--region", "NA"
    )
    job.consent("consent as the advertiser", link["authorizeUrl"])
    follow = ["--authorization-id", link["authorizationId"], "--wait", "30"]
    job.script("see the account authorized", "ads_authorize_url.py", *follow)
    job.script("list the ads accounts", "ads_authorized_stores.py")
    job.script("list the profiles", "ads_profiles.py")
    profile = job.script(
        "resolve the US site's profile", "ads_resolve_profile.py", "--site", "US", "--account", ACCOUNT
    )
    which = ["--profile-id", str(profile["profileId"])]
    job.script("get the account's token", "ads_store_tokens.py", *which)
    job.script("refresh the account's token", "ads_refresh_token.py", *which)


def _brief(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result with its lists cut to two entries.

    The whole document has to fit an agent's window.
    """
    brief: dict[str, Any] = {}
    for name, value in result.items():
        if isinstance(value, dict):
            brief[name] = _brief(value)
        elif isinstance(value, list) and len(value) > SHOWN:
            brief |= {name: value[:SHOWN], f"{name}NotShown": len(value) - SHOWN}
        else:
            brief[name] = value
    return brief


@contextlib.contextmanager
def _place(keep: bool) -> Iterator[dict[str, str]]:
    """Return the scripts' environment.

    With `keep` the person's own home, else a temporary one that is removed.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    if keep:
        yield environment
        return
    folder = Path(tempfile.mkdtemp(prefix="linkfox-quickstart-"))
    try:
        # With its own home and its own key file, neither the person's keyring nor their cache is touched.
        (folder / "home").mkdir(mode=0o700)
        key_file = folder / "master.key"
        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b64encode(token_bytes(32)))
        environment |= {
            "HOME": str(folder / "home"),
            "USERPROFILE": str(folder / "home"),
            "GATEWAY_DATA_DIR": str(folder / "gateway"),
            "GATEWAY_MASTER_KEY_FILE": str(key_file),
        }
        yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)
