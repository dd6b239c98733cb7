"""What every request passes through, as plain ASGI.

A request id, the host check against DNS rebinding and the origin check against pages of other sites, the
limit on the body, the headers that keep answers out of caches and frames, the error envelope (or page) for
whatever went wrong, and one line in the log and for calls in the audit, without the query string: that is
where authorization codes are.
"""

import logging
import re
import secrets
import time
import traceback
from http import HTTPStatus
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.asgi.calls import json_answer
from gateway.errors import Problem
from gateway.monitoring import logs
from gateway.settings.settings import Settings
from gateway.util import counters
from gateway.util.loopback import is_loopback
from gateway.vault.audit import OK, Audit, AuditContext, follow
from gateway.vault.errors import VaultError
from gateway.web.page_route import PROBLEM_PAGE

log = logging.getLogger(__name__)

# How much of a body that is too large is read, to be thrown away, before that is said.
MOST_TAKEN = 128 * 1024 * 1024
TAKING_SECONDS = 10
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROXY_PATHS = ("/spApi/developerProxy", "/amazonAds/developerProxy")
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)

# Pages send their own policy, which allows them their stylesheet.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Reception:
    """The outermost layer around an application that raises Problem."""

    def __init__(self, app: ASGIApp, settings: Settings, audit: Audit) -> None:
        self._app = app
        self._audit = audit
        self._sandbox = settings.sandbox
        self._largest_body = settings.largest_body
        # A proxied call carries a whole document for Amazon.
        self._largest_bodies = dict.fromkeys(PROXY_PATHS, settings.proxy_largest_request)
        addresses = (
            # Where it listens, too: its own machine's scripts, and a load balancer's checks, use that.
            *(settings.public_url, settings.origin),
            *(settings.redirect_uri("spapi"), settings.redirect_uri("ads")),
        )
        self._public_url = settings.public_url
        self._hosts = {urlsplit(address).hostname for address in addresses}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        trail = AuditContext(request_id)
        follow(trail)
        logs.in_request(request_id)
        began = time.perf_counter()
        outcome = OK
        status = 0
        noted = False

        def note() -> None:
            """Write the call into the audit, once: before its answer is whole, so that whoever has the
            answer finds the entry."""
            nonlocal noted
            if not noted:
                noted = True
                # The route, not the path: what somebody typed into an address may be anything.
                self._audit.note(trail, getattr(scope.get("route"), "path", "-"), outcome)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            elif not message.get("more_body", False):
                note()
            await send(message)

        headers = Headers(scope=scope)
        try:
            self._check_host(headers.getlist("host"))
            self._check_origin(scope["method"], headers)
            largest = self._largest_bodies.get(scope["path"], self._largest_body)
            self._check_length(headers.get("content-length"), largest)
            await self._app(scope, self._limited(receive, largest), send_with_headers)
        except ClientDisconnect:
            outcome = "client_gone"
            log.info("client_gone")
        except Exception as error:
            problem = _problem_of(error)
            outcome = problem.reason
            if status:
                raise ConnectionAbortedError("the answer had begun") from None
            if problem.reason == "body_too_large":
                await _take_the_rest(headers, receive)
            show = scope.get(PROBLEM_PAGE)
            if show is not None:
                answer = show(problem, request_id)
            else:
                answer = json_answer(
                    problem.envelope(request_id),
                    sandbox=self._sandbox,
                    status=problem.row.http_status,
                )
                answer.headers.update(problem.headers)
            await answer(scope, receive, send_with_headers)
        finally:
            note()
            route = getattr(scope.get("route"), "path", "-")
            seconds = time.perf_counter() - began
            counters.request_answered(route, status, seconds)
            log.info(
                "request",
                extra=logs.fields(
                    method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1)
                ),
            )

    def _check_host(self, hosts: list[str]) -> None:
        """Refuse host names other than loopback's and those of the gateway's own addresses."""
        host = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        name = host["name"].strip("[]").lower() if host else None
        if not (is_loopback(name) or name in self._hosts):
            raise Problem("host_not_allowed")

    def _check_origin(self, method: str, headers: Headers) -> None:
        """Refuse what a page of another site makes a browser send; programs send no Origin."""
        origins = headers.getlist("origin")
        if method in SAFE_METHODS or not origins or origins == [self._public_url]:
            return
        # The scheme is not compared: it is another one behind a proxy that ends TLS.
        if [origin.partition("://")[2] for origin in origins] != [headers["host"]]:
            raise Problem("origin_not_allowed")

    @staticmethod
    def _check_length(content_length: str | None, largest: int) -> None:
        if content_length is not None and content_length.isdigit() and int(content_length) > largest:
            raise Problem("body_too_large")

    @staticmethod
    def _limited(receive: Receive, largest: int) -> Receive:
        """Count the body as it comes, since not every body says its length beforehand."""
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise Problem("body_too_large")
            return message

        return receive_limited


async def _take_the_rest(headers: Headers, receive: Receive) -> None:
    """Let a client finish its too large body, unless that is endless or it waits to be asked for it.

    Most clients read no answer before they have sent everything; they would only see a broken connection.
    """
    if headers.get("expect") is not None:
        return
    taken = 0
    with anyio.move_on_after(TAKING_SECONDS):
        while taken < MOST_TAKEN:
            message = await receive()
            taken += len(message.get("body", b""))
            if not message.get("more_body", False):
                return


def _problem_of(error: Exception) -> Problem:
    """Return what to tell about an exception. What was not expected is logged without its values."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _problem_of_status(error)
    if isinstance(error, VaultError):
        log.error("vault_error error=%r hint=%r", error.message, error.hint)
        return Problem("vault_unavailable" if error.retryable else "vault_failed")
    # The message and the locals of an exception may hold secrets: the places and the type have to do.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected_error type=%s places=%s", type(error).__name__, places[-8:])
    return Problem("internal")


def _problem_of_status(error: HTTPException) -> Problem:
    """Return the Problem for what the router itself refuses."""
    headers = error.headers or {}
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem("unknown_path")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Problem("method_not_allowed", headers=headers)
    return Problem("bad_parameter")
