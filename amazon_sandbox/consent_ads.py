"""Amazon Ads consent: `/ap/oa` on Amazon's three sign-in hosts (references/amazon.md, "Amazon Ads")."""

from html import escape
from typing import Any

from amazon_sandbox import pages
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.records import App
from amazon_sandbox.redirect_addresses import is_registered, with_parameters
from amazon_sandbox.world import World

PATH = "/ap/oa"
SCOPE = "advertising::campaign_management"
UNKNOWN_CLIENT = "StegoRuntimeOAuth2ClientManager:getClientDefinition"  # what Amazon shows


class AdsConsent:
    """The consent page; a consent is not bound to the region of the host."""

    def __init__(self, world: World) -> None:
        self._world = world

    def identify(self, request: Request) -> Caller:
        """Tell which advertiser answers the form."""
        return Caller(advertiser_id=request.form_value("advertiser_id") or None)

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Show the page, or carry out what was chosen on it."""
        if request.path != PATH or request.method not in ("GET", "POST"):
            return pages.page("Page not found", "<p>There is no such page here.</p>", 404, "notFound")
        parameters = request.parameters
        app = self._world.app_by_client(parameters.get("client_id", ""))
        if app is None or app.flow != "ads":
            return _bad_request(UNKNOWN_CLIENT, "The client_id is not known.")
        redirect_uri = parameters.get("redirect_uri", "")
        if not is_registered(redirect_uri, app.redirect_uris) or "#" in redirect_uri:
            return _bad_request("invalid redirect_uri", "The redirect_uri is not one of the client's.")
        if parameters.get("response_type") != "code":
            return _bad_request("unsupported_response_type", "The response_type must be code.")
        state = {"state": parameters["state"]} if "state" in parameters else {}
        if parameters.get("scope") != SCOPE:
            refusal = _refusal("An unknown scope was requested", state, "invalid_scope")
            return pages.redirect(with_parameters(redirect_uri, refusal), "invalidScope")
        if request.method == "GET":
            return self._show(app)
        return self._decide(request, app, redirect_uri, state)

    def _show(self, app: App) -> Answer:
        offered = list(self._world.advertisers.values())[: pages.MOST_CHOICES]
        choices = "".join(
            f'<label><input type="radio" name="advertiser_id" value="{escape(each.advertiser_id)}"'
            f"{' checked' if number == 0 else ''}> {escape(each.name)} "
            f"({len(each.profiles)} profiles)</label>"
            for number, each in enumerate(offered)
        )
        return pages.page(
            f"Allow {app.name} to access your advertising account?",
            f"<p><strong>{escape(app.name)}</strong> asks for <code>{SCOPE}</code>.</p>"
            f'<form method="post"><fieldset><legend>Who are you?</legend>{choices}</fieldset>'
            '<button name="decision" value="confirm">Allow</button>'
            '<button name="decision" value="cancel">Cancel</button></form>',
        )

    def _decide(self, request: Request, app: App, redirect_uri: str, state: dict[str, str]) -> Answer:
        decision = request.form_value("decision")
        if decision == "cancel":
            refusal = _refusal("Access not permitted.", state, "access_denied")
            return pages.redirect(with_parameters(redirect_uri, refusal), "accessDenied")
        advertiser = self._world.advertisers.get(request.form_value("advertiser_id"))
        if decision != "confirm" or advertiser is None:
            return _bad_request("not understood", "Choose an account and allow or cancel.")
        code = self._world.issue_code(app, redirect_uri, advertiser=advertiser)
        return pages.redirect(
            with_parameters(redirect_uri, {"code": code, "scope": SCOPE, **state}), "authorized"
        )


def _refusal(description: str, state: dict[str, str], error: str) -> dict[str, str]:
    return {"error_description": description, **state, "error": error}


def _bad_request(what: str, meaning: str) -> Answer:
    content = f"<p>400 Bad Request</p><p><code>{escape(what)}</code></p><p>{escape(meaning)}</p>"
    return pages.page("We're sorry", content, 400, what)
