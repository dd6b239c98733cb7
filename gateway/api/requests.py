"""What each call of the JSON API takes: its fields with their meaning, limits and examples.

`null` counts as not given, and fields that are not known are left alone: hosted callers send more. The first
field that is not as it should be, in the order in which they stand here, is the one that the refusal names.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from gateway.amazon.marketplaces import Marketplace
from gateway.api.described import Described
from gateway.api.field_types import (
    A_NAME_IS_NEEDED,
    LARGEST_LIMIT,
    AmazonPath,
    AnyToken,
    AttemptId,
    CentralName,
    FieldKind,
    Flag,
    Limit,
    Method,
    MinTtl,
    Name,
    NumberId,
    Offset,
    RefreshToken,
    RegionName,
    Scopes,
    SellerId,
    Site,
    Text,
)
from gateway.authorization.details import LONGEST_NAME, store_region
from gateway.errors import Problem
from gateway.model import Central, Page
from gateway.proxy.media_types import LONGEST_ACCEPT
from gateway.proxy.targets import LONGEST_PATH, LONGEST_QUERY
from gateway.settings.settings import CALLBACK_PATHS, DEFAULT_PORT

A_REGION = "The region: North America, Europe (with India) or the Far East; in any case"
A_SELLER_ID = "Amazon's id of the seller (merchant token)"
A_RECORD_ID = "The number of the authorization, `authRecordId`; an integer, or 1 to 19 digits"
A_PROFILE_ID = "The Ads API's id of the profile; an integer, or 1 to 19 digits"
NAME_RULE = f"as it is to be listed: 1 to {LONGEST_NAME} characters after trimming, "
NAME_RULE += "without control or direction marks"
EXAMPLE_NAME = "My Store 我的店铺"
EXAMPLE_SELLER = "A1SANDBOXNA001"
EXAMPLE_RECORD = 7342901846132
EXAMPLE_PROFILE = 123456789012345
EXAMPLE_ATTEMPT = "4sZ0b1hQxw3Yk9JmT2uVaA"
EXAMPLE_REFRESH_TOKEN = "Atzr|IwEBIExampleRefreshToken"  # noqa: S105 (no secret)
EXAMPLE_ACCESS_TOKEN = "Atza|IwEBIExampleAccessToken"  # noqa: S105 (no secret)
EXAMPLE_CALLBACKS = {flow: f"http://127.0.0.1:{DEFAULT_PORT}{path}" for flow, path in CALLBACK_PATHS.items()}


def _either(*names: str, only_one: bool) -> dict[str, Any]:
    """Return the JSON schema that at least, or exactly, one of some fields is given; null is not."""
    given = [
        {
            "required": [name],
            "properties": {
                name: {"not": {"type": "null"}},
                **({other: {"type": "null"} for other in names if other != name} if only_one else {}),
            },
        }
        for name in names
    ]
    return {"oneOf" if only_one else "anyOf": given}


class ApiRequest(Described):
    """The body of a call."""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Return the request that a JSON object is.

        Raises:
            Problem: `bad_parameter`, with the first field that is not as it should be.
        """
        try:
            return cls.model_validate({name: value for name, value in document.items() if value is not None})
        except ValidationError as error:
            raise cls._refusal(error) from None

    @classmethod
    def _refusal(cls, error: ValidationError) -> Problem:
        """Return what to tell: pydantic's own messages are not for callers, and may quote what was sent."""
        first = error.errors(include_url=False, include_input=False)[0]
        name = first["loc"][0]
        words = first["msg"]
        if first["type"] == "missing":
            field = next(each for each in cls.model_fields.values() if each.alias == name)
            words = next(kind.missing for kind in field.metadata if isinstance(kind, FieldKind))
        elif first["type"] == "value_error":
            words = str(first["ctx"]["error"])
        return Problem("bad_parameter", f"{name}: {words}")


class ListRequest(ApiRequest):
    """Which part of a list. `{}`, or no body at all, asks for the whole."""

    limit: Limit | None = Field(
        None, description=f"How many to answer at most, 1 to {LARGEST_LIMIT}; default all", examples=[1000]
    )
    offset: Offset | None = Field(None, description="How many to leave out first; default none", examples=[0])

    def page(self) -> Page:
        """Return the part that is wanted."""
        return Page(self.limit, self.offset or 0)


class StoreListRequest(ListRequest):
    """Which part of the stores, and whether to ask Amazon for their sites."""

    refresh: Flag | None = Field(
        None, description="Ask Amazon again first at which sites the stores take part that are answered"
    )
    seller_id: SellerId | None = Field(
        None, description="The stores of this seller alone", examples=[EXAMPLE_SELLER]
    )
    region: RegionName | None = Field(
        None, description="Those of this region alone; in any case", examples=["NA"]
    )


