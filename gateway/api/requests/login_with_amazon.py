"""What the gateway's token endpoint takes: what a program would send to Login with Amazon, with other values.

A form or JSON, by what the body is, whatever its Content-Type says: both are sent under either. Of RFC 6749:
fields that are not known are left alone, an empty one counts as not given, none comes twice (section 3.2).
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pydantic import ConfigDict, Field

from gateway.amazon.ads_api import LARGEST_PROFILE_ID
from gateway.api.described import Described
from gateway.api.requests.base import EXAMPLE_SELLER
from gateway.authorization.callback import SELLER_ID
from gateway.errors import Problem
from gateway.model import Region

HANDLES = "store:SELLER_ID:REGION, profile:PROFILE_ID or account:AUTH_RECORD_ID"
GRANT_TYPE = "refresh_token"
_HANDLE = re.compile(
    rf"(?P<proxy>proxy:)?(?:store:(?P<seller>{SELLER_ID.pattern}):(?P<region>(?i:NA|EU|FE))"
    r"|profile:(?P<profile>[0-9]{1,19})|account:(?P<account>[0-9]{1,19}))",
    re.ASCII,
)
MOST_FIELDS = 100
BYTE_ORDER_MARK = "\ufeff"


class TokenRequest(Described):
    """A refresh as Login with Amazon takes it: an API key for the secret, a handle for the token."""

    model_config = ConfigDict(alias_generator=None)

    grant_type: str = Field(
        description="No other", examples=[GRANT_TYPE], json_schema_extra={"const": GRANT_TYPE}
    )
    client_id: str | None = Field(None, description="Anything: libraries want one", examples=["any"])
    client_secret: str = Field(
        description="A secret: an API key of the gateway, with the right `tokens`, or `proxy` where the "
        "handle begins so",
        examples=["lfx_local_…"],
    )
    refresh_token: str = Field(
        description="A handle: `store:SELLER_ID:REGION`, `profile:PROFILE_ID` or `account:AUTH_RECORD_ID`, "
        "each also with `proxy:` before it, for a stand-in token",
        examples=[f"store:{EXAMPLE_SELLER}:NA"],
    )


class Handle(NamedTuple):
    """Which store or ads account is meant. `proxied`: a stand-in token is wanted. `text`: as it was given."""

    text: str
    proxied: bool
    seller_id: str | None
    region: Region | None
    profile_id: int | None
    record_id: int | None

    @property
    def subject(self) -> str:
        """How the audit names it."""
        if self.seller_id is not None:
            return f"{self.seller_id} {self.region}"
        return f"authRecordId {self.record_id}" if self.record_id else f"profileId {self.profile_id}"


Pairs = Sequence[tuple[str, Any]]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# Objects as pairs, so that a name that comes twice is seen.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=list)


def read_fields(body: bytes | bytearray) -> dict[str, str]:
    """Return those of a body's fields that are known and not empty.

    Raises:
        Problem: `bad_parameter` for what is neither a form nor a JSON object, in UTF-8; for a known field
            that comes twice, or is no text.
    """
    fields: dict[str, str] = {}
    for name, value in _pairs(body):
        if name not in TokenRequest.model_fields or value in (None, ""):
            continue
        if not isinstance(value, str):
            raise Problem("bad_parameter", f"{name}: expected a string")
        if name in fields:
            raise Problem("bad_parameter", f"{name}: it is given more than once")
        fields[name] = value
    return fields


def _pairs(body: bytes | bytearray) -> Pairs:
    try:
        text = body.decode().removeprefix(BYTE_ORDER_MARK).strip()
        if text.startswith("{"):  # no form begins so
            return _DECODER.decode(text)  # type: ignore[no-any-return]
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (ValueError, RecursionError):
        refusal = "the body is neither a form nor a JSON object, in UTF-8, of a few fields"
        raise Problem("bad_parameter", refusal) from None


def read_handle(fields: dict[str, str]) -> Handle:
    """Return the handle of a request, whose other fields are checked on the way.

    Raises:
        Problem: `bad_parameter` where a field is missing, `unsupported_grant_type`, `unknown_handle`.
    """
    grant_type = fields.get("grant_type")
    if grant_type is None:
        raise Problem("bad_parameter", f"grant_type: expected {GRANT_TYPE}")
    if grant_type != GRANT_TYPE:
        raise Problem("unsupported_grant_type")
    if "client_secret" not in fields:
        raise Problem("bad_parameter", "client_secret: expected an API key of this gateway")
    text = fields.get("refresh_token")
    if text is None:
        raise Problem("bad_parameter", f"refresh_token: expected a handle, {HANDLES}")
    found = _HANDLE.fullmatch(text.strip())
    if found is None:
        raise Problem("unknown_handle")
    profile_id, record_id = (_number(found[name]) for name in ("profile", "account"))
    region: Any = found["region"] and found["region"].upper()
    return Handle(text, found["proxy"] is not None, found["seller"], region, profile_id, record_id)


def _number(digits: str | None) -> int | None:
    """Return an id. Raise Problem `unknown_handle` for one that there cannot be."""
    if digits is None:
        return None
    if not 0 < int(digits) <= LARGEST_PROFILE_ID:
        raise Problem("unknown_handle")
    return int(digits)


def key_of(fields: dict[str, str]) -> str:
    """Return the API key that a request presents; an empty text for none."""
    return fields.get("client_secret", "").strip()
