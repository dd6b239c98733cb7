"""What to do about each store or ads account that Amazon did not answer for in a `--refresh`, in words."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from linkfox_client.amazon import profiles as ads_profiles
from linkfox_client.amazon import stores as known_stores
from linkfox_client.amazon.sites import all_sites
from linkfox_client.errors import ClientError, Reason, find_reason, typed
from linkfox_client.text import cleaned

MOST_NOTES = 10
NOT_HOSTED = (
    "Without --refresh the list is shown; the hosted gateway does not tell on which sites a store sells."
)
NOT_ASKED = (
    "Amazon was not asked: this gateway is older than these scripts. Update it and start it again; until "
    "then the list shows what it knows."
)

Failure = Mapping[str, Any]


class Subject(NamedTuple):
    """What is read anew: in words, by which command, where one failed, and what authorizes that again."""

    what: str
    again: str
    place: Callable[[Failure], str]
    authorize: Callable[[Failure], str]


def profiles(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of /amazonAds/profiles with `notes` on its failures, where it has any."""
    failures = _failures(answer)
    return _noted(answer, _notes(failures, PROFILES, some_renewed=_renewed_some(answer, failures)))


def sites(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of /spApi/authorizedStores to a `refresh` with `notes` on its failures."""
    if "refreshed" not in answer:
        return _noted({**answer, "refreshed": False}, [*(answer.get("notes") or []), NOT_ASKED])
    failures = _failures(answer)
    listed = answer.get("stores") or ()
    return _noted(answer, _notes(failures, SITES, some_renewed=len(listed) > len(failures)))


def explain(failure: ClientError) -> None:
    """Note in a failure of all ads accounts what there is to do about each, where it names more than one."""
    failures = _failures(failure.fields)
    if len(failures) > 1:
        failure.fields["notes"] = _notes(failures, PROFILES, some_renewed=False)


def _noted(answer: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    return {**answer, "notes": notes} if notes else answer


def _failures(answer: Mapping[str, Any]) -> list[Failure]:
    told = answer.get("failures")
    return [failure for failure in told if isinstance(failure, dict)] if isinstance(told, list) else []


def _notes(failures: list[Failure], subject: Subject, *, some_renewed: bool) -> list[str]:
    """Return a note for each thing that there is to do about `failures`.

    What passes by itself is one note; what is to be authorized again has one of its own, with the command.
    """
    passing, lasting = [], []
    for failure in failures:
        row = find_reason(failure.get("reason"))
        if row is not None and row.retryable:
            passing.append(subject.place(failure))
        else:
            lasting.append(_lasting(failure, row, subject))
    if len(lasting) > MOST_NOTES:
        lasting[MOST_NOTES:] = [f"{len(lasting) - MOST_NOTES} more could not be read; `failures` name them."]
    if not passing:
        return lasting
    others = " The others were renewed." if some_renewed else ""
    waiting = (
        f"Amazon has not answered for {subject.what} of {_listed(passing)}.{others} "
        f"Run {subject.again} again in a moment. Authorize nothing for that."
    )
    return [waiting, *lasting]


def _listed(places: list[str]) -> str:
    more = len(places) - MOST_NOTES
    return ", ".join(places[:MOST_NOTES]) + (f" and {more} more" if more > 0 else "")


def _lasting(failure: Failure, row: Reason | None, subject: Subject) -> str:
    """Return the note on what does not pass by itself. `row`: of its reason, None where that is unknown."""
    where = subject.place(failure)
    if row is None:
        return f"{where}: {subject.what} could not be read; `errmsg` of this one in `failures` says why."
    if row.code != "needs_reauthorization":
        return f"{where}: {row.meaning}. {row.remedy}"
    return f"{where}: {row.meaning}. Authorize it again: {subject.authorize(failure)}."


def _regions_of_account(failure: Failure) -> str:
    """Return the regions of the account that failed, each as "EU (My Brand)"."""
    regions = failure.get("regions") or ["all regions"]
    return ", ".join(f"{cleaned(region)} ({cleaned(failure.get('accountName'))})" for region in regions)


def _authorize_account(failure: Failure) -> str:
    record = failure.get("authRecordId")
    return typed(
        "ads_authorize_url.py", "--account-name", failure.get("accountName"), "--auth-record-id", record
    )


def _store(failure: Failure) -> str:
    """Return a store as "My Store (EU)"."""
    return f"{cleaned(failure.get('sellerName'))} ({cleaned(failure.get('region'))})"


def _authorize_store(failure: Failure) -> str:
    seller, region = failure.get("sellerId"), failure.get("region")
    return typed("authorize_url.py", "--seller-id", seller, "--region", region)


PROFILES = Subject("the profiles", ads_profiles.REFRESH, _regions_of_account, _authorize_account)
SITES = Subject("the sites", known_stores.REFRESH, _store, _authorize_store)


def _renewed_some(answer: Mapping[str, Any], failures: list[Failure]) -> bool:
    """Tell whether Amazon answered for a region of an account that failed, or for another account."""
    every = {site.region for site in all_sites()}
    failed = {failure.get("authRecordId") for failure in failures}
    listed = {profile.get("authRecordId") for profile in answer.get("profiles") or ()}
    return bool(listed - failed) or any(
        failure.get("regions") and not every <= set(failure["regions"]) for failure in failures
    )
