"""What each call of the JSON API answers: its fields with their meaning, and where each comes from.

A field without a default is always there, though it may be null. One made by `extra` is there only where
there is something to say. Of several bases the last one's fields come first: what tells a store or account
apart stands before what is known of it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, InstanceOf, PlainSerializer, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from gateway.amazon.marketplaces import INDIA_NOTE
from gateway.api.described import Described
from gateway.api.error_groups import ATTEMPT_REASONS, REFRESH_ERRORS
from gateway.api.requests import (
    EXAMPLE_ACCESS_TOKEN,
    EXAMPLE_ATTEMPT,
    EXAMPLE_NAME,
    EXAMPLE_PROFILE,
    EXAMPLE_RECORD,
    EXAMPLE_REFRESH_TOKEN,
    EXAMPLE_SELLER,
)
from gateway.authorization.attempt_state import ProfileSync, State
from gateway.authorization.authorizer import StartedAuthorization
from gateway.authorization.scopes import missing_scopes
from gateway.errors import TABLE, Problem
from gateway.model import Flow, Grant, GrantStatus, Profile, Region
from gateway.monitoring.warnings import ENDING_SECONDS, SECRET_DAYS, grant_warnings
from gateway.settings.settings import ATTEMPT_LIFETIME
from gateway.tokens.grant_tokens import GrantTokens, seconds_left
from gateway.util.clock import rfc3339
from gateway.util.secret import Secret
from gateway.util.text import LONGEST_SHOWN

ENDING_DAYS = ENDING_SECONDS // 86_400
A_REGION = "The region"
LINK_LIFE = f"The link works once, for {ATTEMPT_LIFETIME // 60} minutes."
A_NAME = "The name that was given when it was authorized"
A_HINT = "What to do about it"
REFRESHED = "The access token was refreshed"
NOTES = "What the caller should know, in sentences"
CHECK_REASONS = {"unverified": "role_missing", "wrong_region": "wrong_region"}
# In UTC, to the second; kept as epoch seconds everywhere else.
Moment = Annotated[
    str,
    BeforeValidator(lambda at: rfc3339(at) if isinstance(at, int) else at),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Count = Annotated[int, Field(ge=0)]
Some = Annotated[int, Field(ge=1)]
# Up to 64 bits.
Number = Annotated[int, Field(ge=1, json_schema_extra={"format": "int64"})]
# Unwrapped as the answer is written, so that it prints masked until then.
Revealed = Annotated[
    InstanceOf[Secret], PlainSerializer(Secret.reveal, return_type=str), WithJsonSchema({"type": "string"})
]
Absent = SkipJsonSchema[None]


def _is_absent(value: object) -> bool:
    return value is None


def extra(description: str, **more: Any) -> Any:
    """Return a field that is there only where there is something to say."""
    return Field(default=None, exclude_if=_is_absent, description=description, **more)


def moment(description: str, example: str | None = "2027-01-15T08:00:00Z") -> Any:
    """Return a field that holds a time."""
    return Field(
        description=f"{description} (RFC 3339, UTC)",
        examples=[example],
    )


def record_id() -> Any:
    """Return a field that holds the number of an authorization."""
    return Field(
        description="The number of the authorization; stays the same when it is given again",
        examples=[EXAMPLE_RECORD],
    )


def grant_status() -> Any:
    """Return a field that holds how an authorization stands, in a word."""
    return Field(
        description="`needs_reauthorization`: Amazon no longer accepts it; `suspended_app`: Amazon refuses "
        "the gateway's application, and no store is at fault",
        examples=["authorized"],
    )


def consent_link() -> Any:
    """Return a field that holds a consent link."""
    return Field(
        description="The consent link. It works once; the person opens it in a browser",
        examples=[
            "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.solution.example"
            "&state=example&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2FspApi%2Foauth%2Fcallback"
        ],
        json_schema_extra={"format": "uri"},
    )


def attempt_id() -> Any:
    """Return a field that holds the id of an attempt."""
    return Field(
        description="Asks `authorizationStatus` how this attempt stands",
        pattern="^[A-Za-z0-9_-]{22}$",
        examples=[EXAMPLE_ATTEMPT],
    )


class Record(Described):
    """A part of an answer."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)


class Answer(Record):
    """The document that a call answers."""

    sandbox: Literal[True] | Absent = extra("There, and true, where everything stands in for Amazon")


