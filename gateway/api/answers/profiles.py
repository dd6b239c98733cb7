"""What is answered of advertising profiles, by themselves and as the rows of the list of accounts."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field

from gateway.api.answers.base import A_REGION, Number, Record
from gateway.api.answers.grants import ListedState, grant_status, record_id, state_fields
from gateway.api.requests.base import EXAMPLE_PROFILE, EXAMPLE_RECORD
from gateway.model import Grant, GrantStatus, Profile, Region
from gateway.monitoring.warnings import grant_warnings

AN_ACCOUNT_TYPE = "`seller`, `vendor` or `agency`"


class ProfileIdentity(Record):
    """An advertising profile: one account at one site."""

    profile_id: Number = Field(
        description="The Ads API's id of the profile, up to 64 bits; its calls want it as the header "
        "`Amazon-Advertising-API-Scope`",
        examples=[EXAMPLE_PROFILE],
    )
    account_info_id: str | None = Field(
        description="The advertiser's id at Amazon", examples=["ENTITY123EXAMPLE"]
    )
    account_info_name: str | None = Field(
        description="The advertiser's name at Amazon", examples=["My Brand, Inc."]
    )
    marketplace_string_id: str | None = Field(description="The marketplace id", examples=["ATVPDKIKX0DER"])
    country_code: str = Field(description="The site, such as `US`; Britain is `UK`", examples=["US"])
    region: Region = Field(description=A_REGION, examples=["NA"])
    account_name: str = Field(
        description="The name of the authorization that its tokens come from: the newest healthy one",
        examples=["My Brand"],
    )
    account_names: list[str] = Field(
        description="The names of all authorizations that cover it", min_length=1, examples=[["My Brand"]]
    )


def _identity(profile: Profile, grants: Sequence[Grant]) -> dict[str, Any]:
    """Return the fields of ProfileIdentity. `grants`: all that cover it, the newest healthy one first."""
    return {
        "profile_id": profile.profile_id,
        "account_info_id": profile.account_info_id,
        "account_info_name": profile.account_info_name,
        "marketplace_string_id": profile.marketplace_id,
        "country_code": profile.country_code,
        "region": profile.region,
        "account_name": grants[0].name,
        "account_names": [grant.name for grant in grants],
    }


class AccountProfile(ListedState, ProfileIdentity):
    """An account and site in the list."""

    account_type: str | None = Field(description=AN_ACCOUNT_TYPE, examples=["seller"])
    auth_record_ids: list[Number] = Field(
        description="Their numbers, in the same order", min_length=1, examples=[[EXAMPLE_RECORD]]
    )

    @classmethod
    def listed(cls, profile: Profile, grants: Sequence[Grant], now: float) -> Self:
        """Return one listed account and site. `grants`: those that cover it, the newest healthy one first."""
        return cls.model_validate(
            {
                **state_fields(grants[0]),
                **_identity(profile, grants),
                "account_type": profile.account_info_type,
                "auth_record_ids": [grant.id for grant in grants],
                **grant_warnings(grants[0], now),
            }
        )


class AdvertisingProfile(ProfileIdentity):
    """A profile with what Amazon says of it."""

    account_info_type: str | None = Field(description=AN_ACCOUNT_TYPE, examples=["seller"])
    currency_code: str | None = Field(description="ISO 4217", examples=["USD"])
    daily_budget: float | None = Field(
        description="In `currencyCode`, a number as Amazon sends it (the hosted gateway's page shows a text, "
        '`"100.00"`: read both); null for vendors, who have none',
        examples=[1000.0],
    )
    timezone: str | None = Field(description="A tz database name", examples=["America/Los_Angeles"])
    auth_record_id: Number = record_id()
    status: GrantStatus = grant_status()

    @classmethod
    def of(cls, profile: Profile, grants: Sequence[Grant]) -> Self:
        """Return one profile. `grants`: those that cover it, the newest healthy one first."""
        return cls.model_validate(
            {
                **_identity(profile, grants),
                "account_info_type": profile.account_info_type,
                "currency_code": profile.currency_code,
                "daily_budget": profile.daily_budget,
                "timezone": profile.timezone,
                "auth_record_id": grants[0].id,
                "status": grants[0].status,
            }
        )


class Profiles(Record):
    """The profiles of an account."""

    profiles: list[AdvertisingProfile] = Field(description="The profiles that the account reaches")


def profiles_of(grant: Grant, profiles: Sequence[Profile]) -> list[AdvertisingProfile]:
    """Return the profiles that one grant covers."""
    return [AdvertisingProfile.of(profile, [grant]) for profile in profiles]
