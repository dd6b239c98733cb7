"""The workflow that begins at Amazon (references/amazon.md: Appstore-initiated).

`/apps/store/dp/APPLICATION_ID` is the application's page in the Appstore: who agrees there is sent to the
application's Login URI. `/apps/authorize/confirm/APPLICATION_ID` is the address that the application has to
answer at; it leads to the callback at once, since the consent was given before.
"""

import secrets
import threading
from dataclasses import dataclass
from html import escape

from amazon_sandbox import pages
from amazon_sandbox.http_messages import Answer, Request
from amazon_sandbox.loopback import is_loopback_url
from amazon_sandbox.records import App, Seller
from amazon_sandbox.redirect_addresses import is_registered, with_parameters
from amazon_sandbox.words import Language, language_of
from amazon_sandbox.world import World

PAGE = "/apps/store/dp/"
CONFIRM = "/apps/authorize/confirm/"
STATE_SECONDS = 600  # a guess: the whole flow is to be done within ten minutes


@dataclass(frozen=True)
class Start:
    """Somebody agreed on the application's page and was sent to its Login URI."""

    application_id: str
    seller: Seller
    ends_at: float


class Appstore:
    """What all hosts of Seller and Vendor Central share of the workflow."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._starts: dict[str, Start] = {}

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether a path belongs to this workflow."""
        return path.startswith((PAGE, CONFIRM))

    def answer(self, request: Request, region: str, kind: str) -> Answer:
        """Show the page, send on to the Login URI, or take the application's answer."""
        language = language_of(request)
        application_id = request.path.rpartition("/")[2]
        app = self._world.app_by_application(application_id)
        if app is None or request.path not in (PAGE + application_id, CONFIRM + application_id):
            return pages.error_page(language, "unknown application")
        if request.path.startswith(CONFIRM):
            return self._confirm(request, app)
        if request.method == "GET":
            return self._show(language, app, region, kind)
        return self._open_login(request, app, region)

    def _show(self, language: Language, app: App, region: str, kind: str) -> Answer:
        choices = pages.seller_choices(self._world.sellers_for_consent(region, kind, pages.MOST_CHOICES))
        return pages.page(
            language,
            language.say("appstore", app=app.name),
            f"<p>{language.say(kind, app=app.name, region=region)} {language.say('login')}</p>"
            f'<form method="post"><fieldset><legend>{language.say("who")}</legend>{choices}</fieldset>'
            f'<label>{language.say("login_uri")} <input name="login_uri" size="50" '
            f'value="{escape(app.login_uri or "")}"></label>'
            f'<button name="decision" value="confirm">{language.say("authorize_now")}</button></form>',
        )

    def _open_login(self, request: Request, app: App, region: str) -> Answer:
        login_uri = request.form_value("login_uri") or app.login_uri or ""
        if not is_loopback_url(login_uri):
            return pages.error_page(language_of(request), "MD9100")
        seller = self._world.seller(request.form_value("selling_partner_id"), region)
        if seller is None or request.form_value("decision") != "confirm":
            return pages.error_page(language_of(request), "not understood")
        state = secrets.token_urlsafe(24)
        now = self._world.clock.now()
        with self._lock:
            self._starts = {key: start for key, start in self._starts.items() if start.ends_at > now}
            self._starts[state] = Start(app.app_id or "", seller, now + STATE_SECONDS)
        parameters = {
            "amazon_callback_uri": f"http://{request.headers['host']}/{request.host}{CONFIRM}{app.app_id}",
            "amazon_state": state,
            "selling_partner_id": seller.seller_id,
            **({"version": "beta"} if app.draft else {}),
        }
        return pages.redirect(with_parameters(login_uri, parameters), "loginOpened")

    def _confirm(self, request: Request, app: App) -> Answer:
        language, parameters = language_of(request), request.parameters
        redirect_uri = parameters.get("redirect_uri") or (app.redirect_uris or [""])[0]
        if app.draft and parameters.get("version") != "beta":
            return pages.error_page(language, "MD1000")
        if not is_registered(redirect_uri, app.redirect_uris, self._world.callbacks):
            return pages.error_page(language, "MD5101")
        if not parameters.get("state"):
            return pages.error_page(language, "missing parameter")
        with self._lock:
            start = self._starts.pop(parameters.get("amazon_state", ""), None)
        if start is None or start.application_id != app.app_id or start.ends_at <= self._world.clock.now():
            return pages.error_page(language, "amazon_state")
        code = self._world.issue_code(app, redirect_uri, seller=start.seller)
        answered = {
            "state": parameters["state"],
            "selling_partner_id": start.seller.seller_id,
            "spapi_oauth_code": code,
        }
        return pages.redirect(with_parameters(redirect_uri, answered), "authorized")
