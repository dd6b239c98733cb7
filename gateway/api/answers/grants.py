"""What is answered of an authorization, whether it is a store's or an ads account's."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, InstanceOf, PlainSerializer, WithJsonSchema

from gateway.api.answers.base import (
    A_REGION,
    AN_ATTEMPT_ID,
    Absent,
    Answer,
    Moment,
    Number,
    Record,
    extra,
    moment,
)
from gateway.api.requests.base import (
    EXAMPLE_ACCESS_TOKEN,
    EXAMPLE_ATTEMPT,
    EXAMPLE_CALLBACKS,
    EXAMPLE_EXTERNAL_ID,
    EXAMPLE_RECORD,
    EXAMPLE_REFRESH_TOKEN,
)
from gateway.authorization.attempt_state import State
from gateway.authorization.scopes import missing_scopes
from gateway.model import Flow, Grant, GrantStatus, Region
from gateway.monitoring.warnings import ENDING_SECONDS, SECRET_DAYS
from gateway.settings.settings import ATTEMPT_LIFETIME
from gateway.tokens.grant_tokens import GrantTokens, ends_at, seconds_left
from gateway.tokens.service import JUST_REFRESHED
from gateway.util.clock import rfc3339
from gateway.util.secret import Secret
from gateway.util.text import LONGEST_SHOWN
from gateway.vault.forced_refreshes import BURST

ENDING_DAYS = ENDING_SECONDS // 86_400
LINK_LIFE = f"The link works once, for {ATTEMPT_LIFETIME // 60} minutes."
REFRESHED = "The access token was refreshed"
JUST_REFRESHED_ALREADY = "The access token was refreshed a moment ago, and is answered as it is"
IN_PLACE = "The token that was refused is not the present one, which is answered"
# What the calls that force a refresh do.
FORCED_REFRESH = (
    f"Asks Amazon, unless the token was refreshed less than {JUST_REFRESHED} seconds ago; calls that come "
    f"while a refresh is under way share it. With `refused` it asks only if that is the present token. "
    f"A user may force {BURST} at once, and then one a second."
)
# Unwrapped as the answer is written, so that it prints masked until then.
Revealed = Annotated[
    InstanceOf[Secret], PlainSerializer(Secret.reveal, return_type=str), WithJsonSchema({"type": "string"})
]


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
            f"&state=example&redirect_uri={quote(EXAMPLE_CALLBACKS['spapi'], safe='')}"
        ],
        json_schema_extra={"format": "uri"},
    )


def attempt_id() -> Any:
    """Return a field that holds the id of an attempt."""
    return Field(
        description="Asks `authorizationStatus` how this attempt stands",
        pattern=AN_ATTEMPT_ID,
        examples=[EXAMPLE_ATTEMPT],
    )


def external_id() -> Any:
    """Return a field that holds a web application's own id of the customer whose it is."""
    return extra("The `externalId` that `authorizeUrl` was called with", examples=[EXAMPLE_EXTERNAL_ID])


def return_url() -> Any:
    """Return a field that holds the address that a web application's customer is sent back to."""
    return extra("The `returnUrl` that `authorizeUrl` was called with")


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
    external_id: str | Absent = external_id()
    return_url: str | Absent = return_url()


class FormerName(Record):
    """Which name a store or account had until now."""

    previous_name: str | Absent = extra("The name that it had before, where that was another")


class Recognition(Record):
    """Whether what was authorized was known already, so that nobody takes it for a new one."""

    already_known: bool | Absent = extra(
        "Whether the caller had it before: then it has other tokens now, and there is no further one"
    )


class Replacement(Recognition):
    """Whether an import took the place of what was kept already."""

    replaced: bool = Field(
        description="Whether it was kept before, and has other tokens now", examples=[False]
    )


class ReasonedState(GrantState):
    """The same, of what was not authorized a moment ago."""

    status_reason: Literal["store_revoked", "grant_of_another_client", "tokens_damaged"] | Absent = extra(
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


def state_fields(grant: Grant) -> dict[str, Any]:
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
        "external_id": grant.external_id,
        "return_url": grant.return_url,
    }


class SecretWarning(Record):
    """A client secret that grows old."""

    warning: Literal["client_secret_ends"] = Field(description="What is going to stop working")
    application: Flow = Field(
        description="Whose client secret: the SP-API application's, or the Ads client's"
    )
    age_days: int = Field(description="How old it is, in days", ge=0)
    ends_after_days: int = Field(description="How old it may become, in days", ge=1, examples=[SECRET_DAYS])


class ListAnswer(Answer):
    """A list, with what has to be looked after beside it."""

    warnings: list[SecretWarning] | Absent = extra(
        "What the gateway's operator has to look after", json_schema_extra={"minItems": 1}
    )


class ConsentLink(Answer):
    """A consent link."""

    authorize_url: str = consent_link()
    authorization_id: str = attempt_id()
    expires_at: Moment = moment("When the link ends", "2027-01-15T08:15:00Z")
    region: Region = Field(description=A_REGION, examples=["NA"])
    external_id: str | Absent = extra("The request's own", examples=[EXAMPLE_EXTERNAL_ID])
    return_url: str | Absent = extra("The request's own")


class AttemptStatus(FormerName, Recognition, Answer):
    """How an attempt to authorize stands."""

    authorization_id: str = attempt_id()
    state: State = Field(
        description="`pending` until the person has answered Amazon, or while the gateway is at work",
        examples=["authorized"],
    )
    detail: str | Absent = extra(f"Amazon's own words, cleaned and cut at {LONGEST_SHOWN} characters")
    external_id: str | Absent = external_id()
    return_url: str | Absent = return_url()


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
        "Less than `minTtl` is left: the refresh failed, or Amazon's tokens live no longer; `expiresIn` tells"
    )
    amazon_origin: str | Absent = extra(
        "In a sandbox, where the stand-in is: `https://HOST/PATH` of Amazon's is `/HOST/PATH` there"
    )


class RefreshedTokens(IssuedTokens):
    """The same, after a refresh."""

    message: str = Field(description="What was done, in a sentence", examples=[REFRESHED])
    retry_after: int | Absent = extra(
        "The token was refreshed a moment ago and is answered as it is; Amazon is asked again after so many "
        "seconds",
        json_schema_extra={"minimum": 1},
    )


def refresh_fields(held: GrantTokens, now: float) -> dict[str, Any]:
    """Return the fields of RefreshedTokens, as they are to be written."""
    again_in = held.refreshed_again_in
    message = REFRESHED if again_in is None else JUST_REFRESHED_ALREADY
    if held.in_place:
        message = IN_PLACE
    return {**token_fields(held, now), "message": message, "retry_after": again_in}


def token_fields(held: GrantTokens, now: float) -> dict[str, Any]:
    """Return the fields of IssuedTokens and ReadTokens, as they are to be written."""
    return {
        "auth_record_id": held.grant.id,
        "access_token": held.tokens.access_token,
        "refresh_token": held.tokens.refresh_token,
        "token_type": held.tokens.token_type,
        "expires_in": max(0, int(seconds_left(held.grant, now))),
        "expires_at": rfc3339(ends_at(held.grant, now)),
        "freshness": "below_minimum" if held.below_minimum else None,
    }
