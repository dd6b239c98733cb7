"""What answers are made of: the schemas of `gateway/api/documents.py`, and of an error."""

from gateway.errors import TABLE
from gateway.openapi.shapes import (
    Schema,
    flag,
    integer,
    list_of,
    moment,
    nullable,
    number,
    record,
    ref,
    text,
)

REGION = text("The region", enum=["NA", "EU", "FE"])
STATUSES = ["authorized", "needs_reauthorization", "suspended_app"]
SANDBOX = flag("There, and true, where everything stands in for Amazon", const=True)
AUTH_RECORD_ID = integer(
    "The number of the authorization; stays the same when it is given again", format="int64", minimum=1
)
SELLER_ID = text("Amazon's id of the seller (merchant token)", examples=["A1SANDBOXNA001"])
PROFILE_ID = integer(
    "The Ads API's id of the profile, up to 64 bits; its calls want it as the header "
    "`Amazon-Advertising-API-Scope`",
    format="int64",
    minimum=1,
)
LISTED_STATUS = text(
    "`needs_reauthorization`: Amazon no longer accepts it; `suspended_app`: Amazon refuses the gateway's "
    "application, and no store is at fault",
    enum=STATUSES,
)
AUTHORIZE_URL = text(
    "The consent link. It works once; the person opens it in a browser",
    format="uri",
    examples=["https://sellercentral.amazon.com/apps/authorize/consent?application_id=…&state=…"],
)
AUTHORIZATION_ID = text(
    "Asks `authorizationStatus` how this attempt stands",
    pattern="^[A-Za-z0-9_-]{22}$",
    examples=["4sZ0b1hQxw3Yk9JmT2uVaA"],
)
NOTES = list_of({"type": "string"}, "What the caller should know, in sentences", minItems=1)
MESSAGE = text("What was done, in a sentence")
HINT = text("What to do about it")

STATE_FIELDS = {
    "authRecordId": AUTH_RECORD_ID,
    "status": LISTED_STATUS,
    "authorizedAt": moment("When it was authorized, last"),
    "authorizationExpiresAt": nullable(moment("When the authorization ends; null where that is not known")),
    "requestedScopes": list_of({"type": "string"}, "The permissions that were asked for"),
    "grantedScopes": nullable(
        list_of({"type": "string"}, "The permissions that Amazon named; null where it named none")
    ),
}
# Of what was authorized a moment ago.
NEW_EXTRAS = {
    "missingScopes": list_of({"type": "string"}, "Asked for and not granted; only where Amazon said")
}
STATE_EXTRAS = {
    **NEW_EXTRAS,
    "statusReason": text(
        "Why it has to be authorized again; see `reason` of an error",
        enum=["store_revoked", "grant_of_another_client"],
    ),
}
# Lists carry these; `gateway/monitoring/warnings.py` makes them.
WARNINGS = list_of(
    record(
        {
            "warning": text("What is going to stop working", enum=["authorization_ends"]),
            "endsAt": moment("When"),
        }
    ),
    "What has to be looked after within 30 days; only in lists",
    minItems=1,
)
SECRET_WARNING = record(
    {
        "warning": text("What is going to stop working", enum=["client_secret_ends"]),
        "application": text(
            "Whose client secret: the SP-API application's, or the Ads client's", enum=["spapi", "ads"]
        ),
        "ageDays": integer("How old it is, in days", minimum=0),
        "endsAfterDays": integer("How old it may become, in days", minimum=1, examples=[180]),
    }
)
LIST_WARNINGS = {
    "warnings": list_of(ref("SecretWarning"), "What the gateway's operator has to look after", minItems=1)
}
STORE_FIELDS = {
    "sellerId": SELLER_ID,
    "sellerName": text("The name that was given when it was authorized"),
    "region": REGION,
    **STATE_FIELDS,
    "verified": nullable(
        flag("Whether Amazon answered for the store right after it was authorized; null where not asked")
    ),
}
STORE = record(STORE_FIELDS, optional=STATE_EXTRAS)
CHECKED_FIELDS = {
    "verification": text(
        "Whether Amazon answered for the store: `verified`; `unverified` where the application lacks the "
        "role for the check; `wrong_region`; or `not_checked: ` and why. The authorization stands anyway",
        pattern="^(verified|unverified|wrong_region|not_checked: .*)$",
    ),
    "verificationReason": text("What the check found", enum=["role_missing", "wrong_region"]),
    "verificationHint": HINT,
}
IMPORTED_STORE = record(STORE_FIELDS, optional={**NEW_EXTRAS, **CHECKED_FIELDS, "notes": NOTES})
LISTED_STORE = record(STORE_FIELDS, optional={**STATE_EXTRAS, "warnings": WARNINGS})

ACCOUNT_NAME = text("The name that was given when it was authorized")
ACCOUNT_FIELDS = {"accountName": ACCOUNT_NAME, "region": REGION, **STATE_FIELDS}
ACCOUNT = record(ACCOUNT_FIELDS, optional=STATE_EXTRAS)