# --- how an authorization stands ---


class GrantState(Record):
    """What every listed store and account carries: how its authorization stands."""

    auth_record_id: Number = record_id()
    status: GrantStatus = grant_status()
    authorized_at: Moment = moment("When it was authorized, last")
    authorization_expires_at: Moment | None = moment(
        "When the authorization ends; null where that is not known", "2028-01-15T08:00:00Z"
    )
    last_used_at: Moment | None = moment(
        "When a call last used its tokens, to some seconds; null where none has since it is kept here"
    )
    requested_scopes: list[str] = Field(
        description="The permissions that were asked for", examples=[["sellingpartnerapi::orders"]]
    )
    granted_scopes: list[str] | None = Field(
        description="The permissions that Amazon named; null where it named none", examples=[None]
    )
    missing_scopes: list[str] | Absent = extra("Asked for and not granted; only where Amazon said")


class ReasonedState(GrantState):
    """The same, of what was not authorized a moment ago."""

    status_reason: Literal["store_revoked", "grant_of_another_client"] | Absent = extra(
        "Why it has to be authorized again; see `reason` of an error"
    )


class GrantWarning(Record):
    """An authorization that ends soon."""

    warning: Literal["authorization_ends"] = Field(description="What is going to stop working")
    ends_at: Moment = moment("When")


class ListedState(ReasonedState):
    """The same, in a list."""

    warnings: list[GrantWarning] | Absent = extra(
        f"What has to be looked after within {ENDING_DAYS} days; only in lists",
        json_schema_extra={"minItems": 1},
    )


def _state(grant: Grant) -> dict[str, Any]:
    """Return the fields of GrantState and ReasonedState."""
    return {
        "auth_record_id": grant.id,
        "status": grant.status,
        "authorized_at": grant.authorized_at,
        "authorization_expires_at": grant.authorization_expires_at,
        "last_used_at": grant.last_used_at,
        "requested_scopes": list(grant.requested_scopes),
        "granted_scopes": None if grant.granted_scopes is None else list(grant.granted_scopes),
        "missing_scopes": missing_scopes(grant.requested_scopes, grant.granted_scopes),
        "status_reason": grant.status_reason,
    }


class SecretWarning(Record):
    """A client secret that grows old."""

    warning: Literal["client_secret_ends"] = Field(description="What is going to stop working")
    application: Flow = Field(
        description="Whose client secret: the SP-API application's, or the Ads client's"
    )
    age_days: int = Field(description="How old it is, in days", ge=0)
    ends_after_days: int = Field(description="How old it may become, in days", ge=1, examples=[SECRET_DAYS])


class Listed(Answer):
    """A list, with what has to be looked after beside it."""

    warnings: list[SecretWarning] | Absent = extra(
        "What the gateway's operator has to look after", json_schema_extra={"minItems": 1}
    )


# --- stores ---


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
        return cls.model_validate(_store(grant))


class NewStore(GrantState, StoreCandidate):
    """A store that was authorized a moment ago."""

    verified: bool | None = Field(
        description="Whether Amazon answered for the store right after it was authorized; null where "
        "not asked",
        examples=[True],
    )


class Store(ReasonedState, NewStore):
    """A store of the caller's."""


class ListedStore(ListedState, Store):
    """A store in the list."""

    @classmethod
    def listed(cls, grant: Grant, now: float) -> Self:
        """Return one listed store. `now`: epoch seconds."""
        return cls.model_validate({**_store(grant), **grant_warnings(grant, now)})


def _store(grant: Grant) -> dict[str, Any]:
    return {
        "seller_id": grant.seller_id,
        "seller_name": grant.name,
        "region": grant.region,
        **_state(grant),
        "verified": grant.verified,
    }


class Checked(Record):
    """What the first look at a store has found, with what to do about it."""

    verification: str | Absent = extra(
        "Whether Amazon answered for the store: `verified`; `unverified` where the application lacks the "
        "role for the check; `wrong_region`; or `not_checked: ` and why. The authorization stands anyway",
        pattern="^(verified|unverified|wrong_region|not_checked: .*)$",
    )
    verification_reason: Literal["role_missing", "wrong_region"] | Absent = extra("What the check found")
    verification_hint: str | Absent = extra(A_HINT)


