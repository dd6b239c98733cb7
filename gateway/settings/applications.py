"""The owner's applications at Amazon: what they are called there, and where their callbacks are."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from gateway.model import Flow
from gateway.settings import addresses, kinds, secret_kinds
from gateway.settings.variables import Variable
from gateway.util.secret import Secret

CALLBACK_PATHS: dict[Flow, str] = {"spapi": "/spApi/oauth/callback", "ads": "/amazonAds/oauth/callback"}

CLIENT_SECRET = "its client secret"  # noqa: S105 - a meaning, not a secret
REDIRECT_URI = "redirect address, where it is not the public URL's"


@dataclass(frozen=True, slots=True)
class SellingPartnerApplication:
    """The owner's SP-API application. `draft`: consent links carry `version=beta` (references/amazon.md)."""

    app_id: Annotated[
        str, Variable("SPAPI_APP_ID", kinds.application_id, "application id of the SP-API application")
    ]
    client_id: Annotated[str, Variable("SPAPI_CLIENT_ID", kinds.client_id, "its client id")]
    client_secret: Annotated[
        Secret, Variable("SPAPI_CLIENT_SECRET", secret_kinds.client_secret, CLIENT_SECRET, "keyring")
    ]
    registered_redirect_uri: Annotated[
        str | None,
        Variable(
            "SPAPI_REDIRECT_URI",
            addresses.redirect_uri,
            REDIRECT_URI,
            f"`{{GATEWAY_PUBLIC_URL}}{CALLBACK_PATHS['spapi']}`",
        ),
    ] = None
    draft: Annotated[bool, Variable("SPAPI_DRAFT", kinds.flag, "`true` while the application is a draft")] = (
        False
    )
    secret_since: Annotated[
        date | None,
        Variable(
            "SPAPI_CLIENT_SECRET_SINCE",
            kinds.day,
            "the day on which the client secret was made, `YYYY-MM-DD`; `doctor.py` warns 30 days "
            "before its end",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class AdsClient:
    """The owner's Amazon Ads client."""

    client_id: Annotated[str, Variable("ADS_CLIENT_ID", kinds.client_id, "client id of the Ads client")]
    client_secret: Annotated[
        Secret, Variable("ADS_CLIENT_SECRET", secret_kinds.client_secret, CLIENT_SECRET, "keyring")
    ]
    registered_redirect_uri: Annotated[
        str | None,
        Variable(
            "ADS_REDIRECT_URI",
            addresses.redirect_uri,
            REDIRECT_URI,
            f"`{{GATEWAY_PUBLIC_URL}}{CALLBACK_PATHS['ads']}`",
        ),
    ] = None
    secret_since: Annotated[
        date | None,
        Variable("ADS_CLIENT_SECRET_SINCE", kinds.day, "the day on which it was made, likewise"),
    ] = None
