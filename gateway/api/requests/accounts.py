"""What the calls about ads accounts take: fields with their meaning, limits and examples."""

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from gateway.api.field_types import (
    A_NAME_IS_NEEDED,
    AnyToken,
    Flag,
    MinTtl,
    Name,
    NumberId,
    RefreshToken,
    RegionName,
)
from gateway.api.requests.base import (
    A_PROFILE_ID,
    A_RECORD_ID,
    A_REGION,
    EXAMPLE_ACCESS_TOKEN,
    EXAMPLE_PROFILE,
    EXAMPLE_RECORD,
    EXAMPLE_REFRESH_TOKEN,
    MIN_TTL,
    NAME_RULE,
    REFUSED,
    ApiRequest,
    CustomerRequest,
    ListRequest,
    either,
)
from gateway.errors import Problem


class AccountToAuthorize(ApiRequest):
    """What is to be authorized. What is left out of a known ads account is as it is kept."""

    model_config = ConfigDict(json_schema_extra=either("authRecordId", "accountName", only_one=False))

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


class AccountAuthorizationRequest(CustomerRequest, AccountToAuthorize):
    """What is needed for an ads account's consent link. What is left out of a known one is as it is kept."""


class ProfilesRequest(ListRequest):
    """Which part of the profiles, and whether to ask Amazon."""

    refresh: Flag | None = Field(
        None, description="Ask Amazon again first, on the hosts of all three regions"
    )


class OneAccountRequest(ApiRequest):
    """An ads account of the caller's, by its own number or by a profile that it covers."""

    model_config = ConfigDict(json_schema_extra=either("authRecordId", "profileId", only_one=True))

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


class RefreshAccountRequest(OneAccountRequest):
    """An ads account whose access token is to be refreshed."""

    refused: AnyToken | None = Field(None, description=REFUSED, examples=[EXAMPLE_ACCESS_TOKEN])


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
