"""The operations of ads accounts: `gateway/api/accounts.py`, and imports and removals of accounts."""

from functools import partial

from gateway.openapi.operations import Example, call
from gateway.openapi.reasons import ATTEMPT, IMPORT, REFRESH
from gateway.openapi.records import (
    ACCOUNT_FIELDS,
    ACCOUNT_NAME,
    AUTH_RECORD_ID,
    AUTHORIZATION_ID,
    AUTHORIZE_URL,
    HINT,
    LIST_WARNINGS,
    MESSAGE,
    NEW_EXTRAS,
    PROFILES,
    REGION,
    TOKEN_EXTRAS,
    TOKEN_FIELDS,
)
from gateway.openapi.request_fields import AUTHORIZATION_ID as ASKED_AUTHORIZATION_ID
from gateway.openapi.request_fields import (
    CALLBACK_URL,
    MIN_TTL,
    ONE_ACCOUNT,
    PROFILE_ID,
    RECORD_ID,
    REFRESH_TOKEN,
    name,
)
from gateway.openapi.request_fields import REGION as ASKED_REGION
from gateway.openapi.shapes import body, flag, integer, list_of, moment, record, ref, text
from gateway.openapi.stores import ATTEMPT_EXAMPLE, ATTEMPT_FIELDS, DETAIL, TOKENS_EXAMPLE

STATE_EXAMPLE = {
    "authRecordId": 7342901846132,
    "status": "authorized",
    "authorizedAt": "2027-01-15T08:00:00Z",
    "authorizationExpiresAt": "2028-01-15T08:00:00Z",
    "requestedScopes": ["advertising::campaign_management"],
    "grantedScopes": ["advertising::campaign_management"],
    "missingScopes": [],
}
PLACE_EXAMPLE = {
    "profileId": 123456789012345,
    "accountInfoId": "ENTITY123EXAMPLE",
    "accountInfoName": "My Brand, Inc.",
    "marketplaceStringId": "ATVPDKIKX0DER",
    "countryCode": "US",
    "region": "NA",
    "accountName": "My Brand",
    "accountNames": ["My Brand"],
}
PROFILE_EXAMPLE = {
    **PLACE_EXAMPLE,
    "accountInfoType": "seller",
    "currencyCode": "USD",
    "dailyBudget": 1000.0,
    "timezone": "America/Los_Angeles",
    "authRecordId": 7342901846132,
    "status": "authorized",
}
ACCOUNT_EXAMPLE = {"accountName": "My Brand", "region": "NA", **STATE_EXAMPLE, "profiles": [PROFILE_EXAMPLE]}
AUTHORIZED_EXAMPLE = {
    "authorizationId": ATTEMPT_EXAMPLE,
    "state": "authorized",
    "profileSync": "ok",
    "account": ACCOUNT_EXAMPLE,
}

TOTAL = integer("How many there are", minimum=0)
PROFILE_SYNC = text(
    "Whether the profiles could be read from Amazon; the authorization stands anyway",
    enum=["ok", "profile_sync_failed"],
)
STATUS = record(
    ATTEMPT_FIELDS,
    optional={
        "reason": text(
            "Why it did not come to an authorization, or `profile_sync_failed`",
            enum=[*ATTEMPT, "profile_sync_failed"],
        ),
        "hint": HINT,
        "detail": DETAIL,
        "profileSync": PROFILE_SYNC,
        "account": ref("AccountWithProfiles"),
    },
)
# Why Amazon could not be asked for the profiles of one account, while it could for another.
SYNC_FAILURES = (*REFRESH, "token_refused", "amazon_rejected", "profile_sync_failed")

_call = partial(call, "Ads accounts")

