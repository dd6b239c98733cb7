"""What an answer of Amazon's says about the token that it was asked with (references/amazon.md).

It says so in free text, in which Amazon may repeat what a caller sent. So a verdict is a suspicion, which the
service proves before anything comes of it.
"""

import json
from http import HTTPStatus
from typing import Any, Literal

from gateway.amazon.forwarding import Forwarded
from gateway.amazon.selling_partner_api import REFUSED_APPLICATION
from gateway.model import Flow
from gateway.proxy.refusals import LONGEST_REFUSAL

Verdict = Literal["accepted", "expired", "refused", "secret_expired"]
# What the Ads API speaks of where a profile is out of reach: "Not authorized to access scope 7", "No matching
# advertiser found for scope", "Not authorized to manage this profile. Please check permissions and consent
# from the advertiser".
ABOUT_PROFILE = ("scope", "advertiser", "profile", "consent", "permission")


def verdict_on_token(flow: Flow, answer: Forwarded) -> Verdict:
    """Return `expired`, `refused` (revoked, or not told apart from that), or what is no fault of the token's.

    `secret_expired` is about the application: its client secret has ended. Other refusals, such as a missing
    role or a profile out of reach, are `accepted`: the token itself was good.
    """
    body = answer.short_body(LONGEST_REFUSAL)
    if answer.status not in (401, 403) or body is None:
        return "accepted"
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if flow == "ads":
        return _ads_verdict(answer.status, document)
    details = _selling_partner_details(document)
    if REFUSED_APPLICATION in details:
        return "secret_expired"
    if "access token" not in details:
        return "accepted"
    # Also where it is "expired or been revoked": only a refresh can tell.
    if "revoked" in details:
        return "refused"
    return "expired" if "expired" in details else "accepted"


def _ads_verdict(status: int, document: Any) -> Verdict:
    """The Ads API tells expired and revoked apart in no way; what it says of a scope is about the profile.

    Version 2 says it in `details`, Sponsored Products 3 and what is newer in `message`, reports in `detail`.
    """
    if status != HTTPStatus.UNAUTHORIZED:
        return "accepted"
    fields = document if isinstance(document, dict) else {}
    words = " ".join(str(fields.get(name, "")) for name in ("details", "message", "detail")).lower()
    return "accepted" if any(word in words for word in ABOUT_PROFILE) else "refused"


def _selling_partner_details(document: Any) -> str:
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("details", "")).lower() if isinstance(first, dict) else ""
