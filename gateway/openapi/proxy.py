"""The developer proxies: `gateway/api/proxy.py`."""

from typing import Any

from gateway.model import Flow
from gateway.openapi.operations import Example, Operation, call
from gateway.openapi.reasons import REFRESH
from gateway.openapi.records import NOTES
from gateway.openapi.request_fields import PROFILE_ID, REGION, SELLER_ID, word
from gateway.openapi.shapes import Schema, body, integer, nullable, number, record, text
from gateway.proxy.allow_list import METHODS
from gateway.proxy.targets import LONGEST_PATH, LONGEST_QUERY

REQUEST = {
    "path": text(
        "A path of Amazon's API, below one of the prefixes that this gateway passes on; without a host and "
        "without a query. The first slash may be left out",
        maxLength=LONGEST_PATH,
        examples=["/orders/v0/orders"],
    ),
    "method": word("The method; in any case", *METHODS),
    "region": REGION | {"description": "That of the store or profile; in any case"},
}
OPTIONAL = {
    "amzAccessToken": text(
        "The token that `storeTokens` or `refreshToken` answered, until it ends. Without it the gateway "
        "takes the token itself and keeps it",
        examples=["Atza|IwEBIExampleAccessToken"],
    ),
    "queryString": text(
        "`name=value&…`, percent-encoded", maxLength=LONGEST_QUERY + 1, examples=["MaxResultsPerPage=10"]
    ),
    "body": text(
        "What to send, byte for byte as UTF-8; a string, also where it holds JSON. Not sent with a GET"
    ),
    "contentType": text("The type of `body`; default `application/json`", examples=["application/json"]),
}
ANSWER = record(
    {
        "errcode": integer("Amazon answered, whatever it answered", enum=[200]),
        "errmsg": text("Empty"),
        "httpStatus": integer("Amazon's status", minimum=100, maximum=999, examples=[200]),
        "contentType": text("Amazon's Content-Type; empty where it has none", examples=["application/json"]),
        "body": text("Amazon's body, decompressed"),
        "requestId": nullable(text("Amazon's number of the call, which its support asks for")),
        "rateLimit": nullable(number("Calls per second that the SP-API allows; null where it did not say")),
        "retryAfter": nullable(
            integer("Seconds that Amazon asks to wait; null where it did not say", minimum=0)
        ),
    },
    optional={"bodyEncoding": text("Where the body is not UTF-8, and `body` therefore", enum=["base64"])},
)
# An Indian store may be asked for under FE, too.
STORE_ANSWER = {**ANSWER, "properties": {**ANSWER["properties"], "notes": NOTES}}
REASONS = ("not_allowed", *REFRESH, "answer_too_large")


def _proxy(
    flow: Flow, summary: str, own: dict[str, Schema], example: dict[str, Any], answer: str
) -> Operation:
    """One proxy. `own`: how it names whose token to use, where none is given."""
    named = next(iter(own))
    return call(
        "Calling Amazon",
        f"/{'spApi' if flow == 'spapi' else 'amazonAds'}/developerProxy",
        summary,
        description="Redirects are not followed. Nothing is sent twice but a GET: where Amazon refused the "
        "token that the gateway chose, or the application's client secret. A user has so many calls under "
        "way at once; one that waits too long for a place is answered 429 and was not sent. "
        f"Either `amzAccessToken` or `{named}` is needed.",
        rights=["proxy"],
        request=body(
            REQUEST,
            {**OPTIONAL, **own},
            anyOf=[
                {"required": [given], "properties": {given: {"not": {"type": "null"}}}}
                for given in ("amzAccessToken", named)
            ],
        ),
        answer=STORE_ANSWER if flow == "spapi" else ANSWER,
        reasons=REASONS,
        examples=[
            Example(
                "A GET",
                example,
                {
                    "errcode": 200,
                    "errmsg": "",
                    "httpStatus": 200,
                    "contentType": "application/json",
                    "requestId": "7c5f2e0a-6d3b-4f5e-9d0e-1b2c3d4e5f60",
                    "rateLimit": 0.0167 if flow == "spapi" else None,
                    "retryAfter": None,
                    "body": answer,
                },
            )
        ],
    )


OPERATIONS = (
    _proxy(
        "spapi",
        "Call the SP-API for one of the caller's stores",
        {"sellerId": SELLER_ID | {"description": "The store, in place of `amzAccessToken`"}},
        {
            "region": "NA",
            "path": "/orders/v0/orders",
            "method": "GET",
            "queryString": "MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2027-01-01T00%3A00%3A00Z",
            "sellerId": "A1SANDBOXNA001",
        },
        '{"payload":{"Orders":[]}}',
    ),
    _proxy(
        "ads",
        "Call the Ads API for one of the caller's profiles",
        {
            "profileId": PROFILE_ID
            | {"description": "Becomes the header `Amazon-Advertising-API-Scope`; names the account, too"}
        },
        {
            "region": "NA",
            "path": "/v2/profiles",
            "method": "GET",
            "profileId": 123456789012345,
        },
        "[]",
    ),
)
