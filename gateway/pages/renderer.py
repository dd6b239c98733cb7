"""Renders the pages. Everything that goes into a template is escaped; no token ever does."""

from pathlib import Path

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.authorization.scopes import missing_scopes
from gateway.outside_text import cleaned
from gateway.pages.texts import texts_for
from gateway.problems import TABLE
from gateway.secret import Secret
from gateway.vault.records import Attempt, Grant

HERE = Path(__file__).resolve().parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
# With `no-referrer` a browser would send the form with `Origin: null`.
FORM_HEADERS = {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
}


class Pages:
    """The pages of one gateway. `sandbox`: each of them says that it is one."""

    def __init__(self, *, sandbox: bool) -> None:
        self._sandbox = sandbox
        self._stylesheet = (HERE / "style.css").read_text(encoding="utf-8")
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["cleaned"] = cleaned

    def stylesheet(self) -> Response:
        """Answer the one stylesheet."""
        return Response(self._stylesheet, media_type="text/css")

    def store(self, attempt: Attempt, grant: Grant | None, language: str | None) -> Response:
        """Answer that a store is authorized. `grant` is None where it has been removed since."""
        return self._page(
            "authorized.html",
            language,
            title="store_authorized",
            outcome="good",
            attempt=attempt,
            grant=grant,
            missing=missing_scopes(grant.requested_scopes, grant.granted_scopes) if grant else None,
            row=None,
        )

    def account(self, attempt: Attempt, synced: bool, language: str | None) -> Response:
        """Answer that an ads account is authorized; without profiles, why and what to do."""
        return self._page(
            "authorized.html",
            language,
            title="account_authorized" if synced else "account_without_profiles",
            outcome="good" if synced else "half",
            attempt=attempt,
            grant=None,
            missing=None,
            row=None if synced else TABLE["profile_sync_failed"],
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
        page = self._page(
            "confirm.html",
            language,
            title="confirm",
            outcome="open",
            attempt=attempt,
            seller_id=seller_id,
            action=action,
            held=held,
            csrf_token=csrf_token.reveal(),
        )
        page.headers.update(FORM_HEADERS)
        return page

    def unfinished(self, attempt: Attempt, state: str, reason: str | None, language: str | None) -> Response:
        """Answer how an attempt stands that led to nothing, or not yet."""
        return self._page(
            "unfinished.html",
            language,
            title=state,
            outcome="open" if state == "pending" else "bad",
            attempt=attempt,
            row=TABLE[reason] if reason else None,
        )

    def problem(self, reason: str, language: str | None, *, status: int) -> Response:
        """Answer a problem that belongs to no attempt."""
        title = reason if reason == "expired" else "problem"
        return self._page(
            "unfinished.html",
            language,
            title=title,
            outcome="bad",
            attempt=None,
            row=TABLE[reason],
            status=status,
        )

    def _page(
        self, template: str, accept_language: str | None, *, title: str, status: int = 200, **values: object
    ) -> Response:
        language, texts = texts_for(accept_language)
        content = self._templates.get_template(template).render(
            language=language, t=texts, title=texts[title], sandbox=self._sandbox, **values
        )
        headers = {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}
        return Response(content, status, headers, media_type="text/html")
