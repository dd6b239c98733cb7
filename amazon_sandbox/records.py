"""What the sandbox's world consists of: apps, sellers, advertisers, grants and codes."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class App:
    """An application: `flow` is "spapi" or "ads"; `redirect_uris` None accepts every loopback address."""

    flow: str
    name: str
    client_id: str
    app_id: str | None = None
    redirect_uris: list[str] | None = None
    login_uri: str | None = None
    draft: bool = False
    secret_generation: int = 1
    secret_expired: bool = False
    secret_refused: bool = False
    sellers_role: bool = True
    consent_error: str | None = None


@dataclass
class Seller:
    """A seller or vendor account in one region; `countries` are where it takes part."""

    seller_id: str
    name: str
    region: str
    kind: str = "seller"
    countries: list[str] = field(default_factory=list)


@dataclass
class Profile:
    """An Amazon Ads profile; Britain is `UK` here."""

    profile_id: int
    country_code: str
    account_name: str
    account_id: str
    account_type: str = "seller"
    sub_type: str | None = None


@dataclass
class Advertiser:
    """Who consents to Ads access, with every profile of theirs in all regions."""

    advertiser_id: str
    name: str
    profiles: list[Profile] = field(default_factory=list)


@dataclass
class Grant:
    """One consent: whose, for which client, and what voids its tokens.

    `scopes` is None where the consent link asked for none. A refresh token counts only with the current
    `generation`; access tokens issued up to `access_ended_ns` have expired early.
    """

    grant_id: int
    client_id: str
    seller_id: str | None
    advertiser_id: str | None
    region: str | None
    scopes: list[str] | None
    granted_at: float
    ends_at: float | None
    generation: int = 1
    revoked: bool = False
    access_ended_ns: int = 0


@dataclass
class Code:
    """An authorization code, kept as its SHA-256; what its exchange would grant."""

    digest: str
    client_id: str
    redirect_uri: str
    seller_id: str | None
    advertiser_id: str | None
    region: str | None
    scopes: list[str] | None
    ends_at: float
    used: bool = False


@dataclass
class Settings:
    """How the sandbox answers in general; `participationsQuota` None switches throttling off."""

    access_token_seconds: float = 3600
    code_seconds: float = 300
    token_length: int = 350
    token_marker: str = ""
    participations_quota: dict[str, Any] | None = field(default_factory=lambda: {"rate": 0.016, "burst": 15})
