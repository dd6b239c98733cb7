"""What each call of a gateway answers where it worked: without that it is no success, whatever it says.

A script that makes a new call adds it here: one that is not listed cannot be made.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from linkfox_client.secrets.secret import Secret


class Expected(NamedTuple):
    """The field that proves that a call worked, what it is called in a sentence, and what it has to hold."""

    field: str
    named: str
    holds: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_token(value: Any) -> bool:
    return isinstance(value, Secret) and bool(value.reveal())


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def whole_number(value: Any) -> int | None:
    """Return a whole number, also where it came as a text; None for anything else."""
    if isinstance(value, Secret | bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= 19 and value.strip().isdecimal():
        return int(value)
    return None


def _is_number(value: Any) -> bool:
    return whole_number(value) is not None


# By the last word of their paths, which both flows share.
EXPECTED = {
    "authorizeUrl": Expected("authorizeUrl", "consent link (authorizeUrl)", lambda value: value is not None),
    "authorizationStatus": Expected("state", "state of the attempt", _is_text),
    "completeAuthorization": Expected("state", "state of the attempt", _is_text),
    "authorizedStores": Expected("stores", "list of stores", _is_list),
    "profiles": Expected("profiles", "list of profiles", _is_list),
    "storeTokens": Expected("accessToken", "access token", _is_token),
    "refreshToken": Expected("accessToken", "access token", _is_token),
    "token": Expected("access_token", "token (access_token)", _is_token),
    "developerProxy": Expected("httpStatus", "status of Amazon's answer (httpStatus)", _is_number),
    "importStore": Expected("authRecordId", "store that was imported", _is_number),
    "importAccount": Expected("authRecordId", "account that was imported", _is_number),
    "removeStore": Expected("removed", "word that the store was removed", lambda value: value is True),
    "removeAccount": Expected("removed", "word that the account was removed", lambda value: value is True),
    "renameStore": Expected("sellerName", "new name of the store", _is_text),
    "renameAccount": Expected("accountName", "new name of the account", _is_text),
}


def lacking(path: str, answer: Mapping[str, Any]) -> str | None:
    """Return what an answer to `path` lacks, in words; None where it has what was asked for.

    Raise KeyError for a call that is not listed above.
    """
    expected = EXPECTED[path.rpartition("/")[2]]
    return None if expected.holds(answer.get(expected.field)) else expected.named
