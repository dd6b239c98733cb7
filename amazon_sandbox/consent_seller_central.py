"""SP-API consent at Seller Central and Vendor Central: `/apps/authorize/consent` (references/amazon.md).

The form posts to the address that it was shown at, so the same parameters are checked again.
"""

from html import escape
from typing import Any

from amazon_sandbox import pages
from amazon_sandbox.appstore import Appstore
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.records import App, Seller
from amazon_sandbox.redirect_addresses import is_registered, with_parameters
from amazon_sandbox.words import language_of
from amazon_sandbox.world import World

PATH = "/apps/authorize/consent"
# The closed set of references/amazon.md, "Scopes".
SCOPES = tuple(
    f"sellingpartnerapi::{name}"
    for name in (
        "orders",
        "inventory",
        "products",
        "reports",
        "shipping",
        "finance",
        "notifications",
        "migration",
    )
)
OTHER = "other"


class SellerCentralConsent:
    """The consent page of one Seller or Vendor Central host."""

    def __init__(self, world: World, appstore: Appstore, region: str, kind: str) -> None:
        self._world = world
        self._appstore = appstore
        self._region = region
        self._kind = kind

    def identify(self, request: Request) -> Caller:
        """Tell which seller answers the form."""
        return Caller(seller_id=_chosen_id(request) or None, region=self._region)

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Show the page, or carry out what was chosen on it."""
        if self._appstore.serves(request.path) and request.method in ("GET", "POST"):
            return self._appstore.answer(request, self._region, self._kind)
        if request.path != PATH or request.method not in ("GET", "POST"):
            return pages.not_found(language_of(request))
        app = self._world.app_by_application(request.parameters.get("application_id", ""))
        if app is None:
            return pages.error_page(language_of(request), "unknown application")
        refused = self._refusal(request, app)
        if refused:
            return refused
        if request.method == "GET":
            return self._show(request, app)
        return self._decide(request, app)

    def _refusal(self, request: Request, app: App) -> Answer | None:
        language, parameters = language_of(request), request.parameters
        redirect_uri = parameters.get("redirect_uri")
        code = None
        if app.consent_error:
            code = app.consent_error
        elif app.draft and parameters.get("version") != "beta":
            code = "MD1000"
        elif redirect_uri and "#" in redirect_uri:
            code = "MD5110"
        elif not redirect_uri and not app.redirect_uris:
            code = "MD9100"
        elif redirect_uri and not is_registered(redirect_uri, app.redirect_uris, self._world.callbacks):
            code = "MD5101"
        elif not parameters.get("state"):
            code = "missing parameter"
        elif any(scope not in SCOPES for scope in _requested(request) or []):
            code = "invalid_scope"
        return pages.error_page(language, code) if code else None

    def _show(self, request: Request, app: App) -> Answer:
        language = language_of(request)
        sellers = self._world.sellers_for_consent(self._region, self._kind, pages.MOST_CHOICES)
        choices = pages.seller_choices(sellers)
        scopes = _requested(request)
        asked = ""
        if scopes is not None:
            boxes = "".join(
                f'<label><input type="checkbox" name="scope" value="{escape(scope)}" checked> '
                f"{escape(scope)}</label>"
                for scope in scopes
            )
            asked = f"<fieldset><legend>{language.say('permissions')}</legend>{boxes}</fieldset>"
        draft = language.say("draft") if app.draft else ""
        return pages.page(
            language,
            language.say("authorize", app=app.name),
            f"<p>{language.say(self._kind, app=app.name, region=self._region)} {draft}</p>"
            f"<p><code>{escape(app.app_id or '')}</code></p>"
            f'<form method="post"><fieldset><legend>{language.say("who")}</legend>{choices}'
            f'<label><input type="radio" name="selling_partner_id" value="{OTHER}"> {language.say("other")} '
            '<input name="other_selling_partner_id" maxlength="40" autocomplete="off"></label></fieldset>'
            f'{asked}<button name="decision" value="confirm">{language.say("confirm")}</button>'
            f'<button name="decision" value="cancel">{language.say("cancel")}</button></form>',
        )

    def _decide(self, request: Request, app: App) -> Answer:
        decision = request.form_value("decision")
        if decision == "cancel":
            return pages.left_page(language_of(request))
        seller_id = _chosen_id(request)
        if decision != "confirm" or not (
            seller_id.isascii() and seller_id.isalnum() and len(seller_id) <= 40
        ):
            return pages.error_page(language_of(request), "not understood")
        scopes = _requested(request)
        if scopes is not None:
            ticked = set(request.form.get("scope", []))
            scopes = [scope for scope in scopes if scope in ticked]
        seller = self._world.seller(seller_id, self._region) or self._world.indian_seller(
            seller_id, self._region
        )
        if seller is None:
            seller = Seller(seller_id, f"Sandbox account {seller_id}", self._region, self._kind)
            self._world.add_sellers([seller])
        redirect_uri = request.parameters.get("redirect_uri") or (app.redirect_uris or [""])[0]
        code = self._world.issue_code(app, redirect_uri, seller=seller, scopes=scopes)
        parameters = {
            "state": request.parameters["state"],
            "selling_partner_id": seller_id,
            "spapi_oauth_code": code,
        }
        return pages.redirect(with_parameters(redirect_uri, parameters), "authorized")


def _chosen_id(request: Request) -> str:
    chosen = request.form_value("selling_partner_id")
    return request.form_value("other_selling_partner_id").strip() if chosen == OTHER else chosen


def _requested(request: Request) -> list[str] | None:
    """Return the scopes on the address, each once; None where it has none."""
    asked = request.parameters.get("scope")
    return None if asked is None else list(dict.fromkeys(asked.split()))
