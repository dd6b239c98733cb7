"""The ads accounts behind a list of profiles, and which of them a person means: pure functions.

An account is one authorization, and one token serves all its profiles.
"""

from collections.abc import Callable, Iterable
from typing import Any

from linkfox_client.amazon.names import called, nearest_first
from linkfox_client.amazon.profiles import Profile, of_advertiser
from linkfox_client.amazon.stores import Store
from linkfox_client.errors import ClientError, typed

ACCOUNT_FIELDS = ("authRecordId", "accountName", "status")

Account = dict[str, Any]


def resolve(
    listed: Iterable[Profile], name: str, stores: Callable[[], Iterable[Store]] | None = None
) -> Account:
    """Return the one account of `listed` (profiles, and accounts without any) that goes by `name`.

    That is the name it was authorized under; with `stores`, which returns the authorized stores, also an
    advertiser's or a store's own, where no account has it. Raise ClientError: not_found or ambiguous, with
    what there is to choose from.
    """
    entries = list(listed)
    known = accounts(entries)
    if not known:
        raise ClientError(
            "not_found",
            "No ads account is authorized",
            f"Authorize it first: {typed('ads_authorize_url.py', '--account-name', name)}.",
        )
    found = called(known, name, _names)
    if not found and stores is not None:
        ids = {profile.get("authRecordId") for profile in of_advertiser(entries, name, stores)}
        found = [account for account in known if account.get("authRecordId") in ids]
    if len(found) == 1:
        return found[0]
    if found:
        raise ClientError(
            "ambiguous",
            f"{len(found)} ads accounts go by {name!r}",
            "Ask which of `candidates` is meant and give its authRecordId with --auth-record-id.",
            candidates=_candidates(found),
        )
    raise ClientError(
        "not_found",
        f"No ads account is called {name!r}",
        f"Choose one of `candidates`, or see all with {typed('ads_authorized_stores.py')}.",
        candidates=_candidates(nearest_first(known, name, _names)),
    )


def accounts(listed: Iterable[Profile]) -> list[dict[str, Any]]:
    """Return the accounts of a list of profiles, each once, with `profileIds`: one token serves them all.

    A profile's tokens come from one account; the others that cover it, which the self-hosted gateway names
    in `authRecordIds`, are accounts as well, though no profile may be left for them.
    """
    found: dict[object, dict[str, Any]] = {}
    for entry in listed:
        shown = {name: entry[name] for name in ACCOUNT_FIELDS if name in entry}
        account = found.setdefault(entry.get("authRecordId"), {"profileIds": []})
        account.update(shown)
        if entry.get("profileId") is not None:
            account["profileIds"].append(entry["profileId"])
        for record_id, name in _also_covering(entry):
            found.setdefault(record_id, {"authRecordId": record_id, "accountName": name, "profileIds": []})
    return list(found.values())


def _also_covering(entry: Profile) -> Iterable[tuple[int, object]]:
    """Return the record ids and names of the accounts that cover a profile."""
    record_ids, names = entry.get("authRecordIds"), entry.get("accountNames")
    if isinstance(record_ids, list) and isinstance(names, list) and len(record_ids) == len(names):
        for record_id, name in zip(record_ids, names, strict=True):
            if isinstance(record_id, int):
                yield record_id, name


def of_record(known: Iterable[Account], record_id: int) -> Account:
    """Return the account of that `authRecordId`. Raise ClientError (not_found)."""
    listed = list(known)
    found = next((account for account in listed if account.get("authRecordId") == record_id), None)
    if found is None:
        raise ClientError(
            "not_found",
            f"No ads account has the authRecordId {record_id}",
            f"Choose one of `candidates`, or see all with {typed('ads_authorized_stores.py')}.",
            candidates=_candidates(listed),
        )
    return found


def _names(account: Account) -> list[str]:
    name = account.get("accountName")
    return [name] if isinstance(name, str) else []


def _candidates(found: Iterable[Account]) -> list[Account]:
    """Return accounts as they are put to a person."""
    return [{name: account[name] for name in ACCOUNT_FIELDS if name in account} for account in found]
