"""An authorization as a script sees it: ask for the link, hand it over, and wait until the person is done.

The self-hosted gateway tells how an attempt stands. On the hosted one only its list can be watched, where a
store that was known before shows no change.
"""

import os
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from linkfox_client.amazon import consent_link
from linkfox_client.cli import output
from linkfox_client.cli.progress import Progress
from linkfox_client.commands import customer, link_delivery, rows
from linkfox_client.errors import ClientError, find_reason, typed
from linkfox_client.gateway import remedies
from linkfox_client.gateway.client import Gateway

STATUS_SECONDS = 2.0
LIST_SECONDS = 15.0  # each look may cost credit, and a person takes minutes
TOLD_EVERY = 30.0


class Flow(NamedTuple):
    """What differs between stores and ads accounts. `identity`: the fields that tell entries apart.

    `named`: the field of the name. `tells_refusals`: Amazon sends the browser back where somebody refuses.
    `renamed_by`: the script that gives another name.
    """

    path: str
    identity: tuple[str, ...]
    script: str
    one: str
    named: str
    tells_refusals: bool
    renamed_by: str

    def key(self, entry: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what identifies an entry of the list."""
        return tuple(str(entry.get(name)) for name in self.identity)


STORES = Flow(
    "/spApi",
    ("sellerId", "region"),
    "authorize_url.py",
    "store",
    named="sellerName",
    tells_refusals=False,
    renamed_by="rename_store.py",
)
ACCOUNTS = Flow(
    "/amazonAds",
    ("authRecordId",),
    "ads_authorize_url.py",
    "account",
    named="accountName",
    tells_refusals=True,
    renamed_by="ads_rename_account.py",
)
# By which flags the scripts take what identifies a store or account.
FLAGS = {"sellerId": "--seller-id", "region": "--region", "authRecordId": "--auth-record-id"}


class Patience(NamedTuple):
    """The clock and the pause of the waiting loop; passed in, so that tests step them."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


REAL = Patience()


def authorize(
    gateway: Gateway,
    flow: Flow,
    body: Mapping[str, Any],
    *,
    again: Mapping[str, Any] | None = None,
    wait: int | None = None,
    open_browser: bool = False,
    environ: Mapping[str, str] = os.environ,
    patience: Patience = REAL,
) -> dict[str, Any]:
    """Ask for a consent link and hand it over; with `wait` (seconds) follow what becomes of it.

    `again` names the known store or account that is to be authorized once more. Returns the document;
    raises ClientError, after the link was made with the link in its `fields`.
    """
    answer = gateway.post(f"{flow.path}/authorizeUrl", body)
    customer.check(body, answer)
    link = consent_link.check_link(answer.get("authorizeUrl"), sandbox=gateway.is_sandbox_here)
    output.notify("The consent link was made.")
    if wait is not None:
        output.notify(link)
    delivery = link_delivery.deliver(link, environ, authorization_id=answer.get("authorizationId"))
    output.notify(delivery.advice())
    document = _with_notes(answer, delivery.facts())
    if open_browser:
        opened = link_delivery.open_in_browser(link, environ, sandbox=gateway.is_sandbox_here)
        notes = {} if opened else {"notes": [link_delivery.NOT_OPENED]}
        document = _with_notes(document, {"opened": opened, **notes})
    if wait is None:
        return document
    try:
        ended = _awaited(gateway, flow, body, document, again, wait, patience)
        # How to hand the link over is of no use any more.
        return _with_notes({**document, "notes": answer.get("notes")}, ended)
    except ClientError as failure:
        failure.fields = document | failure.fields
        raise
    except KeyboardInterrupt:
        raise ClientError(
            "interrupted", "Interrupted while waiting", _how_to_go_on(flow, document), fields=document
        ) from None


def follow(
    gateway: Gateway,
    flow: Flow,
    authorization_id: str,
    wait: int | None,
    *,
    asked: Mapping[str, Any] = MappingProxyType({}),
    patience: Patience = REAL,
) -> dict[str, Any]:
    """Tell how an earlier attempt stands, with `wait` once it is over. Raise ClientError where it failed.

    `asked`: what its link was asked for with, where that is known; a hint can say more then.
    """
    if gateway.is_hosted:
        raise ClientError(
            "bad_arguments",
            "No call is known by which the hosted gateway tells how an attempt stands",
            "Look at the list instead: a new store or account appears there.",
        )
    attempt = {"authorizationId": authorization_id}

    def look() -> dict[str, Any] | None:
        try:
            status = gateway.post(f"{flow.path}/authorizationStatus", attempt)
        except ClientError as failure:
            if failure.code == "not_found":  # the table's hint is about stores and accounts
                made_by = f"`python3 scripts/{flow.script}`"
                failure.hint = f"Take the authorizationId that {made_by} answered, or make a new link."
            raise
        return None if status.get("state") == "pending" else settled(status, attempt, flow, asked)

    ended = _poll(look, wait or 0, STATUS_SECONDS, patience)
    if ended is not None:
        return attempt | ended
    if wait is None:
        pending = {**attempt, "state": "pending", "notes": [_how_to_go_on(flow, attempt)]}
        return pending | ({"sandbox": True} if gateway.sandbox else {})
    raise ClientError(
        "timeout",
        f"The authorization was not finished within {wait} seconds",
        _how_to_go_on(flow, attempt),
        retryable=True,
        fields=attempt | {"state": "pending"},
    )


def _awaited(
    gateway: Gateway,
    flow: Flow,
    body: Mapping[str, Any],
    document: Mapping[str, Any],
    again: Mapping[str, Any] | None,
    wait: int,
    patience: Patience,
) -> dict[str, Any]:
    attempt = document.get("authorizationId")
    if isinstance(attempt, str) and attempt:
        return follow(gateway, flow, attempt, wait, asked=body, patience=patience)
    return _watch_list(gateway, flow, again, wait, patience)


def _watch_list(
    gateway: Gateway, flow: Flow, again: Mapping[str, Any] | None, wait: int, patience: Patience
) -> dict[str, Any]:
    """Wait for an entry that the list did not hold when the link was made."""

    def listed() -> dict[tuple[Any, ...], dict[str, Any]]:
        entries = gateway.post(f"{flow.path}/authorizedStores", {}).get("stores")
        valid = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return {flow.key(entry): entry for entry in valid}

    before = listed()
    if again is not None and flow.key(again) in before:
        raise ClientError(
            "timeout",
            f"This gateway does not show that a known {flow.one} was authorized again: no use waiting",
            "Ask the user when it is done, then get the token to see that it works.",
        )

    def look() -> dict[str, Any] | None:
        new = [entry for key, entry in listed().items() if key not in before]
        return {"state": "authorized", flow.one: rows.authorized(new[0])} if new else None

    found = _poll(look, wait, LIST_SECONDS, patience)
    if found is None:
        raise ClientError(
            "timeout",
            f"No new {flow.one} appeared in the list within {wait} seconds",
            f"Ask the user whether it is done, or was canceled: a refusal is not told, and a {flow.one} that "
            "was known before shows no change in the list.",
            retryable=True,
        )
    return found


def _poll(
    look: Callable[[], dict[str, Any] | None], seconds: float, every: float, patience: Patience
) -> dict[str, Any] | None:
    """Call `look` until it answers something, or `seconds` are over; a passing failure is waited out."""
    deadline = patience.clock() + seconds
    if seconds:
        output.notify(f"Waiting up to {seconds:g} seconds for the consent; Ctrl-C ends it.")
    with Progress(every=TOLD_EVERY, clock=patience.clock) as line:
        while True:
            try:
                found = look()
            except ClientError as failure:
                if not failure.retryable or patience.clock() >= deadline:
                    raise
                found = None
            left = deadline - patience.clock()
            if found is not None or left <= 0:
                return found
            line.show(f"Still waiting, {left:.0f} seconds left.")
            patience.sleep(min(every, left))


def settled(
    status: dict[str, Any],
    attempt: Mapping[str, Any],
    flow: Flow,
    asked: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the fields of an attempt that ended well; raises the failure of any other.

    `asked`: see `follow`.
    """
    row = find_reason(status.get("reason"))
    if status.get("state") == "authorized":
        synced = row or find_reason(status.get("profileSync"))
        notes = [f"{synced.meaning}. {synced.remedy}"] if synced else []
        notes += _known_before(status, flow)
        entry = status.get(flow.one)
        if isinstance(entry, dict):
            shown = rows.authorized(entry)
            notes += shown.pop("notes", [])
            status = status | {flow.one: shown}
        return _with_notes(status, {"notes": notes})
    state = status.get("state")
    code = {"denied": "denied", "expired": "expired"}.get(state if isinstance(state, str) else "")
    kept = ("state", "reason", "sandbox", "expectedSellerId", "gotSellerId", "region", "externalId")
    meaning = row.meaning if row else "The authorization failed"
    expected, got, detail = (status.get(name) for name in ("expectedSellerId", "gotSellerId", "detail"))
    if expected and got:
        meaning += f": {expected} was expected, and {got} signed in"
    elif isinstance(detail, str) and detail:
        meaning += f": {detail}"
    failure = ClientError(
        code or (row.code if row else "authorization_failed"),
        meaning,
        row.remedy if row else "Make a new link and try again.",
        fields={**attempt, **{name: status[name] for name in kept if name in status}},
        reason=row.reason if row else None,
    )
    remedies.fill(failure, f"{flow.path}/authorizationStatus", asked)
    raise failure


def _known_before(status: Mapping[str, Any], flow: Flow) -> list[str]:
    """Return what to tell of a store or account that the list held already, and of others of its name.

    An agent that is not told so believes that there is one more.
    """
    entry = status.get(flow.one)
    entry = entry if isinstance(entry, dict) else {}
    notes = []
    if status.get("alreadyKnown") is True:
        before, now = status.get("previousName"), entry.get(flow.named)
        renamed = f', as "{before}", and is now called "{now}"' if before and now else ""
        notes.append(
            f"This {flow.one} was known before{renamed}: it was authorized again, and none was added. If "
            f"another {flow.one} was meant, its login was not the one used: make a new link and open it in "
            f"the browser in which that {flow.one} is normally run."
        )
        if brought := rows.brought(entry):
            notes.append(
                f"The {flow.one} has the profiles of the login that consented, and no others: {brought}. "
                "Name them to the user: another login than before took away those that it does not manage."
            )
        flags = [word for name in flow.identity for word in (FLAGS[name], entry.get(name))]
        if renamed and None not in flags:
            call = typed(flow.renamed_by, *flags, "--new-name", before)
            notes.append(f"The old name comes back with {call}.")
    if same := status.get("sameName"):
        notes.append(
            f"{same} more in the list have the same name: tell them apart by {' and '.join(flow.identity)}, "
            "or ask the user for another name."
        )
    return notes


def _with_notes(answer: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of both, and the notes of both where there are any."""
    notes = [*(answer.get("notes") or []), *(facts.get("notes") or [])]
    fields = {name: value for name, value in {**answer, **facts}.items() if name != "notes"}
    return fields | ({"notes": notes} if notes else {})


def _how_to_go_on(flow: Flow, document: Mapping[str, Any]) -> str:
    attempt = document.get("authorizationId")
    if not isinstance(attempt, str) or not attempt.replace("-", "").replace("_", "").isalnum():
        return "Look at the list later: a new entry appears there."
    again = f"python3 scripts/{flow.script} --authorization-id {attempt} --wait 60"
    if flow.tells_refusals:
        return f"The link stays good for its 15 minutes; go on waiting with `{again}`."
    return (
        "Amazon does not tell when somebody cancels the authorization of a store: ask the user. If they go "
        f"on, the same link works until its 15 minutes are over; go on waiting with `{again}`."
    )
