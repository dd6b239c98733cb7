"""What a browser brings back from Amazon, and what of it is refused before anything is sent.

All of it comes from a browser: it is believed only where the state shows that it belongs to an attempt.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.model import Attempt
from gateway.util.secret import Secret
from gateway.util.text import cleaned

STATE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
SELLER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
CODE = re.compile(r"[\x21-\x7e]{1,2048}")


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters that count. What is missing, sent twice or out of shape is None."""

    state: str | None
    code: Secret | None
    seller_id: str | None
    error: str | None
    error_description: str

    @classmethod
    def from_query(cls, pairs: Iterable[tuple[str, str]]) -> "Callback":
        """Read a query string's pairs. Amazon sends `spapi_oauth_code`; guides and Ads call it `code`."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)

        def single(name: str, shape: re.Pattern[str]) -> str | None:
            found = values.get(name, [])
            return found[0] if len(found) == 1 and shape.fullmatch(found[0]) else None

        code = single("spapi_oauth_code" if "spapi_oauth_code" in values else "code", CODE)
        error = values.get("error")
        return cls(
            state=single("state", STATE),
            code=Secret(code) if code else None,
            seller_id=single("selling_partner_id", SELLER_ID),
            error=(cleaned(error[0], 60) or "unnamed") if error else None,
            error_description=cleaned(values.get("error_description", [""])[0]),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an attempt ends without an exchange. `reason` names a row of references/errors.json.

    `got_seller_id`: who came back in place of the expected seller.
    """

    reason: str
    detail: str = ""
    phase: Literal["denied", "failed"] = "failed"
    got_seller_id: str | None = None


def refusal_of(attempt: Attempt, callback: Callback, *, app_id: str, redirect_uri: str) -> Refusal | None:
    """Return what stands against exchanging the code, or None. `app_id`, `redirect_uri`: today's settings."""
    if callback.error is not None:
        return _refusal_by_amazon(callback)
    if (attempt.app_id, attempt.redirect_uri) != (app_id, redirect_uri):
        return Refusal("app_changed")
    if callback.code is None:
        return Refusal("code_missing")
    if attempt.flow == "spapi":
        if callback.seller_id is None:
            return Refusal("seller_missing")
        if attempt.expected_seller_id not in (None, callback.seller_id):
            return Refusal("wrong_seller", got_seller_id=callback.seller_id)
    return None


def _refusal_by_amazon(callback: Callback) -> Refusal:
    """Return the refusal that the callback's `error` stands for (RFC 6749 section 4.1.2.1)."""
    if callback.error == "access_denied":
        return Refusal("access_denied", callback.error_description, phase="denied")
    if callback.error == "invalid_scope":
        return Refusal("scope_refused", callback.error_description)
    detail = (
        f"{callback.error}: {callback.error_description}" if callback.error_description else callback.error
    )
    return Refusal("consent_failed", detail or "")