def checked(verification: str | None) -> dict[str, str]:
    """Return the fields of Checked; none where there is nothing to say."""
    if verification is None:
        return {}
    document = {"verification": verification}
    if verification in CHECK_REASONS:
        row = TABLE[CHECK_REASONS[verification]]
        document |= {"verification_reason": row.reason, "verification_hint": row.remedy}
    return document


class Noted(Record):
    """An answer that may have something to say beside what was asked for."""

    notes: list[str] | Absent = extra(NOTES, json_schema_extra={"minItems": 1})


def notes_of(asked: Region | None, kept: Region) -> list[str] | None:
    """Return what a caller should know who asked for a store under another region than it is kept under."""
    return None if asked in (None, kept) else [INDIA_NOTE]


class ImportedStore(Answer, Noted, Checked, NewStore):
    """An imported store. `verification` is only there where Amazon did not answer for it."""

    @classmethod
    def imported(cls, grant: Grant, asked: Region, verification: str) -> Self:
        """Return a store that was imported under the region `asked`."""
        found = {} if verification == "verified" else checked(verification)
        return cls.model_validate({**_store(grant), **found, "notes": notes_of(asked, grant.region)})


class Stores(Listed):
    """The caller's stores."""

    stores: list[ListedStore] = Field(description="The stores")
    total: int = Field(description="How many there are", ge=0, examples=[1])


class ConsentLink(Answer):
    """A consent link."""

    authorize_url: str = consent_link()
    authorization_id: str = attempt_id()
    expires_at: Moment = moment("When the link ends", "2027-01-15T08:15:00Z")
    region: Region = Field(description=A_REGION, examples=["NA"])


class StoreLink(Noted, ConsentLink):
    """A store's consent link."""

    @classmethod
    def of(cls, begun: StartedAuthorization, region: Region, notes: list[str]) -> Self:
        """Return the link that was made, for a store that is to be kept under `region`."""
        return cls(
            authorize_url=begun.link,
            authorization_id=begun.attempt_id,
            expires_at=rfc3339(begun.expires_at) or "",
            region=region,
            notes=notes or None,
        )


# --- tokens ---


class IssuedTokens(Answer):
    """A grant's tokens, for their owner."""

    auth_record_id: Number = record_id()
    access_token: Revealed = Field(
        description="A secret: opens the seller's or advertiser's data", examples=[EXAMPLE_ACCESS_TOKEN]
    )
    refresh_token: Revealed = Field(
        description="A secret: makes access tokens", examples=[EXAMPLE_REFRESH_TOKEN]
    )
    token_type: str = Field(description="The kind of token", examples=["bearer"])
    expires_in: int = Field(description="The seconds that the access token has left", ge=0, examples=[3600])
    expires_at: Moment = moment("When the access token ends", "2027-01-15T09:00:00Z")


class ReadTokens(IssuedTokens):
    """The same, where they were only refreshed if need be."""

    freshness: Literal["below_minimum"] | Absent = extra(
        "The refresh for `minTtl` failed, and the token still lives for `expiresIn`"
    )


class RefreshedTokens(IssuedTokens):
    """The same, after a refresh."""

    message: str = Field(description="What was done, in a sentence", examples=[REFRESHED])


class OfStore(Noted):
    """Whose tokens they are."""

    seller_id: str = Field(
        description="Amazon's id of the seller (merchant token)", examples=[EXAMPLE_SELLER]
    )
    region: Region = Field(description=A_REGION, examples=["NA"])


class StoreTokens(ReadTokens, OfStore):
    """A store's tokens."""

    @classmethod
    def of(cls, held: GrantTokens, asked: Region, now: float) -> Self:
        """Return tokens of a store that was asked for under the region `asked`. `now`: epoch seconds."""
        return cls(**_tokens(held, now), **_of_store(held.grant, asked))


class RefreshedStoreTokens(RefreshedTokens, OfStore):
    """A store's tokens after a refresh."""

    @classmethod
    def of(cls, held: GrantTokens, asked: Region | None, now: float) -> Self:
        """Return tokens of a store that was asked for under the region `asked`. `now`: epoch seconds."""
        return cls(**_tokens(held, now), **_of_store(held.grant, asked), message=REFRESHED)


class OfAccount(Record):
    """Whose tokens they are."""

    account_name: str = Field(description=A_NAME, examples=["My Brand"])


