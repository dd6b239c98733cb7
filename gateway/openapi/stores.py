"""The operations of stores: `gateway/api/stores.py`, and imports and removals of stores."""

from functools import partial

from gateway.openapi.operations import Example, call
from gateway.openapi.reasons import ATTEMPT, IMPORT, REFRESH
from gateway.openapi.records import (
    AUTHORIZATION_ID,
    AUTHORIZE_URL,
    CHECKED_FIELDS,
    HINT,
    IMPORTED_STORE,
    LIST_WARNINGS,
    MESSAGE,
    NOTES,
    REGION,
    SELLER_ID,
    TOKEN_EXTRAS,
    TOKEN_FIELDS,
)
from gateway.openapi.request_fields import AUTHORIZATION_ID as ASKED_AUTHORIZATION_ID
from gateway.openapi.request_fields import CALLBACK_URL, CENTRAL, MIN_TTL, REFRESH_TOKEN, SCOPES, name
from gateway.openapi.request_fields import REGION as ASKED_REGION
from gateway.openapi.request_fields import SELLER_ID as ASKED_SELLER_ID
from gateway.openapi.shapes import body, flag, integer, list_of, moment, record, ref, text

STORE_EXAMPLE = {
    "sellerId": "A1SANDBOXNA001",
    "sellerName": "My Store 我的店铺",
    "region": "NA",
    "authRecordId": 7342901846132,
    "status": "authorized",
    "authorizedAt": "2027-01-15T08:00:00Z",
    "authorizationExpiresAt": "2028-01-15T08:00:00Z",
    "requestedScopes": ["sellingpartnerapi::orders"],
    "grantedScopes": None,
    "verified": True,
}
TOKENS_EXAMPLE = {
    "authRecordId": 7342901846132,
    "accessToken": "Atza|IwEBIExampleAccessToken",
    "refreshToken": "Atzr|IwEBIExampleRefreshToken",
    "tokenType": "bearer",
    "expiresIn": 3600,
    "expiresAt": "2027-01-15T09:00:00Z",
}
STORE_NAMED = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
ATTEMPT_EXAMPLE = "4sZ0b1hQxw3Yk9JmT2uVaA"
AUTHORIZED_EXAMPLE = {
    "authorizationId": ATTEMPT_EXAMPLE,
    "state": "authorized",
    "verification": "verified",
    "store": STORE_EXAMPLE,
}

ATTEMPT_FIELDS = {
    "authorizationId": AUTHORIZATION_ID,
    "state": text(
        "`pending` until the person has answered Amazon, or while the gateway is at work",
        enum=["pending", "authorized", "denied", "expired", "failed"],
    ),
}
DETAIL = text("Amazon's own words, cleaned and cut at 300 characters")
STATUS = record(
    ATTEMPT_FIELDS,
    optional={
        "reason": text("Why it did not come to an authorization", enum=list(ATTEMPT)),
        "hint": HINT,
        "detail": DETAIL,
        **CHECKED_FIELDS,
        "store": ref("Store"),
    },
)

_call = partial(call, "Stores")