class StoreAuthorizationRequest(ApiRequest):
    """What is needed for a store's consent link. What is left out of a known store is as it is kept."""

    model_config = ConfigDict(json_schema_extra=_either("sellerId", "sellerName", only_one=False))

    seller_id: SellerId | None = Field(
        None,
        description="To authorize this known store again: another seller is refused",
        examples=[EXAMPLE_SELLER],
    )
    region: RegionName | None = Field(
        None,
        description="Default: that of `marketplace`, else of the known store, else NA; needed where the "
        "seller has more than one; in any case",
        examples=["NA"],
    )
    marketplace: Site | None = Field(
        None,
        description="The site whose consent page to open: a country code or a marketplace id. India is kept "
        "under EU, and may be asked for under FE too; a known store of India is found so by its `sellerId` "
        "alone",
        examples=["US"],
    )
    seller_name: Name | None = Field(
        None,
        validate_default=True,
        description=f"The store's name, {NAME_RULE}. Default: that of the known store; any other needs one",
        examples=[EXAMPLE_NAME],
    )
    central: CentralName | None = Field(
        None,
        description="Whose consent page to open; in any case. Default: that of the known store, else seller",
        examples=["seller"],
    )
    vendor: Flag | None = Field(None, description="Vendor Central: a shorter way to say `central`")
    scopes: Scopes | None = Field(None, description="The permissions to ask for")

    @field_validator("marketplace")
    @classmethod
    def _of_the_region(cls, value: Marketplace | None, info: ValidationInfo) -> Marketplace | None:
        if {"seller_id", "region"} <= info.data.keys():  # else one of them is what the refusal names
            store_region(info.data["region"], value)
        return value

    @field_validator("seller_name")
    @classmethod
    def _of_a_known_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        read = {"seller_id", "region", "marketplace"} <= info.data.keys()
        if value is None and read and info.data["seller_id"] is None:
            raise Problem("bad_parameter", f"sellerName: {A_NAME_IS_NEEDED}")
        return value

    @field_validator("vendor")
    @classmethod
    def _as_central_says(cls, value: bool | None, info: ValidationInfo) -> bool | None:
        central = info.data.get("central")
        if central is not None and value is not None and value != (central == "vendor"):
            raise ValueError(f"it contradicts central {central}")
        return value

    def wanted_central(self) -> Central | None:
        """Return the Central that is named, in either way; None where neither is."""
        if self.central is not None or self.vendor is None:
            return self.central
        return "vendor" if self.vendor else "seller"


class StoreRequest(ApiRequest):
    """A store of the caller's."""

    seller_id: SellerId = Field(description=A_SELLER_ID, examples=[EXAMPLE_SELLER])
    region: RegionName = Field(description=A_REGION, examples=["NA"])


class OneStoreRequest(ApiRequest):
    """A store of the caller's, whose region may be left out where there is but one."""

    seller_id: SellerId = Field(description=A_SELLER_ID, examples=[EXAMPLE_SELLER])
    region: RegionName | None = Field(
        None, description="Needed where the seller has more than one", examples=["NA"]
    )


class RenameStoreRequest(OneStoreRequest):
    """A store with its new name."""

    seller_name: Name = Field(description=f"The new name, {NAME_RULE}", examples=[EXAMPLE_NAME])


MIN_TTL = "Seconds that the access token shall have left at least; it is refreshed where it has less"


class StoreTokensRequest(StoreRequest):
    """Whose tokens are wanted, and how fresh."""

    min_ttl: MinTtl | None = Field(None, description=MIN_TTL, examples=[300])


class ImportStoreRequest(StoreRequest):
    """A store with its refresh token."""

    seller_name: Name = Field(description=f"The store's name, {NAME_RULE}", examples=[EXAMPLE_NAME])
    refresh_token: RefreshToken = Field(
        description="A refresh token of Amazon's that was made elsewhere", examples=[EXAMPLE_REFRESH_TOKEN]
    )


class AttemptRequest(ApiRequest):
    """An attempt to authorize."""

    authorization_id: AttemptId = Field(
        description="The id that `authorizeUrl` returned", examples=[EXAMPLE_ATTEMPT]
    )


class CompletionRequest(ApiRequest):
    """Where a browser ended that could not come back itself."""

    # What is said where it is missing depends on the gateway's address, so the call says it.
    model_config = ConfigDict(json_schema_extra={"required": ["callbackUrl"]})

    callback_url: Text = Field(
        "",
        description="The whole address that the browser ended on, with its query",
        examples=[f"{EXAMPLE_CALLBACKS['spapi']}?state=…&selling_partner_id=…&spapi_oauth_code=…"],
    )


class AccountAuthorizationRequest(ApiRequest):
    """What is needed for an ads account's consent link. What is left out of a known one is as it is kept."""

    model_config = ConfigDict(json_schema_extra=_either("authRecordId", "accountName", only_one=False))

    auth_record_id: NumberId | None = Field(
        None, description="To authorize this account again", examples=[EXAMPLE_RECORD]
    )
    account_name: Name | None = Field(
        None,
        validate_default=True,
        description=f"The account's name, {NAME_RULE}. Default: that of the account to authorize again; any "
        "other needs one",
        examples=["My Brand"],
    )
    region: RegionName | None = Field(
        None,
        description="Default: that of the account to authorize again, else NA; in any case",
        examples=["NA"],
    )

    @field_validator("account_name")
    @classmethod
    def _of_a_known_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and "auth_record_id" in info.data and info.data["auth_record_id"] is None:
            raise Problem("bad_parameter", f"accountName: {A_NAME_IS_NEEDED}")
        return value


