"""What the calls about stores take: fields with their meaning, limits and examples."""

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from gateway.amazon.marketplaces import Marketplace
from gateway.api.field_types import (
    A_NAME_IS_NEEDED,
    AnyToken,
    CentralName,
    ExternalId,
    Flag,
    MinTtl,
    Name,
    RefreshToken,
    RegionName,
    Scopes,
    SellerId,
    Site,
)
from gateway.api.requests.base import (
    A_REGION,
    A_SELLER_ID,
    EXAMPLE_ACCESS_TOKEN,
    EXAMPLE_EXTERNAL_ID,
    EXAMPLE_NAME,
    EXAMPLE_REFRESH_TOKEN,
    EXAMPLE_SELLER,
    MIN_TTL,
    NAME_RULE,
    REFUSED,
    ApiRequest,
    CustomerRequest,
    ListRequest,
    either,
)
from gateway.authorization.details import store_region
from gateway.errors import Problem
from gateway.model import Central


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
    external_id: ExternalId | None = Field(
        None, description="Those of this customer alone", examples=[EXAMPLE_EXTERNAL_ID]
    )


class StoreToAuthorize(ApiRequest):
    """What is to be authorized. What is left out of a known store is as it is kept."""

    model_config = ConfigDict(json_schema_extra=either("sellerId", "sellerName", only_one=False))

    seller_id: SellerId | None = Field(
        None,
        description="To authorize this known store again: another seller is refused",
        examples=[EXAMPLE_SELLER],
    )
    region: RegionName | None = Field(
        None,
        description="Default: that of `marketplace`, else of the known store, else NA; needed where the "
        "seller has more than one and no name is given; in any case",
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


class StoreAuthorizationRequest(CustomerRequest, StoreToAuthorize):
    """What is needed for a store's consent link. What is left out of a known store is as it is kept."""


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


class RefreshStoreRequest(OneStoreRequest):
    """A store whose access token is to be refreshed."""

    refused: AnyToken | None = Field(None, description=REFUSED, examples=[EXAMPLE_ACCESS_TOKEN])


class RenameStoreRequest(OneStoreRequest):
    """A store with its new name."""

    seller_name: Name = Field(description=f"The new name, {NAME_RULE}", examples=[EXAMPLE_NAME])


class StoreTokensRequest(StoreRequest):
    """Whose tokens are wanted, and how fresh."""

    min_ttl: MinTtl | None = Field(None, description=MIN_TTL, examples=[300])


class ImportStoreRequest(StoreRequest):
    """A store with its refresh token."""

    seller_name: Name = Field(description=f"The store's name, {NAME_RULE}", examples=[EXAMPLE_NAME])
    refresh_token: RefreshToken = Field(
        description="A refresh token of Amazon's that was made elsewhere", examples=[EXAMPLE_REFRESH_TOKEN]
    )
