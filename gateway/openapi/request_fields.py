"""The fields that requests are made of; `gateway/api/fields.py` has the rules."""

from gateway.amazon.ads_api import LARGEST_PROFILE_ID
from gateway.api.fields import LARGEST_MIN_TTL, LONGEST_NAME
from gateway.authorization.scopes import SPAPI_SCOPES
from gateway.openapi.shapes import Schema, integer, list_of, text


def word(description: str, *words: str) -> Schema:
    """One of a few words. Their case does not matter, nor do spaces around them."""
    letters = ("".join(f"[{each.upper()}{each.lower()}]" for each in one) for one in words)
    return {
        "description": description,
        "anyOf": [
            {"type": "string", "enum": list(words)},
            {"type": "string", "pattern": rf"^\s*({'|'.join(letters)})\s*$"},
        ],
        "examples": [words[0]],
    }


REGION = word("The region: North America, Europe (with India) or the Far East; in any case", "NA", "EU", "FE")
CENTRAL = word("Whose consent page to open; in any case", "seller", "vendor")
SELLER_ID = text(
    "Amazon's id of the seller (merchant token)",
    pattern=r"^\s*[A-Za-z0-9._-]{1,64}\s*$",
    examples=["A1SANDBOXNA001"],
)
SCOPES = list_of({"type": "string", "enum": list(SPAPI_SCOPES)}, "The permissions to ask for")
MIN_TTL = integer(
    "Seconds that the access token shall have left at least; it is refreshed where it has less",
    minimum=0,
    maximum=LARGEST_MIN_TTL,
    examples=[300],
)
REFRESH_TOKEN = text(
    "A refresh token of Amazon's that was made elsewhere",
    pattern=r"^\s*[\x21-\x7e]{1,2048}\s*$",
    examples=["Atzr|IwEBIExampleRefreshToken"],
)
AUTHORIZATION_ID = text("The id that `authorizeUrl` returned", examples=["4sZ0b1hQxw3Yk9JmT2uVaA"])
CALLBACK_URL = text(
    "The whole address that the browser ended on, with its query",
    examples=["http://127.0.0.1:8765/spApi/oauth/callback?state=…&selling_partner_id=…&spapi_oauth_code=…"],
)


def name(whose: str) -> Schema:
    """A name that a person gives: its length is that after trimming."""
    return text(
        f"The {whose}'s name, as it is to be listed: 1 to {LONGEST_NAME} characters after trimming, "
        "without control or direction marks",
        pattern=rf"^\s*\S([\s\S]{{0,{LONGEST_NAME - 2}}}\S)?\s*$",
        examples=["My Store 我的店铺"],
    )


def number_id(description: str) -> Schema:
    """An id of up to 64 bits: a number, or the same in digits for languages that cannot hold it."""
    return {
        "description": f"{description}; an integer, or 1 to 19 digits",
        "anyOf": [
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_PROFILE_ID},
            {"type": "string", "pattern": r"^\s*[0-9]{1,19}\s*$"},
        ],
        "examples": [123456789012345],
    }


RECORD_ID = number_id("The number of the authorization, `authRecordId`")
PROFILE_ID = number_id("The Ads API's id of the profile")
# Exactly one of the two; null counts as not given.
ONE_ACCOUNT = {
    "oneOf": [
        {
            "required": [given],
            "properties": {given: {"not": {"type": "null"}}, other: {"type": "null"}},
        }
        for given, other in (("authRecordId", "profileId"), ("profileId", "authRecordId"))
    ]
}
