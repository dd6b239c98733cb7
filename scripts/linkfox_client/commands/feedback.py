"""Feedback: scrubbed, shown, and sent to the makers of the hosted service, or kept in a file of the user's.

Nothing here raises because of the network or the disk: feedback is never what a caller's work fails at.
"""

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client import config
from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.local import gateway_folder
from linkfox_client.paths import data_folder
from linkfox_client.private_files import UnsafePlace, check_folder
from linkfox_client.secrets.scrubbing import scrub, took_secrets
from linkfox_client.secrets.secret import Secret

ENDPOINT = "https://skill-api.linkfox.com/api/v1/public/feedback"
SKILL = "linkfox-amazon-auth"
SECONDS = 3.0
TAKEN_OUT = "What names an account or a person was taken out of the text."
SECRETS_TAKEN_OUT = (
    "Parts of the text were taken out that look like a key or token; replace it if it was one, since others "
    "may have seen it."
)


def give(options: SimpleNamespace, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Do what the options say; return the document's fields, `feedback` being what was sent or would be."""
    content = scrub(options.content, _known_keys(environ))
    entry = {
        "skillName": SKILL,
        "sentiment": options.sentiment,
        "category": options.category,
        "content": content,
    }
    document: dict[str, Any] = {"feedback": entry}
    if content != options.content:
        secret = took_secrets(options.content, content)
        document["notes"] = [SECRETS_TAKEN_OUT if secret else TAKEN_OUT]
    try:
        if _is_off(environ):
            return document | {"sent": False, "reason": "LINKFOX_FEEDBACK is off"}
        hosted = _goes_to_the_hosted_service(environ)
        to = ENDPOINT if hosted else str(_file())
        if options.dry_run:
            return document | {"sent": False, "dryRun": True, "to": to}
        if not hosted:
            _append(entry)
            return document | {"sent": False, "written": True, "to": to}
        reason = _send(entry)
    except ClientError as problem:
        return document | {"sent": False, "reason": problem.message}
    except Exception as problem:  # whatever it is, it is not the caller's
        return document | {"sent": False, "reason": _in_words(problem)}
    if reason is not None:
        return document | {"sent": False, "to": to, "reason": reason}
    return document | {"sent": True, "to": to}


def _known_keys(environ: Mapping[str, str]) -> list[str]:
    try:
        found = [place.first([name]) for place in config.places(environ) for name in config.KEY_NAMES]
    except ClientError:  # a settings file that cannot be read
        found = []
    return [pair[1] for pair in found if pair is not None]


def _is_off(environ: Mapping[str, str]) -> bool:
    value = config.read(environ, [config.FEEDBACK_NAME]).get(config.FEEDBACK_NAME, "")
    return value.lower() in ("off", "0", "false", "no")


def _goes_to_the_hosted_service(environ: Mapping[str, str]) -> bool:
    """Tell whether the hosted gateway is used: what happens in one's own is nobody else's business."""
    named = settings.named_gateway(environ)
    if named is not None:
        return settings.Settings(named[0], Secret(""), "", "").is_hosted
    if any(place.first(config.KEY_NAMES) for place in config.places(environ)):
        return True
    return gateway_folder.locate(gateway_folder.read_settings(environ)) is None


def _send(entry: Mapping[str, str]) -> str | None:
    """Post the entry, for at most three seconds in all; return why it was not taken, or None."""
    outcome: list[str | None] = []

    def post() -> None:
        try:
            outcome.append(_post(entry))
        except Exception as problem:
            outcome.append(_in_words(problem))

    # A thread, since looking up a name has no time limit of its own.
    sender = threading.Thread(target=post, name="feedback", daemon=True)
    sender.start()
    sender.join(SECONDS)
    return outcome[0] if outcome else f"no answer within {SECONDS:g} seconds"


def _post(entry: Mapping[str, str]) -> str | None:
    import requests

    with requests.Session() as session:
        session.auth = lambda request: request  # no key, and none out of .netrc either
        with session.post(
            ENDPOINT, json=dict(entry), timeout=SECONDS, allow_redirects=False, stream=True
        ) as answer:
            return None if answer.status_code // 100 == 2 else f"HTTP {answer.status_code}"


def _append(entry: Mapping[str, str]) -> None:
    """Add the entry as a line to the user's own file (0600). Raise OSError, UnsafePlace."""
    path = _file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_folder(path.parent)
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **entry}, ensure_ascii=False)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "ab") as file:
        file.write(line.encode() + b"\n")


def _file() -> Path:
    return data_folder() / "feedback.jsonl"


def _in_words(problem: Exception) -> str:
    if isinstance(problem, UnsafePlace):
        return str(problem)
    # What libraries say may hold addresses with passwords of proxies; the kind of failure is enough.
    return getattr(problem, "strerror", None) or type(problem).__name__
