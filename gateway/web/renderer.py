"""The pages, and what each of them shows. No token ever does."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from gateway.amazon.marketplaces import REGIONS, Marketplace
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
from gateway.web.subjects import Subjects
from gateway.web.templating import Templates

STYLESHEET = Path(__file__).resolve().parent / "style.css"

# The headings of an authorized ads account, by what is missing of its profiles.
ACCOUNT_TITLES: dict[str | None, str] = {
    None: "account_authorized",
    "profile_sync_failed": "account_without_profiles",
    "profile_sync_incomplete": "account_incomplete",
    "profile_sync_unanswered": "account_unanswered",
}


class Pages:
    """The pages of one gateway. `sandbox`: each of them says that it is one."""

    def __init__(self, *, sandbox: bool, clock: Clock) -> None:
        self._templates = Templates(sandbox=sandbox, clock=clock)
        self._clock = clock
        self._stylesheet = STYLESHEET.read_text(encoding="utf-8")

    def stylesheet(self) -> Response:
        """Answer the one stylesheet."""
        return Response(self._stylesheet, media_type="text/css")

    # --- how an authorization ended ---

    def store(
        self, context: PageContext, attempt: Attempt, grant: Grant | None, sites: StoreSites | None
    ) -> Response:
        """Answer that a store is authorized. `grant` is None where it has been removed since."""
        return self._templates.page(
            "authorized.html",
            context,
            "store_authorized",
            outcome="good",
            attempt=attempt,
            grant=grant,
            sites=sites,
            missing=missing_scopes(grant.requested_scopes, grant.granted_scopes) if grant else None,
            reason=None,
            unread=None,
        )

    def account(
        self, context: PageContext, attempt: Attempt, sync: SyncState | None, profiles: Sequence[Profile]
    ) -> Response:
        """Answer that an ads account is authorized; what is missing of its profiles, why, and what to do.

        `sync`: what is known of them; None where the account has been removed since. `profiles`: those that
        it has, by whose sites a person sees whether the login was the right one.
        """
        reason = None if sync is None else sync.reason
        return self._templates.page(
            "authorized.html",
            context,
            ACCOUNT_TITLES[reason],
            outcome="good" if reason is None else "half",
            attempt=attempt,
            grant=None,
            profiles=profiles,
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
        return self._templates.page(
            "confirm.html",
            PageContext(language, None, csrf_token.reveal()),
            "confirm",
            outcome="open",
            attempt=attempt,
            seller_id=seller_id,
            action=action,
            held=held,
        )

    def unfinished(self, context: PageContext, attempt: Attempt, state: str, reason: str | None) -> Response:
        """Answer how an attempt stands that led to nothing, or not yet: then it looks again by itself."""
        under_way = state == "pending" and attempt.phase != "pending"
        return self._templates.page(
            "unfinished.html",
            context,
            "under_way" if under_way else state,
            under_way=under_way,
            outcome="open" if state == "pending" else "bad",
            attempt=attempt,
            reason=reason,
            request_id=None,
        )

    def problem(self, problem: Problem, context: PageContext, request_id: str) -> Response:
        """Answer a problem that belongs to no attempt; where the log tells more, with the request's id."""
        is_ours = problem.row.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return self._templates.page(
            "unfinished.html",
            context,
            "expired" if problem.reason == "expired" else "problem",
            status=problem.row.http_status,
            headers=problem.headers,
            under_way=False,
            outcome="bad",
            attempt=None,
            reason=problem.reason,
            request_id=request_id if is_ours else None,
        )

    def returning(self, context: PageContext, onward: str) -> Response:
        """Answer that the customer goes back to the application by `onward`, a path of this gateway."""
        return self._templates.page("returning.html", context, "returning", outcome="open", onward=onward)

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
        return self._templates.page(
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
        return self._templates.page(
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
        return self._templates.form(
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
        return self._templates.page(
            "to_amazon.html", without_forms, "to_amazon", link=link, host=host, lifetime=lifetime
        )

    def rename(self, context: PageContext, grant: Grant, form_state: FormState) -> Response:
        """Ask for another name of a store or account."""
        return self._templates.form(
            "rename.html",
            context,
            "rename_title",
            form_state,
            title_name=cleaned(grant.name),
            grant=grant,
        )

    def remove(self, context: PageContext, grant: Grant) -> Response:
        """Ask whether a store or account is really to be removed."""
        return self._templates.page(
            "remove.html", context, "remove_title", title_name=cleaned(grant.name), grant=grant
        )

    def appstore(
        self,
        context: PageContext,
        seller_id: str,
        region: str,
        fields: Mapping[str, str],
        form_state: FormState,
    ) -> Response:
        """Ask whether a seller who came from Amazon's Appstore is to be connected, and under which name."""
        return self._templates.form(
            "appstore.html",
            context,
            "appstore",
            form_state,
            seller_id=seller_id,
            region=region,
            fields=fields,
        )


def pages_of(request: Request) -> Pages:
    """Return the pages of the application that got this request."""
    return cast(Pages, request.app.state.pages)
