"""The one envelope of everything that fails."""

from typing import Literal

from pydantic import Field

from gateway.api.answers.accounts import SyncFailure
from gateway.api.answers.base import AN_ATTEMPT_ID, Absent, Answer, Count, Moment, Number, extra
from gateway.api.answers.store_rows import StoreCandidate
from gateway.errors import TABLE
from gateway.model import Region, Right


class Error(Answer):
    """What went wrong; the same envelope everywhere, written by `gateway/errors.py`."""

    errcode: int = Field(
        description="1002 a parameter, 1003 Amazon or the authorization, 1004 not found or not yours, 1005 "
        "not allowed, 401 the API key, 402 credit, 500 the gateway itself",
        json_schema_extra={"enum": [*sorted({row.errcode for row in TABLE.values()})]},
    )
    errmsg: str = Field(description="What went wrong, on one line")
    reason: str = Field(
        description="\n".join(f"- `{row.reason}`: {row.meaning}" for row in TABLE.values()),
        json_schema_extra={"enum": list(TABLE)},
    )
    code: str = Field(
        description="The kind of failure; what scripts end with for each: errors.md",
        json_schema_extra={"enum": [*sorted({row.code for row in TABLE.values()})]},
    )
    retryable: bool = Field(description="Whether the same call may work later, with nothing changed")
    hint: str = Field(
        description="What to do about it, on one line: the calls and settings to use, as in the example of "
        "each reason"
    )
    request_id: str = Field(
        description="The number of this request in the gateway's log", pattern="^[0-9a-f]{16}$"
    )
    status: Literal["needs_reauthorization", "suspended_app"] | Absent = extra(
        "What became of the authorization"
    )
    retry_after: Count | Absent = extra("The seconds after which to try again")
    needed_rights: list[Right] | Absent = extra(
        "With `key_lacks_right`: the rights of which the key needs one", json_schema_extra={"minItems": 1}
    )
    key_id: str | Absent = extra("The same: the key's id, by which its operator gives it the right")
    candidates: list[StoreCandidate] | Absent = extra(
        "What there is to choose from", json_schema_extra={"minItems": 2}
    )
    regions: list[Region] | Absent = extra(
        "With `not_found` of a store: where else the caller has that seller. With `bad_parameter` of a "
        "proxied call: where that store or profile is",
        json_schema_extra={"minItems": 1},
    )
    auth_record_id: Number | Absent = extra("With `needs_reauthorization`: the number of the authorization")
    seller_id: str | Absent = extra("The same of a store: the seller")
    seller_name: str | Absent = extra("Its name")
    account_name: str | Absent = extra("The same of an ads account: its name")
    region: Region | Absent = extra("The region of either")
    failures: list[SyncFailure] | Absent = extra(
        "Of `/amazonAds/profiles`, where no account could be asked for: each of them, with why",
        json_schema_extra={"minItems": 1},
    )
    authorize_url: str | Absent = extra(
        "With `needs_reauthorization`: a link that authorizes it again", json_schema_extra={"format": "uri"}
    )
    authorization_id: str | Absent = extra(
        "Asks `authorizationStatus` how this attempt stands", pattern=AN_ATTEMPT_ID
    )
    expires_at: Moment | Absent = extra("When that link ends (RFC 3339, UTC)")
