"""A store as it is told: by its name, as it was just authorized, and in the list."""

from typing import Any, Self

from pydantic import Field

from gateway.api.answers.base import A_NAME, A_REGION, Absent, Moment, PositiveCount, Record, extra
from gateway.api.answers.grants import GrantState, ListedState, ReasonedState, state_fields
from gateway.api.requests.base import EXAMPLE_NAME, EXAMPLE_SELLER
from gateway.model import Central, Grant, Region, StoreSites
from gateway.monitoring.warnings import grant_warnings


class StoreCandidate(Record):
    """A store to choose: call again with its `region`."""

    seller_id: str = Field(
        description="Amazon's id of the seller (merchant token)", examples=[EXAMPLE_SELLER]
    )
    seller_name: str = Field(description=A_NAME, examples=[EXAMPLE_NAME])
    region: Region = Field(description=A_REGION, examples=["NA"])

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """Return what a person needs to choose among stores."""
        return cls.model_validate(store_fields(grant))


class SameName(Record):
    """Who else has the name of a store. No two ads accounts of a user have one."""

    same_name: PositiveCount | Absent = extra("How many other stores of the caller's have the same name")


class StoreSite(Record):
    """A site of Amazon's in the store's region."""

    marketplace_id: str = Field(
        description="Amazon's id of the site, which many calls want", examples=["ATVPDKIKX0DER"]
    )
    country_code: str = Field(description="The site, such as `US`; Britain is `UK`", examples=["US"])
    name: str = Field(description="What Amazon calls the site", examples=["Amazon.com"])
    store_name: str | Absent = extra("The seller's own name there, where Amazon tells it")
    participating: bool = Field(description="Whether the seller takes part there", examples=[True])


class NewStore(GrantState, StoreCandidate):
    """A store that was authorized a moment ago."""

    central: Central | Absent = extra("Which Central it signs in at, where that is known")
    sites: list[StoreSite] | Absent = extra(
        "The sites that Amazon listed for the store when it was last asked: at its authorization or import, "
        "and for `/spApi/authorizedStores` with `refresh`"
    )
    sites_read_at: Moment | Absent = extra("When that was (RFC 3339, UTC)")
    verified: bool | None = Field(
        description="Whether Amazon answered for the store right after it was authorized; null where "
        "not asked, and after an import, which proves no seller id",
        examples=[True],
    )


class Store(ReasonedState, NewStore):
    """A store of the caller's."""

    @classmethod
    def told(cls, grant: Grant, sites: StoreSites | None) -> Self:
        """Return a store. `sites`: what is known of them."""
        return cls.model_validate({**store_fields(grant), **sites_fields(sites)})


class ListedStore(ListedState, Store):
    """A store in the list."""

    @classmethod
    def listed(cls, grant: Grant, sites: StoreSites | None, now: float) -> Self:
        """Return one listed store. `sites`: what is known of them; `now`: epoch seconds."""
        return cls.model_validate(
            {**store_fields(grant), **sites_fields(sites), **grant_warnings(grant, now)}
        )


def store_fields(grant: Grant) -> dict[str, Any]:
    """Return the fields that every answer about a store begins with."""
    return {
        "seller_id": grant.seller_id,
        "seller_name": grant.name,
        "region": grant.region,
        **state_fields(grant),
        "central": grant.central,
        "verified": grant.verified,
    }


def sites_fields(known: StoreSites | None) -> dict[str, Any]:
    """Return the fields of a store's sites; none where nothing is known of them."""
    if known is None:
        return {}
    return {"sites": [site._asdict() for site in known.sites], "sites_read_at": known.read_at}
