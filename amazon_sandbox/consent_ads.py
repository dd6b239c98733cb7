"""Amazon Ads consent: `/ap/oa` on Amazon's three sign-in hosts (references/amazon.md, "Amazon Ads")."""

from html import escape
from typing import Any

from amazon_sandbox import pages
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.records import App
from amazon_sandbox.redirect_addresses import is_registered, with_parameters
from amazon_sandbox.words import UNKNOWN_CLIENT, Language, language_of
from amazon_sandbox.world import World

PATH = "/ap/oa"
SCOPE = "advertising::campaign_management"


class AdsConsent:
    """The consent page; a consent is not bound to the region of the host."""

    def __init__(self, world: World) -> None:
        self._world = world

    def identify(self, request: Request) -> Caller:
        """Tell which advertiser answers the form."""
        return Caller(advertiser_id=request.form_value("advertiser_id") or None)

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Show the page, or carry out what was chosen on it."""
        language = language_of(request)
        if request.path != PATH or request.method not in ("GET", "POST"):
            return pages.not_found(language)
        parameters = request.parameters
        app = self._world.app_by_client(parameters.get("client_id", ""))
        if app is None or app.flow != "ads":
            return _bad_request(language, UNKNOWN_CLIENT)
        redirect_uri = parameters.get("redirect_uri", "")
        if not is_registered(redirect_uri, app.redirect_uris, self._world.callbacks) or "#" in redirect_uri:
            return _bad_request(language, "invalid redirect_uri")
        if parameters.get("response_type") != "code":
            return _bad_request(language, "unsupported_response_type")
        state = {"state": parameters["state"]} if "state" in parameters else {}
        if parameters.get("scope") != SCOPE:
            refusal = _refusal("An unknown scope was requested", state, "invalid_scope")
            return pages.redirect(with_parameters(redirect_uri, refusal), "invalidScope")
        if request.method == "GET":
            return self._show(language, app)
        return self._decide(request, app, redirect_uri, state)

    def _show(self, language: Language, app: App) -> Answer:
        offered = list(self._world.advertisers.values())[: pages.MOST_CHOICES]
        choices = "".join(
            f'<label><input type="radio" name="advertiser_id" value="{escape(each.advertiser_id)}"'
            f"{' checked' if number == 0 else ''}> "
            f"{language.say('advertiser', name=each.name, profiles=len(each.profiles))}</label>"
            for number, each in enumerate(offered)
        )
        return pages.page(
            language,
            language.say("ads", app=app.name),
            f"<p>{language.say('ads_scope', app=app.name)} <code>{SCOPE}</code></p>"
            f'<form method="post"><fieldset><legend>{language.say("who")}</legend>{choices}</fieldset>'
            f'<button name="decision" value="confirm">{language.say("allow")}</button>'
            f'<button name="decision" value="cancel">{language.say("cancel")}</button></form>',
        )

    def _decide(self, request: Request, app: App, redirect_uri: str, state: dict[str, str]) -> Answer:
        decision = request.form_value("decision")
        if decision == "cancel":
            refusal = _refusal("Access not permitted.", state, "access_denied")
            return pages.redirect(with_parameters(redirect_uri, refusal), "accessDenied")
        advertiser = self._world.advertisers.get(request.form_value("advertiser_id"))
        if decision != "confirm" or advertiser is None:
            return _bad_request(language_of(request), "not understood")
        code = self._world.issue_code(app, redirect_uri, advertiser=advertiser)
        return pages.redirect(
            with_parameters(redirect_uri, {"code": code, "scope": SCOPE, **state}), "authorized"
        )


def _refusal(description: str, state: dict[str, str], error: str) -> dict[str, str]:
    return {"error_description": description, **state, "error": error}


def _bad_request(language: Language, what: str) -> Answer:
    content = f"<p>400 Bad Request</p><p><code>{escape(what)}</code></p><p>{language.error(what)}</p>"
    return pages.page(language, language.say("sorry"), content, 400, what)
