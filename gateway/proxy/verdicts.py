"""What an answer of Amazon's says about the token that it was asked with (references/amazon.md)."""

import json
from typing import Any, Literal

from gateway.amazon.forwarding import Forwarded
from gateway.amazon.selling_partner_api import REFUSED_APPLICATION
from gateway.model import Flow

Verdict = Literal["accepted", "expired", "refused", "secret_expired"]
LONGEST_REFUSAL = 64 * 1024


def verdict_on_token(flow: Flow, answer: Forwarded) -> Verdict:
    """Return `expired`, `refused` (revoked, or not told apart from that), or what is no fault of the token's.

    `secret_expired` is about the application: its client secret has ended. Other refusals, such as a missing
    role or a profile out of reach, are `accepted`: the token itself was good.
    """
    if answer.status not in (401, 403) or answer.body.size > LONGEST_REFUSAL:
        return "accepted"
    try:
        document = json.loads(answer.body.whole())
    except (ValueError, RecursionError):
        document = None
    if flow == "ads":
        return _ads_verdict(answer.status, document)
    details = _selling_partner_details(document)
    if REFUSED_APPLICATION in details:
        return "secret_expired"
    if "access token" in details and "expired" in details:
        return "expired"
    return "refused" if "access token" in details and "revoked" in details else "accepted"


def _ads_verdict(status: int, document: Any) -> Verdict:
    """The Ads API tells expired and revoked apart in no way; what it says of a scope is about the profile."""
    details = str(document.get("details", "")).lower() if isinstance(document, dict) else ""
    about_profile = "scope" in details or "advertiser" in details
    return "refused" if status == 401 and not about_profile else "accepted"


def _selling_partner_details(document: Any) -> str:
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("details", "")).lower() if isinstance(first, dict) else ""
