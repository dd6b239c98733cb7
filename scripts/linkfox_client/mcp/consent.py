"""A consent link in the person's hands: by elicitation where the client opens addresses, else in the answer.

Up to protocol 2025-11-25 the server asks the client in the middle of a call; from 2026-07-28 on it answers
what it wants, and the client calls again with the person's answer.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from linkfox_client.commands.link_delivery import NOT_IN_CLIPBOARD, WHERE

KEY = "consent"
MESSAGE = f"Amazon asks for the consent on its own page. Open it in {WHERE}."
# What the answers to an elicitation are called, and what is to be done after each.
ACCEPTED = "accepted"
NOT_OPENED = {
    "declined": "The person declined to open the link: ask them before you hand it over in another way.",
    "canceled": "The person closed the question without an answer: ask them, then hand over authorizeUrl.",
    "unanswered": "The client did not answer: hand authorizeUrl over, as a Markdown link, whole.",
}
_ACTIONS = {"accept": ACCEPTED, "decline": "declined", "cancel": "canceled"}
_UNANSWERED = "unanswered"

Follow = Callable[[str, int], Awaitable[dict[str, Any]]]
Answer = types.CallToolResult | types.InputRequiredResult


class Patience(NamedTuple):
    """Seconds to wait for the answer to an elicitation, and for the consent after it was accepted.

    Many hosts end a call after 60 seconds.
    """

    answer: float = 45
    consent: int = 45


USUAL = Patience()


def can_open_links(ctx: ServerRequestContext) -> bool:
    """Tell whether the client says that it opens addresses for the person."""
    able = ctx.session.client_capabilities
    return able is not None and able.elicitation is not None and able.elicitation.url is not None


def asks_by_answering(ctx: ServerRequestContext) -> bool:
    """Tell whether the client takes questions as answers only (protocol 2026-07-28)."""
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


def question(document: Mapping[str, Any]) -> types.InputRequiredResult:
    """Return the answer that asks the client to open the link of a document, which comes back with it."""
    params = types.ElicitRequestURLParams(message=MESSAGE, url=document["authorizeUrl"])
    wanted: types.InputRequests = {KEY: types.ElicitRequest(params=params)}
    return types.InputRequiredResult(input_requests=wanted, request_state=json.dumps(document))


def asked_with(params: types.CallToolRequestParams) -> tuple[dict[str, Any], str]:
    """Return the document that a question was asked about, and what became of it, by what came back."""
    document: dict[str, Any] = json.loads(params.request_state or "{}")
    answer = (params.input_responses or {}).get(KEY)
    return document, _ACTIONS.get(getattr(answer, "action", ""), _UNANSWERED)


async def asked(ctx: ServerRequestContext, document: Mapping[str, Any], seconds: float) -> str:
    """Ask the client to open the link of a document; return what became of that, whatever it answers."""
    with anyio.move_on_after(seconds):
        try:
            answer = await ctx.session.elicit_url(
                MESSAGE, document["authorizeUrl"], _identifier(document), related_request_id=ctx.request_id
            )
        except (MCPError, ValidationError):  # it cannot after all, or answers something else
            return _UNANSWERED
        return _ACTIONS[answer.action]
    return _UNANSWERED


async def concluded(
    document: Mapping[str, Any], outcome: str, follow: Follow, patience: Patience
) -> dict[str, Any]:
    """Return the document of the call once it is known what became of the question.

    `follow(authorization_id, seconds)` returns the document of the script that follows an attempt.
    """
    told = {**document, "elicitation": outcome}
    attempt = document.get("authorizationId")
    if outcome != ACCEPTED:
        return told | {"notes": [*(told.get("notes") or []), NOT_OPENED[outcome]]}
    notes = [note for note in told.pop("notes", []) if note != NOT_IN_CLIPBOARD]
    if not isinstance(attempt, str):  # the hosted gateway tells none
        return told | {"notes": [*notes, "Look at the list after a while: a new entry appears there."]}
    ended = await follow(attempt, patience.consent)
    error = ended.get("error")
    if isinstance(error, dict) and error.get("code") != "timeout":
        return ended | {"elicitation": outcome}
    notes += [error["hint"]] if isinstance(error, dict) else ended.get("notes") or []
    fields = {"state": "pending"} if isinstance(error, dict) else ended
    return told | fields | ({"notes": notes} if notes else {})


async def completed(ctx: ServerRequestContext, document: Mapping[str, Any]) -> None:
    """Tell a client that was asked in the middle of a call that what it opened is over."""
    if document.get("state") == "authorized" and not asks_by_answering(ctx):
        await ctx.session.send_elicit_complete(_identifier(document), related_request_id=ctx.request_id)


def _identifier(document: Mapping[str, Any]) -> str:
    """Return what names the question to the client; the attempt's own name where it has one."""
    return str(document.get("authorizationId") or document["authorizeUrl"])
