"""Fills in the templates, and says which headers a page has. Everything that goes into one is escaped."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from gateway.authorization.details import LONGEST_NAME
from gateway.authorization.return_address import host_of
from gateway.util.clock import Clock
from gateway.util.text import cleaned
from gateway.util.version import version
from gateway.web.page_context import FormState, PageContext
from gateway.web.relative_time import RelativeTime
from gateway.web.texts import language_for

TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def _templates() -> Environment:
    """Return the templates, each of which is compiled when it is first shown, and once."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["cleaned"] = cleaned
    templates.filters["host_of"] = host_of
    templates.globals["longest_name"] = LONGEST_NAME
    templates.globals["version"] = version()
    return templates


class Templates:
    """The templates of one gateway's pages. `sandbox`: each page says that it is one."""

    def __init__(self, *, sandbox: bool, clock: Clock) -> None:
        self._sandbox = sandbox
        self._clock = clock

    def form(
        self, template: str, context: PageContext, title: str, form_state: FormState, **values: Any
    ) -> Response:
        """Answer a form: as one that was not understood, 400, where something in it is wrong."""
        wrong = bool(form_state.errors)
        status = 400 if wrong else 200
        return self.page(
            template, context, title, status=status, wrong=wrong, form_state=form_state, **values
        )

    def page(
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
        """Answer a page. `title`: the word of its heading, into which `title_name` is put."""
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