class AccountTokens(ReadTokens, OfAccount):
    """An ads account's tokens."""

    client_id: str = Field(
        description="The Ads API wants it as the header `Amazon-Advertising-API-ClientId`",
        examples=["amzn1.application-oa2-client.example"],
    )

    @classmethod
    def of(cls, held: GrantTokens, client_id: str, now: float) -> Self:
        """Return an ads account's tokens. `now`: epoch seconds."""
        return cls(**_tokens(held, now), account_name=held.grant.name, client_id=client_id)


class RefreshedAccountTokens(RefreshedTokens, OfAccount):
    """An ads account's tokens after a refresh."""

    @classmethod
    def of(cls, held: GrantTokens, now: float) -> Self:
        """Return an ads account's tokens. `now`: epoch seconds."""
        return cls(**_tokens(held, now), account_name=held.grant.name, message=REFRESHED)


def _tokens(held: GrantTokens, now: float) -> dict[str, Any]:
    """Return the fields of IssuedTokens and ReadTokens."""
    return {
        "auth_record_id": held.grant.id,
        "access_token": held.tokens.access_token,
        "refresh_token": held.tokens.refresh_token,
        "token_type": held.tokens.token_type,
        "expires_in": max(0, int(seconds_left(held.grant, held.tokens, now))),
        "expires_at": held.tokens.expires_at,
        "freshness": "below_minimum" if held.below_minimum else None,
    }


def _of_store(grant: Grant, asked: Region | None) -> dict[str, Any]:
    return {"seller_id": grant.seller_id, "region": grant.region, "notes": notes_of(asked, grant.region)}


# --- ads accounts ---


class NamedAccount(Record):
    """An ads account by its name."""

    account_name: str = Field(description=A_NAME, examples=["My Brand"])
    region: Region = Field(description=A_REGION, examples=["NA"])


class NewAccount(GrantState, NamedAccount):
    """An ads account that was authorized a moment ago."""


class Account(ReasonedState, NewAccount):
    """An ads account without its profiles."""

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """Return one ads authorization without its profiles."""
        return cls.model_validate(_account(grant))


def _account(grant: Grant) -> dict[str, Any]:
    return {"account_name": grant.name, "region": grant.region, **_state(grant)}


class Place(Record):
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


def _place(profile: Profile, grants: Sequence[Grant]) -> dict[str, Any]:
    """Return the fields of Place. `grants`: those that cover the profile, the newest healthy one first."""
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


AN_ACCOUNT_TYPE = "`seller`, `vendor` or `agency`"


class AccountProfile(ListedState, Place):
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
                **_state(grants[0]),
                **_place(profile, grants),
                "account_type": profile.account_info_type,
                "auth_record_ids": [grant.id for grant in grants],
                **grant_warnings(grants[0], now),
            }
        )


