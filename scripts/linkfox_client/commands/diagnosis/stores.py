"""The state of each store and ads account that the key may see."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from linkfox_client.amazon.profiles import REFRESH
from linkfox_client.amazon.sites import find_site
from linkfox_client.commands import amazon_call, choice, rows
from linkfox_client.commands.amazon_call import Call
from linkfox_client.commands.diagnosis.finding import Finding, Patient, failed, ok, warning
from linkfox_client.commands.lists import entries, whole
from linkfox_client.errors import ClientError, find_reason
from linkfox_client.gateway import remedies
from linkfox_client.text import cleaned

# Of the lines on stores, and of those on ads accounts: the document holds both and what was checked before.
MOST_CHARACTERS = 6_500
WARN_DAYS = 30
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
GOOD = (
    "Token and region are good: a 403 for another call is about its path, its role or data of buyers "
    "(references/permissions.md)."
)
# What a failed try tells beside its message, and causes that other calls need not have.
TOLD = ("cause", "httpStatus")
OF_THIS_CALL = ("role_missing", "role_or_region")
ORDER = ("failed", "warning", "ok")


def stores(patient: Patient) -> Iterator[Finding]:
    """Yield one line for each store, those with a problem first."""
    try:
        answer = _listed(patient, "/spApi/authorizedStores")
        if answer is not None:
            hosted = patient.pair is not None and patient.pair.is_hosted
            found = [_of_store(entry, hosted) for entry in entries(answer)]
            yield from _bounded("stores", found, answer.get("notes"))
    except ClientError as problem:
        yield failed("stores", problem)


def ads_accounts(patient: Patient) -> Iterator[Finding]:
    """Yield one line for each ads account, whose profiles share its state."""
    try:
        answer = _listed(patient, "/amazonAds/authorizedStores")
        if answer is None:
            return
        incomplete = answer.get("incompleteAccounts") or []
        listed = [*entries(answer), *(answer.get("accountsWithoutProfiles") or []), *incomplete]
        covered = answer.get("coveredAccounts") or []
    except ClientError as problem:
        yield failed("ads accounts", problem)
        return
    accounts: dict[object, Mapping[str, Any]] = {}
    for entry in listed:
        accounts.setdefault(entry.get("authRecordId"), entry)
    unread = {entry.get("authRecordId"): entry.get("unreadRegions") or () for entry in incomplete}
    found = [_of_account(entry, unread.get(number, ())) for number, entry in accounts.items()]
    found += [_of_covered(entry) for entry in covered if entry.get("authRecordId") not in accounts]
    yield from _bounded("ads accounts", found, answer.get("notes"))


def tried(patient: Patient) -> Iterator[Finding]:
    """Call Amazon for the store that was named, which shows what its token may do.

    The call lists the seller's sites. Where only its own role is missing, other calls may work.
    """
    checked, pair = patient.checked, patient.pair
    if patient.wanted is None or pair is None or checked is None or checked.answer is None:
        return
    from linkfox_client.gateway.client import Gateway

    name, which = "store's call", {}
    try:
        with Gateway(pair, environ=patient.environ) as gateway:
            target = amazon_call.target(gateway, choice.store(gateway, patient.wanted))
            which = dict(target.fields)
            name = f"store's call ({target.fields['sellerId']}, {target.fields['region']})"
            answer = amazon_call.make(gateway, target, Call("GET", PARTICIPATIONS))
    except ClientError as problem:
        told = {name: value for name, value in problem.fields.items() if name in TOLD}
        if problem.code == "needs_reauthorization" and problem.reason:
            # Its own hint speaks of the answer's link, which is no part of a diagnosis.
            problem.hint = remedies.remedy_of(problem.reason, "/spApi", which, hosted=pair.is_hosted)
        state = "warning" if told.get("cause") in OF_THIS_CALL or problem.code == "throttled" else "failed"
        yield Finding(name, state, problem.message, problem.hint, problem.code, told)
        return
    yield ok(name, f"Amazon answered for {_sites(answer)}. {GOOD}")


def _sites(answer: Mapping[str, Any]) -> str:
    """Return the codes of the sites where the seller takes part; Amazon lists all of the region."""
    try:
        listed = {
            _code(each["marketplace"])
            for each in answer["body"]["payload"]
            if (each.get("participation") or {}).get("isParticipating") is not False
        }
    except (AttributeError, KeyError, TypeError):
        return "the store, in a form that is not known"
    return cleaned(", ".join(sorted(listed))) or "no site"


def _code(marketplace: Mapping[str, Any]) -> str:
    """Return the code of a site as the lists have it: Amazon says GB where they say UK."""
    site = find_site(str(marketplace.get("id")))
    return site.code if site else str(marketplace["countryCode"])


def _listed(patient: Patient, path: str) -> dict[str, Any] | None:
    """Return what the gateway lists there; None where it did not take the key. Raise ClientError."""
    if patient.checked is None or patient.checked.answer is None or patient.pair is None:
        return None
    from linkfox_client.gateway.client import Gateway
    from linkfox_client.gateway.key_check import SECONDS

    with Gateway(patient.pair, environ=patient.environ, timeouts=SECONDS) as gateway:
        return whole(gateway, path)


def _of_store(entry: Mapping[str, Any], hosted: bool) -> Finding:
    name = f"store {_said(entry, 'sellerName')} ({_said(entry, 'sellerId')}, {_said(entry, 'region')})"
    again = remedies.remedy_of("store_revoked", "/spApi", entry, hosted=hosted)
    return _of(name, entry, again)


def _of_account(entry: Mapping[str, Any], unread: Sequence[object]) -> Finding:
    """Return the state of an account. `unread`: the regions whose profiles Amazon has not answered for."""
    name = f"ads account {_said(entry, 'accountName')}"
    again = remedies.remedy_of("store_revoked", "/amazonAds", entry)
    found = _of(name, entry, again)
    if found.state != "ok":
        return found
    if unread:
        regions = ", ".join(cleaned(region) for region in unread)
        remedy = f"Run {REFRESH}; authorize nothing for that."
        return warning(name, f"{found.detail}, profiles of {regions} not read yet", remedy)
    row = find_reason("profile_sync_failed") if entry.get("profileId") is None else None
    return warning(name, row.meaning, row.remedy) if row is not None else found


def _of_covered(entry: Mapping[str, Any]) -> Finding:
    """Return the state of an account that has ended while others stand for all of its profiles."""
    detail = "Amazon no longer accepts its consent; others serve its profiles"
    return warning(
        f"ads account {_said(entry, 'accountName')}",
        detail,
        remedies.remedy_of("store_revoked", "/amazonAds", entry),
    )


def _of(name: str, entry: Mapping[str, Any], again: str) -> Finding:
    status = entry.get("status")
    if status == "needs_reauthorization":
        return Finding(name, "failed", "Amazon no longer accepts its consent", again, "needs_reauthorization")
    if status == "suspended_app":
        remedy = (
            "Correct or rotate the gateway's client id and secret, then restart it; no store is at fault."
        )
        return Finding(name, "failed", "Amazon refuses the gateway's application", remedy, "suspended_app")
    days = _days_left(entry.get("authorizationExpiresAt"))
    if days is not None and days <= WARN_DAYS:
        return warning(name, f"authorized, and the consent ends in {max(days, 0)} days", again)
    return ok(name, cleaned(str(status)) if status else "authorized; this gateway tells no status")


def _bounded(what: str, findings: list[Finding], notes: Sequence[str] | None) -> Iterator[Finding]:
    """Yield all problems before what is well, and no more lines than anybody reads.

    `notes`: of the list; of an empty one they tell that another gateway may have the stores.
    """
    findings.sort(key=lambda finding: ORDER.index(finding.state))
    well = sum(finding.state == "ok" for finding in findings)
    if not findings:
        none = "none is authorized yet"
        yield warning(what, none, " ".join(notes)) if notes else ok(what, none)
    shown = rows.fitting([finding.facts() for finding in findings], MOST_CHARACTERS)
    if shown < len(findings):
        yield ok(what, f"{well} of {len(findings)} are well; the first {shown} lines follow")
    yield from findings[:shown]


def _days_left(until: object) -> int | None:
    """Return whole days until a time in RFC 3339; None where there is none."""
    try:
        return (datetime.fromisoformat(str(until)) - datetime.now(UTC)).days
    except (ValueError, TypeError):
        return None


def _said(entry: Mapping[str, Any], field: str) -> str:
    return cleaned(str(entry.get(field, "?")), 60)
