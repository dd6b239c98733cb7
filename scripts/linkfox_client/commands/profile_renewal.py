"""What to do about each account and region that Amazon did not give the profiles of, in words to follow."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from linkfox_client.amazon.sites import all_sites
from linkfox_client.errors import Reason, find_reason
from linkfox_client.text import cleaned

AGAIN = "`python3 scripts/ads_profiles.py --refresh`"

Failure = Mapping[str, Any]


def noted(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of /amazonAds/profiles with `notes` on its failures, where it has any."""
    notes = _notes(answer)
    return {**answer, "notes": notes} if notes else answer


def _notes(answer: Mapping[str, Any]) -> list[str]:
    """Return a note for each thing that there is to do about the answer's `failures`.

    What passes by itself is one note; an account to be authorized again has one of its own, with the command.
    """
    told = answer.get("failures")
    failures = [failure for failure in told if isinstance(failure, dict)] if isinstance(told, list) else []
    passing, lasting = [], []
    for failure in failures:
        row = find_reason(failure.get("reason"))
        if row is not None and row.retryable:
            passing.append(_places(failure))
        else:
            lasting.append(_lasting(failure, row))
    if not passing:
        return lasting
    others = " The others were renewed." if _renewed_some(answer, failures) else ""
    waiting = (
        f"Amazon has not answered for the profiles of {', '.join(passing)}.{others} "
        f"Run {AGAIN} again in a moment. Authorize nothing for that."
    )
    return [waiting, *lasting]


def _lasting(failure: Failure, row: Reason | None) -> str:
    """Return the note on what does not pass by itself. `row`: of its reason, None where that is unknown."""
    where = _places(failure)
    if row is None:
        return f"{where}: the profiles could not be read; `errmsg` of this account in `failures` says why."
    if row.code != "needs_reauthorization":
        return f"{where}: {row.meaning}. {row.remedy}"
    name = shlex.quote(_name(failure))
    command = f"python3 scripts/ads_authorize_url.py --account-name {name}"
    return (
        f"{where}: {row.meaning}. "
        f"Authorize it again: `{command} --auth-record-id {failure.get('authRecordId')}`."
    )


def _places(failure: Failure) -> str:
    """Return the regions of the account that failed, each as "EU (My Brand)"."""
    regions = failure.get("regions") or ["all regions"]
    return ", ".join(f"{cleaned(region)} ({_name(failure)})" for region in regions)


def _name(failure: Failure) -> str:
    return cleaned(failure.get("accountName"))


def _renewed_some(answer: Mapping[str, Any], failures: Sequence[Failure]) -> bool:
    """Tell whether Amazon answered for a region of an account that failed, or for another account."""
    every = {site.region for site in all_sites()}
    failed = {failure.get("authRecordId") for failure in failures}
    listed = {profile.get("authRecordId") for profile in answer.get("profiles") or ()}
    return bool(listed - failed) or any(
        failure.get("regions") and not every <= set(failure["regions"]) for failure in failures
    )
