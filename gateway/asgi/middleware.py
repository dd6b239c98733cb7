"""What every request passes through, in its order."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from gateway.asgi.answer_headers import AnswerHeaders
from gateway.asgi.body_limit import BodyLimit
from gateway.asgi.error_answers import ErrorAnswers, ProblemAnswer, ProblemPage
from gateway.asgi.host_check import HostCheck
from gateway.asgi.origin_check import OriginCheck
from gateway.asgi.request_context import RequestContexts
from gateway.asgi.request_log import RequestLog
from gateway.asgi.request_spans import RequestSpans
from gateway.settings.settings import Settings
from gateway.util import tracing
from gateway.vault.audit import Audit


def surrounded(
    app: ASGIApp,
    settings: Settings,
    audit: Audit,
    page: ProblemPage,
    shapes: Mapping[str, ProblemAnswer],
) -> ASGIApp:
    """Return an application that raises Problem with all middlewares around it.

    `page`: what a person with a browser is told on; `shapes`: how problems are told elsewhere than in the
    error envelope, by the prefix of the path. Middlewares that only look at a request, or at the pieces
    of an answer, return what the next one makes rather than await it: a coroutine for each would cost more
    than all that they do.
    """
    inner: ASGIApp = BodyLimit(app, settings)
    inner = OriginCheck(inner, settings.public_url)
    inner = HostCheck(inner, settings)
    # What those three refuse is answered, and each answer has the headers and stands in the log, too.
    inner = ErrorAnswers(inner, sandbox=settings.sandbox, page=page, shapes=shapes)
    inner = AnswerHeaders(inner)
    inner = RequestLog(inner, audit)
    if tracing.is_on():
        inner = RequestSpans(inner)
    return RequestContexts(inner, outside=app)