class ProfilesRequest(ListRequest):
    """Which part of the profiles, and whether to ask Amazon."""

    refresh: Flag | None = Field(
        None, description="Ask Amazon again first, on the hosts of all three regions"
    )


class OneAccountRequest(ApiRequest):
    """An ads account of the caller's, by its own number or by a profile that it covers."""

    model_config = ConfigDict(json_schema_extra=_either("authRecordId", "profileId", only_one=True))

    auth_record_id: NumberId | None = Field(None, description=A_RECORD_ID, examples=[EXAMPLE_RECORD])
    profile_id: NumberId | None = Field(
        None, validate_default=True, description=A_PROFILE_ID, examples=[EXAMPLE_PROFILE]
    )

    @field_validator("profile_id")
    @classmethod
    def _one_of_the_two(cls, value: int | None, info: ValidationInfo) -> int | None:
        if "auth_record_id" in info.data and (value is None) == (info.data["auth_record_id"] is None):
            raise Problem("bad_parameter", "expected either authRecordId or profileId")
        return value


class AccountTokensRequest(OneAccountRequest):
    """Whose tokens are wanted, and how fresh."""

    min_ttl: MinTtl | None = Field(None, description=MIN_TTL, examples=[300])


class ImportAccountRequest(ApiRequest):
    """An ads account with its refresh token."""

    region: RegionName = Field(description=A_REGION, examples=["NA"])
    account_name: Name = Field(description=f"The account's name, {NAME_RULE}", examples=["My Brand"])
    refresh_token: RefreshToken = Field(
        description="A refresh token of Amazon's that was made elsewhere", examples=[EXAMPLE_REFRESH_TOKEN]
    )


class AccountRequest(ApiRequest):
    """An ads account of the caller's."""

    auth_record_id: NumberId = Field(description=A_RECORD_ID, examples=[EXAMPLE_RECORD])


class RenameAccountRequest(AccountRequest):
    """An ads account with its new name."""

    account_name: Name = Field(
        description=f"The new name, {NAME_RULE}; no other of the caller's ads accounts may have it",
        examples=["My Brand, renamed"],
    )


class ProxyCallRequest(ApiRequest):
    """One call of an API of Amazon's. Path, query and type are checked by `gateway/proxy/request.py`."""

    body: Text | None = Field(
        None,
        description="What to send, byte for byte as UTF-8; a string, also where it holds JSON. Not sent with "
        "a GET",
    )
    path: AmazonPath = Field(
        description="A path of Amazon's API, below one of the prefixes that this gateway passes on; without "
        "a host and without a query. The first slash may be left out",
        examples=["/orders/v0/orders"],
        json_schema_extra={"maxLength": LONGEST_PATH},
    )
    method: Method = Field(description="The method; in any case", examples=["GET"])
    content_type: Text | None = Field(
        None, description="The type of `body`; default `application/json`", examples=["application/json"]
    )
    accept: Text | None = Field(
        None,
        description="The media types that may come back, as in the header `Accept`. Default: for the SP-API "
        "`application/json`, for the Ads API what Amazon publishes for the call",
        examples=["application/json"],
        json_schema_extra={"maxLength": LONGEST_ACCEPT},
    )
    query_string: Text | None = Field(
        None,
        description="`name=value&…`, percent-encoded",
        examples=["MaxResultsPerPage=10"],
        json_schema_extra={"maxLength": LONGEST_QUERY + 1},
    )
    region: RegionName = Field(description="That of the store or profile; in any case", examples=["NA"])
    amz_access_token: AnyToken | None = Field(
        None,
        description="The token that `storeTokens` or `refreshToken` answered, until it ends. Without it the "
        "gateway takes the token itself and keeps it",
        examples=[EXAMPLE_ACCESS_TOKEN],
    )


class StoreProxyRequest(ProxyCallRequest):
    """One call of the SP-API."""

    model_config = ConfigDict(json_schema_extra=_either("amzAccessToken", "sellerId", only_one=False))

    seller_id: SellerId | None = Field(
        None, description="The store, in place of `amzAccessToken`", examples=[EXAMPLE_SELLER]
    )


class AccountProxyRequest(ProxyCallRequest):
    """One call of the Ads API."""

    model_config = ConfigDict(json_schema_extra=_either("amzAccessToken", "profileId", only_one=False))

    profile_id: NumberId | None = Field(
        None,
        description="Becomes the header `Amazon-Advertising-API-Scope`; names the account, too",
        examples=[EXAMPLE_PROFILE],
    )