OPERATIONS = (
    _call(
        "/amazonAds/authorizeUrl",
        "Make a consent link for an ads account",
        description="The link works once, for 15 minutes.",
        rights=["manage"],
        request=body(
            {"accountName": name("account")},
            {
                "region": ASKED_REGION
                | {"description": "Default: that of the account to authorize again, else NA; in any case"},
                "authRecordId": RECORD_ID | {"description": "To authorize this account again"},
            },
        ),
        answer=record(
            {
                "authorizeUrl": AUTHORIZE_URL,
                "sourceType": text("Always the same", enum=["amazon_ads"]),
                "authorizationId": AUTHORIZATION_ID,
                "expiresAt": moment("When the link ends"),
                "region": REGION,
            }
        ),
        reasons=["app_not_configured", "not_found"],
        examples=[
            Example(
                "A new account",
                {"accountName": "My Brand", "region": "NA"},
                {
                    "authorizeUrl": "https://www.amazon.com/ap/oa?client_id=example&scope="
                    "advertising%3A%3Acampaign_management&response_type=code&state=example",
                    "sourceType": "amazon_ads",
                    "authorizationId": ATTEMPT_EXAMPLE,
                    "expiresAt": "2027-01-15T08:15:00Z",
                    "region": "NA",
                },
            )
        ],
    ),
    _call(
        "/amazonAds/authorizedStores",
        "List the caller's accounts and sites, one row a profile",
        description="Sorted by profile id.",
        rights=["manage", "tokens"],
        request=body(),
        answer=record(
            {
                "stores": list_of(ref("AccountProfile"), "The accounts and sites"),
                "total": TOTAL,
                "accountsWithoutProfiles": list_of(
                    ref("Account"), "Authorizations whose profiles could not be read"
                ),
            },
            optional=LIST_WARNINGS,
        ),
        examples=[
            Example(
                "One profile",
                {},
                {
                    "stores": [
                        {
                            **PLACE_EXAMPLE,
                            "accountType": "seller",
                            "authRecordIds": [7342901846132],
                            **STATE_EXAMPLE,
                        }
                    ],
                    "total": 1,
                    "accountsWithoutProfiles": [],
                },
            )
        ],
    ),
    _call(
        "/amazonAds/profiles",
        "List the caller's profiles",
        rights=["manage", "tokens"],
        request=body(optional={"refresh": flag("Ask Amazon again first, on the hosts of all three regions")}),
        answer=record(
            {
                "profiles": PROFILES,
                "total": TOTAL,
                "refreshed": flag("Whether Amazon answered for all of them just now"),
            },
            optional={
                "failures": list_of(
                    record(
                        {
                            "authRecordId": AUTH_RECORD_ID,
                            "accountName": ACCOUNT_NAME,
                            "reason": text("As `reason` of an error", enum=list(SYNC_FAILURES)),
                            "errmsg": text("What went wrong, on one line"),
                        }
                    ),
                    "The accounts that Amazon could not be asked for, or not in each region",
                    minItems=1,
                )
            },
        ),
        reasons=REFRESH,
        examples=[
            Example(
                "From Amazon",
                {"refresh": True},
                {"profiles": [PROFILE_EXAMPLE], "total": 1, "refreshed": True},
            )
        ],
    ),
    _call(
        "/amazonAds/refreshToken",
        "Refresh an account's access token now",
        description="Asks Amazon each time; calls that come while a refresh is under way share it.",
        rights=["tokens"],
        request=body(optional={"authRecordId": RECORD_ID, "profileId": PROFILE_ID}, **ONE_ACCOUNT),
        answer=record({**TOKEN_FIELDS, "accountName": ACCOUNT_NAME, "message": MESSAGE}),
        reasons=REFRESH,
        examples=[
            Example(
                "By profile",
                {"profileId": 123456789012345},
                {
                    **TOKENS_EXAMPLE,
                    "accountName": "My Brand",
                    "message": "The access token was refreshed",
                },
            )
        ],
    ),
    _call(
        "/amazonAds/storeTokens",
        "Read an account's tokens",
        description="Without `minTtl` Amazon is not asked. With it the token is refreshed first where it has "
        "less left, once however many callers ask.",
        rights=["tokens"],
        request=body(
            optional={"authRecordId": RECORD_ID, "profileId": PROFILE_ID, "minTtl": MIN_TTL}, **ONE_ACCOUNT
        ),
        answer=record(
            {
                **TOKEN_FIELDS,
                "accountName": ACCOUNT_NAME,
                "clientId": text(
                    "The Ads API wants it as the header `Amazon-Advertising-API-ClientId`",
                    examples=["amzn1.application-oa2-client.example"],
                ),
            },
            optional=TOKEN_EXTRAS,
        ),
        reasons=REFRESH,
        examples=[
            Example(
                "By profile, with five minutes left at least",
                {"profileId": 123456789012345, "minTtl": 300},
                {
                    **TOKENS_EXAMPLE,
                    "expiresIn": 1800,
                    "accountName": "My Brand",
                    "clientId": "amzn1.application-oa2-client.example",
                },
            )
        ],
    ),
    _call(
        "/amazonAds/authorizationStatus",
        "Tell how an attempt to authorize an ads account stands",
        rights=["manage"],
        request=body({"authorizationId": ASKED_AUTHORIZATION_ID}),
        answer=STATUS,
        reasons=["not_found"],
        examples=[
            Example("Authorized", {"authorizationId": ATTEMPT_EXAMPLE}, AUTHORIZED_EXAMPLE),
            Example(
                "Still with the person",
                {"authorizationId": ATTEMPT_EXAMPLE},
                {"authorizationId": ATTEMPT_EXAMPLE, "state": "pending"},
            ),
        ],
    ),
    _call(
        "/amazonAds/completeAuthorization",
        "Complete an ads account's authorization by the address that the browser ended on",
        description="For browsers that cannot reach the callback. Answers as `authorizationStatus` does.",
        rights=["manage"],
        request=body({"callbackUrl": CALLBACK_URL}),
        answer=STATUS,
        reasons=["not_found", "state_unknown", "state_used", "expired"],
        examples=[
            Example(
                "Authorized",
                {"callbackUrl": "http://127.0.0.1:8765/amazonAds/oauth/callback?state=example&code=example"},
                AUTHORIZED_EXAMPLE,
            )
        ],
    ),
    _call(
        "/amazonAds/importAccount",
        "Keep an ads account's refresh token that was made elsewhere",
        description="It is kept once a refresh has proved it; a refusal changes nothing.",
        rights=["manage"],
        request=body({"accountName": name("account"), "region": ASKED_REGION, "refreshToken": REFRESH_TOKEN}),
        answer=record(
            {**ACCOUNT_FIELDS, "profiles": PROFILES, "total": TOTAL, "profileSync": PROFILE_SYNC},
            optional={
                **NEW_EXTRAS,
                "reason": text("Where no profile could be read", enum=["profile_sync_failed"]),
                "hint": HINT,
            },
        ),
        reasons=IMPORT,
        examples=[
            Example(
                "An account",
                {
                    "accountName": "My Brand",
                    "region": "NA",
                    "refreshToken": "Atzr|IwEBIExampleRefreshToken",
                },
                {**ACCOUNT_EXAMPLE, "total": 1, "profileSync": "ok"},
            )
        ],
    ),
    _call(
        "/amazonAds/removeAccount",
        "Remove the caller's ads account with its tokens and profiles",
        rights=["manage"],
        request=body({"authRecordId": RECORD_ID}),
        answer=record({"removed": flag("It is gone", const=True)}),
        reasons=["not_found"],
        examples=[Example("An account", {"authRecordId": 7342901846132}, {"removed": True})],
    ),
)
