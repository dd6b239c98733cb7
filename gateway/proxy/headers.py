"""The headers that each API wants, and which of a caller's own pass: no other of those reaches Amazon.

At the gateway's own addresses of Amazon's APIs those pass that an operation of Amazon's has as a parameter
(the models and descriptions that Amazon publishes), and what says how a body is written. Dropped are the
caller's credentials, hop-by-hop headers (RFC 9110, section 7.6.1), the signatures and dates (`x-amz-date`)
of clients from when the SP-API wanted AWS Signature Version 4, and everything else.
"""

from gateway.amazon.uploads import Upload
from gateway.model import Flow
from gateway.proxy.media_types import JSON
from gateway.proxy.request import ProxyRequest
from gateway.util.secret import Secret

SCOPE = "amazon-advertising-api-scope"
OF_BODY = frozenset({"accept", "accept-encoding", "accept-language", "content-encoding", "content-type"})
# By API: the names, and the beginnings of names, of headers that pass.
NAMES: dict[Flow, frozenset[str]] = {
    # For Easy Ship and invoices of Brazil: of the models, those without a prefix.
    "spapi": OF_BODY | {"amountdigitalsignature", "destaccountdigitalsignature", "locale"},
    "ads": OF_BODY | {"prefer"},
}
BEGINNINGS: dict[Flow, tuple[str, ...]] = {
    "spapi": ("x-amzn-",),
    "ads": ("amazon-advertising-api-", "amazon-ads-", "x-amzn-"),
}
# Beginning so, but the gateway's to say, or none of Amazon's parameters.
OWN = frozenset({SCOPE, "amazon-advertising-api-clientid", "amazon-ads-clientid", "x-amzn-trace-id"})


def passes(flow: Flow, name: str) -> bool:
    """Tell whether a header of a caller's, by its name in lower case, is sent on to an API."""
    return name in NAMES[flow] or (name.startswith(BEGINNINGS[flow]) and name not in OWN)


def selling_partner_headers(wanted: ProxyRequest, access_token: Secret) -> dict[str, str]:
    """Return the SP-API's headers (references/amazon.md, "SP-API calls")."""
    return {**_of_request(wanted), "x-amz-access-token": access_token.reveal()}


def ads_headers(
    wanted: ProxyRequest, access_token: Secret, client_id: str, profile_id: int | None
) -> dict[str, str]:
    """Return the Ads API's headers (references/amazon.md, "Amazon Ads")."""
    scope = {} if profile_id is None else {"Amazon-Advertising-API-Scope": str(profile_id)}
    return {
        **_of_request(wanted),
        "Authorization": f"Bearer {access_token.reveal()}",
        "Amazon-Advertising-API-ClientId": client_id,
        **scope,
    }


def _of_request(wanted: ProxyRequest) -> dict[str, str]:
    """Return the headers that say what is sent, and what may come back."""
    headers = {**wanted.further, "Accept": wanted.accept}
    if wanted.body is not None:
        headers["Content-Type"] = wanted.content_type or JSON
    if isinstance(wanted.body, Upload):
        headers["Content-Length"] = str(wanted.body.length)
    if wanted.codings is not None:
        headers["Accept-Encoding"] = wanted.codings
    return headers
