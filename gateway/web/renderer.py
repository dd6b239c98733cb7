"""Renders the pages. Everything that goes into a template is escaped; no token ever does."""

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from gateway.amazon.marketplaces import REGIONS, Marketplace
from gateway.authorization.details import LONGEST_NAME
from gateway.authorization.profile_sync import SyncState
from gateway.authorization.scopes import missing_scopes
from gateway.errors import Problem
from gateway.model import Attempt, AuditEntry, Flow, Grant, Profile, StoreSites
from gateway.monitoring.warnings import is_ending
from gateway.tokens.grant_tokens import ends_at
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.text import cleaned
from gateway.web.page_context import FormState, Page, PageContext
from gateway.web.relative_time import RelativeTime
from gateway.web.subjects import Subjects
from gateway.web.texts import language_for

HERE = Path(__file__).resolve().parent

# The headings of an authorized ads account, by what is missing of its profiles.
ACCOUNT_TITLES: dict[str | None, str] = {
    None: "account_authorized",
    "profile_sync_failed": "account_without_profiles",
    "profile_sync_incomplete": "account_incomplete",
    "profile_sync_unanswered": "account_unanswered",
}


@cache
def _templates() -> Environment:
    """Return the templates, each of which is compiled when it is first shown, and once."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["cleaned"] = cleaned
    templates.globals["longest_name"] = LONGEST_NAME
    return templates


class Pages:
    """The pages of one gateway. `sandbox`: each of them says that it is one."""

    def __init__(self, *, sandbox: bool, clock: Clock) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._stylesheet = (HERE / "style.css").read_text(encoding="utf-8")

    def stylesheet(self) -> Response:
        """Answer the one stylesheet."""
        return Response(self._stylesheet, media_type="text/css")

    # --- how an authorization ended ---

    def store(
        self, attempt: Attempt, grant: Grant | None, sites: StoreSites | None, language: str | None
    ) -> Response:
        """Answer that a store is authorized. `grant` is None where it has been removed since."""
        return self._page(
            "authorized.html",
            PageContext(language),
            "store_authorized",
            outcome="good",
            attempt=attempt,
            grant=grant,
            sites=sites,
            missing=missing_scopes(grant.requested_scopes, grant.granted_scopes) if grant else None,
            reason=None,
            unread=None,
        )

    def account(self, attempt: Attempt, sync: SyncState | None, language: str | None) -> Response:
        """Answer that an ads account is authorized; what is missing of its profiles, why, and what to do.

        `sync`: what is known of them; None where the account has been removed since.
        """
        reason = None if sync is None else sync.reason
        return self._page(
            "authorized.html",
            PageContext(language),
            ACCOUNT_TITLES[reason],
            outcome="good" if reason is None else "half",
            attempt=attempt,
            grant=None,
            missing=None,
            reason=reason,
            unread=None if sync is None else sync.unread,
        )

    def confirmation(
        self,
        attempt: Attempt,
        seller_id: str | None,
        *,
        action: str,
        held: str,
        csrf_token: Secret,
        language: str | None,
    ) -> Response:
        """Answer the question whether the attempt's user may have access; its form posts to `action`."""
        return self._page(
            "confirm.html",
            PageContext(language, None, csrf_token.reveal()),
            "confirm",
            outcome="open",
            attempt=attempt,
            seller_id=seller_id,
            action=action,
            held=held,
        )

    def unfinished(self, attempt: Attempt, state: str, reason: str | None, language: str | None) -> Response:
        """Answer how an attempt stands that led to nothing, or not yet: then it looks again by itself."""
        under_way = state == "pending" and attempt.phase != "pending"
        return self._page(
            "unfinished.html",
            PageContext(language),
            "under_way" if under_way else state,
            under_way=under_way,
            outcome="open" if state == "pending" else "bad",
            attempt=attempt,
            reason=reason,
            request_id=None,
        )

    def problem(self, problem: Problem, language: str | None, request_id: str) -> Response:
        """Answer a problem that belongs to no attempt; where the log tells more, with the request's id."""
        is_ours = problem.row.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return self._page(
            "unfinished.html",
            PageContext(language),
            "expired" if problem.reason == "expired" else "problem",
            status=problem.row.http_status,
            headers=problem.headers,
            under_way=False,
            outcome="bad",
            attempt=None,
            reason=problem.reason,
            request_id=request_id if is_ours else None,
        )

    # --- signing in, and what a user has ---

    def sign_in(
        self,
        context: PageContext,
        back_to: str,
        error: str | None = None,
        *,
        status: int = 200,
        wait: int = 0,
    ) -> Response:
        """Ask for an API key. `error`: the word for what was wrong with the last one."""
        headers = {"Retry-After": str(wait)} if wait else None
        return self._page(
            "sign_in.html",
            context,
            "sign_in",
            status=status,
            headers=headers,
            back_to=back_to,
            error=error,
            wrong=error is not None,
            wait=wait,
        )

    def overview(
        self,
        context: PageContext,
        stores: Page,
        accounts: Page,
        sites: Mapping[int, StoreSites],
        profiles: Mapping[int, Sequence[Profile]],
        activity: Sequence[AuditEntry],
        subjects: Subjects,
        notice: str | None,
    ) -> Response:
        """Show a user's stores, ads accounts and recent audit lines.

        `sites`: by the store's id; `profiles`: by the account's; `subjects`: what the audit lines are about.
        """
        return self._page(
            "overview.html",
            context,
            "overview",
            wide=True,
            stores=stores,
            accounts=accounts,
            sites=sites,
            profiles=profiles,
            activity=activity,
            subjects=subjects,
            notice=notice,
            is_ending=lambda grant: is_ending(grant, self._clock.now()),
            token_ends_at=lambda grant: ends_at(grant, self._clock.now()),
            missing_of=lambda grant: missing_scopes(grant.requested_scopes, grant.granted_scopes),
        )

    def authorize(
        self,
        context: PageContext,
        flow: Flow,
        sites: Sequence[Marketplace],
        form_state: FormState,
        again: Grant | None,
    ) -> Response:
        """Ask for the name and region of what is to be authorized, or only the name where it is `again`."""
        title = {"spapi": "authorize_store", "ads": "authorize_account"}[flow]
        if again is not None:
            title = {"spapi": "again_store", "ads": "again_account"}[flow]
        return self._form(
            "authorize.html",
            context,
            title,
            form_state,
            title_name=cleaned(again.name) if again else "",
            flow=flow,
            sites=sites,
            regions=REGIONS,
            again=again,
        )

    def to_amazon(self, context: PageContext, link: str, host: str, lifetime: int) -> Response:
        """Answer the link to Amazon: a form's answer may not redirect there under `form-action 'self'`."""
        # Without a form, so that the strictest referrer policy can stand on the page that leads away.
        without_forms = PageContext(context.accept_language)
        return self._page(
            "to_amazon.html", without_forms, "to_amazon", link=link, host=host, lifetime=lifetime
        )

    def rename(self, context: PageContext, grant: Grant, form_state: FormState) -> Response:
        """Ask for another name of a store or account."""
        return self._form(
            "rename.html",
            context,
            "rename_title",
            form_state,
            title_name=cleaned(grant.name),
            grant=grant,
        )

    def remove(self, context: PageContext, grant: Grant) -> Response:
        """Ask whether a store or account is really to be removed."""
        return self._page("remove.html", context, "remove_title", title_name=cleaned(grant.name), grant=grant)

    def appstore(
        self,
        context: PageContext,
        seller_id: str,
        region: str,
        fields: Mapping[str, str],
        form_state: FormState,
    ) -> Response:
        """Ask whether a seller who came from Amazon's Appstore is to be connected, and under which name."""
        return self._form(
            "appstore.html",
            context,
            "appstore",
            form_state,
            seller_id=seller_id,
            region=region,
            fields=fields,
        )

    def _form(
        self, template: str, context: PageContext, title: str, form_state: FormState, **values: Any
    ) -> Response:
        """Answer a form: as one that was not understood, 400, where something in it is wrong."""
        wrong = bool(form_state.errors)
        status = 400 if wrong else 200
        return self._page(
            template, context, title, status=status, wrong=wrong, form_state=form_state, **values
        )

    def _page(
        self,
        template: str,
        context: PageContext,
        title: str,
        *,
        title_name: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        wide: bool = False,
        **values: object,
    ) -> Response:
        language = language_for(context.accept_language)
        has_forms = context.form_token is not None
        # An address may hold what is nobody else's (`held`, Amazon's state), so no request tells it. A form's
        # Origin has to be told: under `no-referrer` it is `null` (Fetch, "append a request Origin header").
        referrer_policy = "strict-origin" if has_forms else "no-referrer"
        content = (
            _templates()
            .get_template(template)
            .render(
                language=language,
                t=language.words,
                relative_time=RelativeTime(self._clock.now(), language),
                title=language.words[title].format(name=title_name),
                context=context,
                referrer_policy=referrer_policy,
                sandbox=self._sandbox,
                wide=wide,
                **{"outcome": "", "wrong": False, **values},
            )
        )
        form_action = "'self'" if has_forms else "'none'"
        policy = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action {form_action}"
        )
        own_headers = {
            "Content-Security-Policy": policy,
            "Referrer-Policy": referrer_policy,
            "Content-Language": language.words["tag"],
            "Vary": "Accept-Language",
        }
        return Response(content, status, {**(headers or {}), **own_headers}, media_type="text/html")


def pages_of(request: Request) -> Pages:
    """Return the pages of the application that got this request."""
    return cast(Pages, request.app.state.pages)