class AdvertisingProfile(Place):
    """A profile with what Amazon says of it."""

    account_info_type: str | None = Field(description=AN_ACCOUNT_TYPE, examples=["seller"])
    currency_code: str | None = Field(description="ISO 4217", examples=["USD"])
    daily_budget: float | None = Field(
        description="In `currencyCode`; null for vendors, who have none", examples=[1000.0]
    )
    timezone: str | None = Field(description="A tz database name", examples=["America/Los_Angeles"])
    auth_record_id: Number = record_id()
    status: GrantStatus = grant_status()

    @classmethod
    def of(cls, profile: Profile, grants: Sequence[Grant]) -> Self:
        """Return one profile. `grants`: those that cover it, the newest healthy one first."""
        return cls.model_validate(
            {
                **_place(profile, grants),
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


class AccountWithProfiles(Profiles, Account):
    """The account, as it is kept."""

    @classmethod
    def with_profiles(cls, grant: Grant, profiles: Sequence[Profile]) -> Self:
        """Return an account with what it reaches."""
        return cls.model_validate({**_account(grant), "profiles": _profiles(grant, profiles)})


def _profiles(grant: Grant, profiles: Sequence[Profile]) -> list[AdvertisingProfile]:
    return [AdvertisingProfile.of(profile, [grant]) for profile in profiles]


class AccountLink(ConsentLink):
    """An ads account's consent link."""

    source_type: Literal["amazon_ads"] = Field(description="Always the same")

    @classmethod
    def of(cls, begun: StartedAuthorization, region: Region) -> Self:
        """Return the link that was made."""
        return cls(
            authorize_url=begun.link,
            authorization_id=begun.attempt_id,
            expires_at=rfc3339(begun.expires_at) or "",
            region=region,
            source_type="amazon_ads",
        )


class Accounts(Listed):
    """The caller's ads accounts."""

    stores: list[AccountProfile] = Field(description="The accounts and sites")
    total: int = Field(description="How many there are", ge=0, examples=[1])
    accounts_without_profiles: list[Account] = Field(
        description="Authorizations whose profiles could not be read", examples=[[]]
    )


class SyncFailure(Record):
    """Why Amazon could not be asked for the profiles of one account, while it could for another."""

    auth_record_id: Number = record_id()
    account_name: str = Field(description=A_NAME, examples=["My Brand"])
    reason: str = Field(
        description="As `reason` of an error",
        json_schema_extra={
            "enum": [*REFRESH_ERRORS, "token_refused", "amazon_rejected", "profile_sync_failed"]
        },
    )
    errmsg: str = Field(description="What went wrong, on one line")

    @classmethod
    def of(cls, grant: Grant, problem: Problem) -> Self:
        """Return what went wrong with an account."""
        return cls(
            auth_record_id=grant.id, account_name=grant.name, reason=problem.reason, errmsg=problem.message
        )


class ProfileList(Answer, Profiles):
    """The caller's profiles."""

    total: int = Field(description="How many there are", ge=0, examples=[1])
    refreshed: bool = Field(description="Whether Amazon answered for all of them just now", examples=[True])
    failures: list[SyncFailure] | Absent = extra(
        "The accounts that Amazon could not be asked for, or not in each region",
        json_schema_extra={"minItems": 1},
    )


PROFILE_SYNC = "Whether the profiles could be read from Amazon; the authorization stands anyway"


class ImportedAccount(Answer, Profiles, NewAccount):
    """An imported ads account with its profiles."""

    total: int = Field(description="How many there are", ge=0, examples=[1])
    profile_sync: ProfileSync = Field(description=PROFILE_SYNC, examples=["ok"])
    reason: Literal["profile_sync_failed"] | Absent = extra("Where no profile could be read")
    hint: str | Absent = extra(A_HINT)

    @classmethod
    def imported(cls, grant: Grant, profiles: Sequence[Profile], *, synced: bool) -> Self:
        """Return an account that was imported. `synced`: its profiles could be read from Amazon."""
        row = None if synced else TABLE["profile_sync_failed"]
        return cls.model_validate(
            {
                **_account(grant),
                "profiles": _profiles(grant, profiles),
                "total": len(profiles),
                "profile_sync": "ok" if synced else "profile_sync_failed",
                "reason": row and row.reason,
                "hint": row and row.remedy,
            }
        )


# --- how an attempt stands ---


class AttemptStatus(Answer):
    """How an attempt to authorize stands."""

    authorization_id: str = attempt_id()
    state: State = Field(
        description="`pending` until the person has answered Amazon, or while the gateway is at work",
        examples=["authorized"],
    )
    detail: str | Absent = extra(f"Amazon's own words, cleaned and cut at {LONGEST_SHOWN} characters")


class StoreStatus(Checked, AttemptStatus):
    """How an attempt to authorize a store stands."""

    reason: str | Absent = extra(
        "Why it did not come to an authorization", json_schema_extra={"enum": list(ATTEMPT_REASONS)}
    )
    hint: str | Absent = extra(A_HINT)
    store: Store | Absent = extra("The store, as it is kept")


class AccountStatus(AttemptStatus):
    """How an attempt to authorize an ads account stands."""

    reason: str | Absent = extra(
        "Why it did not come to an authorization, or `profile_sync_failed`",
        json_schema_extra={"enum": [*ATTEMPT_REASONS, "profile_sync_failed"]},
    )
    hint: str | Absent = extra(A_HINT)
    profile_sync: ProfileSync | Absent = extra(PROFILE_SYNC)
    account: AccountWithProfiles | Absent = extra("The account, as it is kept")


# --- the rest ---


class Removed(Answer):
    """That something is gone."""

    removed: Literal[True] = Field(description="It is gone", examples=[True])


class RemovedStore(Noted, Removed):
    """That a store is gone."""


class ProxyAnswer(Answer):
    """What Amazon answered. Written piece by piece, by `gateway/proxy/answers.py`."""

    errcode: Literal[200] = Field(description="Amazon answered, whatever it answered")
    errmsg: str = Field(description="Empty", examples=[""])
    http_status: int = Field(description="Amazon's status", ge=100, le=999, examples=[200])
    content_type: str = Field(
        description="Amazon's Content-Type; empty where it has none", examples=["application/json"]
    )
    body: str = Field(description="Amazon's body, decompressed", examples=["[]"])
    request_id: str | None = Field(
        description="Amazon's number of the call, which its support asks for",
        examples=["7c5f2e0a-6d3b-4f5e-9d0e-1b2c3d4e5f60"],
    )
    rate_limit: float | None = Field(
        description="Calls per second that the SP-API allows; null where it did not say", examples=[None]
    )
    retry_after: int | None = Field(
        description="Seconds that Amazon asks to wait; null where it did not say", ge=0, examples=[None]
    )
    body_encoding: Literal["base64"] | Absent = extra("Where the body is not UTF-8, and `body` therefore")


class StoreProxyAnswer(Noted, ProxyAnswer):
    """The same, for a store: one of India may be asked for under the Far East, too."""


class Health(Answer):
    """That the gateway takes requests."""

    status: Literal["ok"] = Field(description="Always the same")
    version: str = Field(description="That of the gateway", examples=["0.2.0"])


class Checks(Record):
    """What was looked at, and whether it can be worked with."""

    database: bool = Field(description="The database answers", examples=[True])
    master_key: bool = Field(description="The master key opens the vault of this gateway", examples=[True])
    applications: bool = Field(description="At least one Amazon application is set", examples=[True])


class Attention(Record):
    """What somebody should look after; only what there is."""

    needs_reauthorization: Some | Absent = extra("Authorizations that have to be given again")
    authorizations_ending: Some | Absent = extra(f"Authorizations that end within {ENDING_DAYS} days")
    suspended_apps: dict[Flow, str] | Absent = extra(
        "Why Amazon refuses an application, by `spapi` and `ads`"
    )
    client_secrets: list[SecretWarning] | Absent = extra(
        "Client secrets that grow old", json_schema_extra={"minItems": 1}
    )
    notices_waiting: Some | Absent = extra("Notices that the webhook has not taken yet")


class Readiness(Answer):
    """Whether the gateway can be worked with."""

    status: Literal["ready"] = Field(description="In a word", examples=["ready"])
    checks: Checks = Field(description="Each check")
    attention: Attention | Absent = extra("What somebody should look after")


class Unreadiness(Readiness):
    """That the gateway cannot be worked with: one of the checks is false."""

    status: Literal["not_ready"] = Field(  # type: ignore[assignment]
        description="In a word", examples=["not_ready"]
    )


class Error(Answer):
    """What went wrong; the same envelope everywhere, written by `gateway/errors.py`."""

    errcode: int = Field(
        description="1002 a parameter, 1003 Amazon or the authorization, 1004 not found or not yours, 1005 "
        "not allowed, 401 the API key, 402 credit, 500 the gateway itself",
        json_schema_extra={"enum": [*sorted({row.errcode for row in TABLE.values()})]},
    )
    errmsg: str = Field(description="What went wrong, on one line")
    reason: str = Field(
        description="\n".join(f"- `{row.reason}`: {row.meaning}. {row.remedy}" for row in TABLE.values()),
        json_schema_extra={"enum": list(TABLE)},
    )
    request_id: str = Field(
        description="The number of this request in the gateway's log", pattern="^[0-9a-f]{16}$"
    )
    status: Literal["needs_reauthorization", "suspended_app"] | Absent = extra(
        "What became of the authorization"
    )
    retry_after: Count | Absent = extra("The seconds after which to try again")
    candidates: list[StoreCandidate] | Absent = extra(
        "What there is to choose from", json_schema_extra={"minItems": 2}
    )
    authorize_url: str | Absent = extra(
        "With `needs_reauthorization`: a link that authorizes it again", json_schema_extra={"format": "uri"}
    )
    authorization_id: str | Absent = extra(
        "Asks `authorizationStatus` how this attempt stands", pattern="^[A-Za-z0-9_-]{22}$"
    )
    expires_at: Moment | Absent = extra("When that link ends (RFC 3339, UTC)")