PROFILE_PLACE = {
    "accountInfoId": nullable(text("The advertiser's id at Amazon")),
    "accountInfoName": nullable(text("The advertiser's name at Amazon")),
    "marketplaceStringId": nullable(text("The marketplace id", examples=["ATVPDKIKX0DER"])),
    "countryCode": text("The site, such as `US`; Britain is `UK`", examples=["US"]),
    "region": REGION,
}
COVERED_BY = {
    "accountName": text("The name of the authorization that its tokens come from: the newest healthy one"),
    "accountNames": list_of({"type": "string"}, "The names of all authorizations that cover it", minItems=1),
}
ACCOUNT_TYPE = nullable(text("`seller`, `vendor` or `agency`", examples=["seller"]))
ACCOUNT_PROFILE = record(
    {
        "profileId": PROFILE_ID,
        "accountType": ACCOUNT_TYPE,
        **PROFILE_PLACE,
        **COVERED_BY,
        "authRecordIds": list_of(AUTH_RECORD_ID, "Their numbers, in the same order", minItems=1),
        **STATE_FIELDS,
    },
    optional={**STATE_EXTRAS, "warnings": WARNINGS},
)
ADVERTISING_PROFILE = record(
    {
        "profileId": PROFILE_ID,
        **PROFILE_PLACE,
        "accountInfoType": ACCOUNT_TYPE,
        "currencyCode": nullable(text("ISO 4217", examples=["USD"])),
        "dailyBudget": nullable(number("In `currencyCode`; null for vendors, who have none")),
        "timezone": nullable(text("A tz database name", examples=["America/Los_Angeles"])),
        "authRecordId": AUTH_RECORD_ID,
        **COVERED_BY,
        "status": LISTED_STATUS,
    }
)

TOKEN_FIELDS = {
    "authRecordId": AUTH_RECORD_ID,
    "accessToken": text("A secret: opens the seller's or advertiser's data", examples=["Atza|Example"]),
    "refreshToken": text("A secret: makes access tokens", examples=["Atzr|Example"]),
    "tokenType": text("The kind of token", examples=["bearer"]),
    "expiresIn": integer("The seconds that the access token has left", minimum=0, examples=[3600]),
    "expiresAt": moment("When the access token ends"),
}
TOKEN_EXTRAS = {
    "freshness": text(
        "The refresh for `minTtl` failed, and the token still lives for `expiresIn`", enum=["below_minimum"]
    )
}

PROFILES = list_of(ref("AdvertisingProfile"), "The profiles that the account reaches")
ACCOUNT_WITH_PROFILES = record(
    {**ACCOUNT_FIELDS, "profiles": PROFILES}, optional=STATE_EXTRAS, description="The account, as it is kept"
)

STORE_CANDIDATE = record(
    {"sellerId": SELLER_ID, "sellerName": STORE_FIELDS["sellerName"], "region": REGION},
    description="A store to choose: call again with its `region`",
)


def error() -> Schema:
    """Return the schema of an error, which names each reason of the table."""
    return record(
        {
            "errcode": integer(
                "1002 a parameter, 1003 Amazon or the authorization, 1004 not found or not yours, 1005 not "
                "allowed, 401 the API key, 402 credit, 500 the gateway itself",
                enum=sorted({row.errcode for row in TABLE.values()}),
            ),
            "errmsg": text("What went wrong, on one line"),
            "reason": text(
                "\n".join(f"- `{row.reason}`: {row.meaning}. {row.remedy}" for row in TABLE.values()),
                enum=list(TABLE),
            ),
            "requestId": text("The number of this request in the gateway's log", pattern="^[0-9a-f]{16}$"),
        },
        optional={
            "status": text("What became of the authorization", enum=STATUSES[1:]),
            "retryAfter": integer("The seconds after which to try again", minimum=0),
            "candidates": list_of(ref("StoreCandidate"), "What there is to choose from", minItems=2),
            "authorizeUrl": {
                **AUTHORIZE_URL,
                "description": "With `needs_reauthorization`: a link that authorizes it again",
            },
            "authorizationId": AUTHORIZATION_ID,
            "expiresAt": moment("When that link ends"),
            "sandbox": SANDBOX,
        },
    )


def schemas() -> dict[str, Schema]:
    """Return the document's named schemas."""
    return {
        "Error": error(),
        "Store": STORE,
        "ListedStore": LISTED_STORE,
        "StoreCandidate": STORE_CANDIDATE,
        "Account": ACCOUNT,
        "AccountWithProfiles": ACCOUNT_WITH_PROFILES,
        "AccountProfile": ACCOUNT_PROFILE,
        "AdvertisingProfile": ADVERTISING_PROFILE,
        "SecretWarning": SECRET_WARNING,
    }