OPERATIONS = (
    _call(
        "/spApi/authorizeUrl",
        "Make a consent link for a store",
        description="The link works once, for 15 minutes.",
        rights=["manage"],
        request=body(
            {"sellerName": name("store")},
            {
                "region": ASKED_REGION
                | {"description": "Default: that of `marketplace`, else NA; in any case"},
                "marketplace": text(
                    "The site whose consent page to open: a country code or a marketplace id. India is kept "
                    "under EU, and may be asked for under FE too; a known store of India is found so by "
                    "its `sellerId` alone",
                    examples=["US"],
                ),
                "central": CENTRAL,
                "vendor": flag("Vendor Central: a shorter way to say `central`"),
                "scopes": SCOPES,
                "sellerId": ASKED_SELLER_ID
                | {"description": "To authorize this known store again: another seller is refused"},
            },
        ),
        answer=record(
            {
                "authorizeUrl": AUTHORIZE_URL,
                "authorizationId": AUTHORIZATION_ID,
                "expiresAt": moment("When the link ends"),
                "region": REGION,
            },
            optional={"notes": NOTES},
        ),
        reasons=["app_not_configured"],
        examples=[
            Example(
                "A store in the United States",
                {"sellerName": "My Store 我的店铺", "marketplace": "US"},
                {
                    "authorizeUrl": "https://sellercentral.amazon.com/apps/authorize/consent"
                    "?application_id=amzn1.sp.solution.example&state=example&redirect_uri="
                    "http%3A%2F%2F127.0.0.1%3A8765%2FspApi%2Foauth%2Fcallback",
                    "authorizationId": ATTEMPT_EXAMPLE,
                    "expiresAt": "2027-01-15T08:15:00Z",
                    "region": "NA",
                },
            )
        ],
    ),
    _call(
        "/spApi/authorizedStores",
        "List the caller's stores",
        description="Sorted by seller id, then region.",
        rights=["manage", "tokens"],
        request=body(),
        answer=record(
            {
                "stores": list_of(ref("ListedStore"), "The stores"),
                "total": integer("How many there are", minimum=0),
            },
            optional=LIST_WARNINGS,
        ),
        examples=[Example("One store", {}, {"stores": [STORE_EXAMPLE], "total": 1})],
    ),
    _call(
        "/spApi/refreshToken",
        "Refresh a store's access token now",
        description="Asks Amazon each time; calls that come while a refresh is under way share it.",
        rights=["tokens"],
        request=body(
            {"sellerId": ASKED_SELLER_ID},
            {"region": ASKED_REGION | {"description": "Needed where the seller has more than one"}},
        ),
        answer=record(
            {"sellerId": SELLER_ID, "region": REGION, **TOKEN_FIELDS, "message": MESSAGE},
            optional={"notes": NOTES},
        ),
        reasons=["ambiguous", *REFRESH],
        examples=[
            Example(
                "A store",
                STORE_NAMED,
                {**STORE_NAMED, **TOKENS_EXAMPLE, "message": "The access token was refreshed"},
            )
        ],
    ),
    _call(
        "/spApi/storeTokens",
        "Read a store's tokens",
        description="Without `minTtl` Amazon is not asked. With it the token is refreshed first where it has "
        "less left, once however many callers ask.",
        rights=["tokens"],
        request=body({"sellerId": ASKED_SELLER_ID, "region": ASKED_REGION}, {"minTtl": MIN_TTL}),
        answer=record(
            {"sellerId": SELLER_ID, "region": REGION, **TOKEN_FIELDS},
            optional={**TOKEN_EXTRAS, "notes": NOTES},
        ),
        reasons=REFRESH,
        examples=[
            Example(
                "With five minutes left at least",
                {**STORE_NAMED, "minTtl": 300},
                {**STORE_NAMED, **TOKENS_EXAMPLE, "expiresIn": 1800},
            )
        ],
    ),
    _call(
        "/spApi/authorizationStatus",
        "Tell how an attempt to authorize a store stands",
        rights=["manage"],
        request=body({"authorizationId": ASKED_AUTHORIZATION_ID}),
        answer=STATUS,
        reasons=["not_found"],
        examples=[
            Example("Authorized", {"authorizationId": ATTEMPT_EXAMPLE}, AUTHORIZED_EXAMPLE),
            Example(
                "Refused on Amazon's page",
                {"authorizationId": ATTEMPT_EXAMPLE},
                {
                    "authorizationId": ATTEMPT_EXAMPLE,
                    "state": "denied",
                    "reason": "access_denied",
                    "hint": "Make a new link if the refusal was a mistake.",
                },
            ),
        ],
    ),
    _call(
        "/spApi/completeAuthorization",
        "Complete a store's authorization by the address that the browser ended on",
        description="For browsers that cannot reach the callback. Answers as `authorizationStatus` does.",
        rights=["manage"],
        request=body({"callbackUrl": CALLBACK_URL}),
        answer=STATUS,
        reasons=["not_found", "state_unknown", "state_used", "expired"],
        examples=[
            Example(
                "Authorized",
                {
                    "callbackUrl": "http://127.0.0.1:8765/spApi/oauth/callback?state=example"
                    "&selling_partner_id=A1SANDBOXNA001&spapi_oauth_code=example"
                },
                AUTHORIZED_EXAMPLE,
            )
        ],
    ),
    _call(
        "/spApi/importStore",
        "Keep a store's refresh token that was made elsewhere",
        description="It is kept once a refresh has proved it; a refusal changes nothing. `verification` is "
        "only there where Amazon did not answer for the store.",
        rights=["manage"],
        request=body(
            {
                "sellerId": ASKED_SELLER_ID,
                "region": ASKED_REGION,
                "sellerName": name("store"),
                "refreshToken": REFRESH_TOKEN,
            }
        ),
        answer=IMPORTED_STORE,
        reasons=IMPORT,
        examples=[
            Example(
                "A store",
                {
                    **STORE_NAMED,
                    "sellerName": "My Store 我的店铺",
                    "refreshToken": "Atzr|IwEBIExampleRefreshToken",
                },
                STORE_EXAMPLE,
            )
        ],
    ),
    _call(
        "/spApi/removeStore",
        "Remove the caller's store with its tokens",
        rights=["manage"],
        request=body({"sellerId": ASKED_SELLER_ID, "region": ASKED_REGION}),
        answer=record({"removed": flag("It is gone", const=True)}, optional={"notes": NOTES}),
        reasons=["not_found"],
        examples=[Example("A store", STORE_NAMED, {"removed": True})],
    ),
)
