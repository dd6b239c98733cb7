"""What a proxied call takes: fields with their meaning, limits and examples."""

from pydantic import ConfigDict, Field

from gateway.api.field_types import (
    AmazonPath,
    AnyToken,
    Method,
    NumberId,
    RegionName,
    SellerId,
    Text,
    Texts,
)
from gateway.api.requests.base import (
    EXAMPLE_ACCESS_TOKEN,
    EXAMPLE_PROFILE,
    EXAMPLE_SELLER,
    ApiRequest,
    either,
)
from gateway.proxy.media_types import LONGEST_ACCEPT
from gateway.proxy.targets import LONGEST_PATH, LONGEST_QUERY


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

    seller_id: SellerId | None = Field(
        None,
        description="The store, in place of `amzAccessToken`. Neither is needed for a grantless call of "
        "notifications by a key with the right `application`",
        examples=[EXAMPLE_SELLER],
    )
    restricted: Texts | None = Field(
        None,
        description="Data of buyers that the answer is to hold, by a key with the right `personal`: of "
        "Orders v0 `buyerInfo`, `shippingAddress`, `buyerTaxInformation`; of a report's document `all`. "
        "Where an operation always wants a restricted data token, such a key has it made without asking",
        examples=[["buyerInfo", "shippingAddress"]],
    )


class AccountProxyRequest(ProxyCallRequest):
    """One call of the Ads API."""

    model_config = ConfigDict(json_schema_extra=either("amzAccessToken", "profileId", only_one=False))

    profile_id: NumberId | None = Field(
        None,
        description="Becomes the header `Amazon-Advertising-API-Scope`; names the account, too",
        examples=[EXAMPLE_PROFILE],
    )
