"""What the vault hands out and takes in: plain frozen records, no database types.

Tokens appear only in `Tokens` and only as `Secret`; a `Grant` carries none, so lists never unseal anything.
What every token read makes is a NamedTuple, which is made in a tenth of the time of a frozen dataclass.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from gateway.util.secret import Secret

Flow = Literal["spapi", "ads"]
Right = Literal["tokens", "manage", "proxy", "personal", "application", "metrics"]
Region = Literal["NA", "EU", "FE"]
# `suspended_app` is never stored: it is how grants are shown while their application is at fault.
GrantStatus = Literal["authorized", "needs_reauthorization", "suspended_app"]
Central = Literal["seller", "vendor"]
Phase = Literal["pending", "exchanging", "authorized", "denied", "failed", "expired"]


class Caller(NamedTuple):
    """Who sent a request: the user behind an API key, what that key may do, and what it is called."""

    user_id: int
    user_name: str
    key_id: str
    rights: frozenset[str]
    key_label: str | None = None


class Customer(NamedTuple):
    """Whom a web application sends through an authorization.

    `return_url`: where the browser goes in the end, checked (see return_address.py). `external_id`: the
    application's own id of the customer. `replace`: whether what is kept for another id may be taken over.
    """

    return_url: str | None = None
    external_id: str | None = None
    replace: bool = False


NO_CUSTOMER = Customer()


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An authorization about to begin. `lifetime` is in seconds."""

    user_id: int
    flow: Flow
    app_id: str
    redirect_uri: str
    region: Region
    name: str
    lifetime: int
    marketplace: str | None = None
    requested_scopes: tuple[str, ...] = ()
    expected_seller_id: str | None = None
    expected_record_id: int | None = None
    central: Central | None = None
    customer: Customer = NO_CUSTOMER


@dataclass(frozen=True, slots=True)
class Import:
    """A refresh token that was proved and is to be kept: whose, and under which name."""

    user_id: int
    flow: Flow
    app_id: str
    region: Region
    name: str
    seller_id: str | None = None
    requested_scopes: tuple[str, ...] = ()
    marketplace: str | None = None
    central: Central | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One authorization, from its link to its end. Times are epoch seconds.

    `known_before`: whether what it authorized was kept already; None as long as nothing is.
    `previous_name`: the name that it changed. `got_seller_id`: who came back in place of the expected seller.
    `return_url`, `external_id`, `replaces`: see Customer.
    """

    id: str
    user_id: int
    user_name: str
    flow: Flow
    app_id: str
    redirect_uri: str
    region: Region
    name: str
    marketplace: str | None
    central: Central | None
    requested_scopes: tuple[str, ...]
    expected_seller_id: str | None
    expected_record_id: int | None
    phase: Phase
    reason: str | None
    detail: str | None
    grant_id: int | None
    profile_sync: str | None
    verification: str | None
    created_at: int
    expires_at: int
    consumed_at: int | None
    ended_at: int | None
    known_before: bool | None = None
    previous_name: str | None = None
    got_seller_id: str | None = None
    return_url: str | None = None
    external_id: str | None = None
    replaces: bool | None = None


class Tokens(NamedTuple):
    """What Amazon's token endpoint answered. `expires_at`: epoch seconds of the access token's end."""

    access_token: Secret
    refresh_token: Secret
    token_type: str
    expires_at: int
    granted_scopes: tuple[str, ...] | None = None


class Grant(NamedTuple):
    """What a user holds for one store and region, or one ads account; without its tokens."""

    id: int
    user_id: int
    flow: Flow
    region: Region
    seller_id: str | None
    name: str
    app_id: str
    marketplace: str | None
    central: Central | None
    status: GrantStatus
    status_reason: str | None
    access_expires_at: int
    refreshed_at: int
    authorized_at: int
    authorization_expires_at: int | None
    last_used_at: int | None
    requested_scopes: tuple[str, ...]
    granted_scopes: tuple[str, ...] | None
    verified: bool | None
    token_version: int
    authorized_version: int
    external_id: str | None = None
    return_url: str | None = None

    @property
    def was_refreshed(self) -> bool:
        """Whether its tokens came with a refresh, not with the authorization."""
        return self.token_version > self.authorized_version


class Page(NamedTuple):
    """A part of a list: what follows its first `offset` entries, at most `limit` of them (None: all)."""

    limit: int | None = None
    offset: int = 0


class TokenRead(NamedTuple):
    """The answer of the hot read: who asked, and that user's grant with its tokens, or None for both."""

    caller: Caller
    grant: Grant | None
    tokens: Tokens | None


class Kept(NamedTuple):
    """A store or ads account as it is kept now. `before`: what it was until then; None where it is new."""

    grant: Grant
    before: Grant | None

    @property
    def previous_name(self) -> str | None:
        """The name that it had; None where that is the same, or it is new."""
        return self.before.name if self.before and self.before.name != self.grant.name else None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to refresh one grant. `fence` is the fencing token: higher than any earlier lease's.

    `refusals_doubted`: for so many seconds a refusal by Amazon says nothing, since a lease ran out not long
    ago whose owner may have been answered with another refresh token.
    """

    grant_id: int
    owner: str
    fence: int
    refusals_doubted: float = 0.0


class Site(NamedTuple):
    """A site that Amazon lists for a store. `participating`: whether the seller takes part there.

    `name`: Amazon's of the site. `store_name`: the seller's own there; None where Amazon does not tell it.
    """

    marketplace_id: str
    country_code: str
    name: str
    store_name: str | None
    participating: bool


class StoreSites(NamedTuple):
    """What Amazon listed of a store. `read_at`: epoch seconds."""

    sites: tuple[Site, ...]
    read_at: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One advertising profile under one grant. `profile_id` is a 64-bit integer."""

    grant_id: int
    profile_id: int
    region: Region
    country_code: str
    currency_code: str | None
    daily_budget: float | None
    timezone: str | None
    account_info_id: str | None
    account_info_type: str | None
    account_info_name: str | None
    marketplace_id: str | None


@dataclass(frozen=True, slots=True)
class UnreadProfiles:
    """The regions whose profiles Amazon has not answered for. `cause`: why not, one line, safe to show."""

    grant_id: int
    regions: tuple[Region, ...]
    cause: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key as its operator sees it: everything but the key. Times are epoch seconds."""

    id: str
    user_name: str
    rights: tuple[str, ...]
    created_at: int
    last_used_at: int | None
    revoked_at: int | None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit. `at`: epoch seconds. `key_label`: what the key is called now."""

    id: int
    at: int
    who: str
    key_id: str | None
    action: str
    subject: str | None
    grant_id: int | None
    outcome: str
    request_id: str | None
    key_label: str | None = None
