"""The owner's Amazon applications, as the rest of the gateway asks for them by flow."""

from gateway.amazon.login_with_amazon import Client
from gateway.errors import Problem
from gateway.model import Flow, Region
from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.settings import Settings


def selling_partner_application(settings: Settings) -> SellingPartnerApplication:
    """Return the SP-API application; Problem app_not_configured where there is none."""
    if settings.spapi is None:
        raise Problem("app_not_configured", "no SP-API application is set")
    return settings.spapi


def ads_client(settings: Settings) -> AdsClient:
    """Return the Ads client; Problem app_not_configured where there is none."""
    if settings.ads is None:
        raise Problem("app_not_configured", "no Amazon Ads client is set")
    return settings.ads


def application_id(settings: Settings, flow: Flow) -> str:
    """Return what an attempt and a grant are bound to: the application id, or the Ads client id."""
    if flow == "spapi":
        return selling_partner_application(settings).app_id
    return ads_client(settings).client_id


def token_client(settings: Settings, flow: Flow, region: Region) -> Client:
    """Return who asks the token endpoint for this flow and region."""
    app = selling_partner_application(settings) if flow == "spapi" else ads_client(settings)
    return Client(flow, region, app.client_id, app.client_secret)
