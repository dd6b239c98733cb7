"""One call of an API of Amazon's through the gateway, which puts the token in and keeps it."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from linkfox_client.amazon import refusals
from linkfox_client.amazon.refusals import Refusal
from linkfox_client.cli import new_file
from linkfox_client.commands import amazon_answers, choice
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.gateway.calls import whole_number
from linkfox_client.paths import REFERENCES

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATHS = {"spapi": "/spApi/developerProxy", "ads": "/amazonAds/developerProxy"}
OPERATIONS = {"spapi": "spapi-operations.json", "ads": "ads-operations.json"}
# Characters of a body on the command line, where Windows takes 32,767 in all.
LONGEST_BODY = 20_000
LARGEST_BODY = 12 * 1024 * 1024  # bytes; a gateway takes as much (PROXY_LARGEST_REQUEST)
DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")
# Causes of a store's refusal that may end in a new authorization, and what the hosted gateway wants for it.
AUTHORIZED_AGAIN = {"token_ended", "role_missing", "role_or_region"}
AT_LINKFOX = (
    " On the hosted gateway the application is LinkFox's: ask LinkFox's support (LinkFox 客服) for a role; "
    "and the link wants the site: ask the user for it and add it with --marketplace."
)
NOT_UNDERSTOOD = ("bad_parameter", "not_found", "answer_incomplete")
NO_MEDIA_TYPE = 415
WANTS_BODY = (
    "The call had no body, and so no media type. Give one with --body or --body-file; `{}` asks a list for "
    "everything."
)
# The field that a gateway misses where a call that wants a store names none.
NO_STORE = "amzAccessToken"
WANTS_STORE = (
    "Name the store with --seller-id or --store. Without one go grantless calls of notifications alone, by a "
    "gateway that is not older than these scripts."
)
# After these nobody knows whether Amazon carried the call out.
UNCERTAIN = ("amazon_failed", "timeout")
AT_HOME = "The hosted gateway does not make such calls; a gateway of one's own does. "
RESTRICTED_HINT = {
    "spapi": "For who bought and where it goes: GET /orders/2026-01-01/orders/ORDER_ID --query "
    "includedData=BUYER,RECIPIENT, which wants no such token. Else a program under "
    "`python3 scripts/with_token.py` can ask Amazon for one (POST /tokens/2021-03-01/restrictedDataToken).",
    "ads": "The Ads API has no restricted data: leave --restricted out.",
}


class Target(NamedTuple):
    """Who is called: `fields` name the store or profile to the gateway. `verified` and `name` where known."""

    api: str
    fields: Mapping[str, Any]
    name: str = ""
    verified: bool | None = None


class Call(NamedTuple):
    """What is called. `query`: as it is sent; `body`: None where nothing is.

    `reads`: it changes nothing at Amazon; `rate`: calls a second that Amazon publishes for it. `restricted`:
    the data of buyers that the answer is to hold.
    """

    method: str
    path: str
    query: str = ""
    body: str | None = None
    content_type: str | None = None
    accept: str | None = None
    reads: bool = True
    rate: float | None = None
    restricted: Sequence[str] = ()


def check(options: SimpleNamespace) -> None:
    """Read what is to be called into `options.call`, so that what is wrong with it costs no call.

    Raise ClientError (`bad_arguments`).
    """
    api = "ads" if choice.is_profile(options) else "spapi"
    if options.restricted and api == "ads":
        raise bad_arguments("--restricted is for the SP-API", RESTRICTED_HINT[api])
    _check_path(options.path)
    if options.method == "GET" and (options.body_file, options.body) != (None, None):
        raise bad_arguments("A GET has no body", "Give parameters with --query NAME=VALUE.")
    if options.output_file is not None:
        new_file.check(Path(options.output_file))
    options.call = _call(options, api)


def target(gateway: "Gateway", chosen: "choice.Choice") -> Target:
    """Return who is called. Raise ClientError where a profile's region cannot be looked up."""
    row, which = chosen.row, chosen.which
    if "profileId" in which:
        row = row or choice.find_profile(gateway, profile_id=which["profileId"])
        return Target("ads", {**which, "region": row.get("region")})
    name, verified = row.get("sellerName"), row.get("verified")
    return Target(
        "spapi",
        which,
        name if isinstance(name, str) else "",
        verified if isinstance(verified, bool) else None,
    )


def make(gateway: "Gateway", target: Target, call: Call, output_file: str | None = None) -> dict[str, Any]:
    """Make the call; return Amazon's answer as the fields of a document.

    Raise ClientError where the gateway did not make it, and for any answer but a success.
    """
    asked = {
        "path": call.path,
        "method": call.method,
        "queryString": call.query or None,
        "body": call.body,
        "contentType": call.content_type,
        "accept": call.accept,
        "restricted": call.restricted or None,
        **target.fields,
    }
    if gateway.is_hosted:
        _check_hosted(target, call)
    request = {name: value for name, value in asked.items() if value is not None}
    try:
        fields, content = gateway.forward(PATHS[target.api], request)
    except ClientError as failure:
        raise _not_made(gateway, target, call, failure) from None
    status = whole_number(fields["httpStatus"]) or 0
    document, body = amazon_answers.about(fields, sandbox=gateway.sandbox), content or b""
    if call.restricted and not fields.get("restricted"):
        raise ClientError(
            "gateway_failed",
            f"Amazon answered {status} to a call without a restricted data token: this gateway is older than "
            "these scripts",
            "Update the gateway and start it again, or leave --restricted out.",
            fields=document,
        )
    good = 200 <= status < 300
    if good and output_file is not None:
        return _in_file(Path(output_file).absolute(), document, body, call)
    document = amazon_answers.with_body(document, body, reads=call.reads)
    if not good:
        refused = amazon_answers.failure(_refusal(target, call, status, body), fields, document, call.rate)
        if status == NO_MEDIA_TYPE and call.body is None:
            refused.hint = WANTS_BODY
        is_store = target.api == "spapi"
        if gateway.is_hosted and is_store and refused.fields.get("cause") in AUTHORIZED_AGAIN:
            refused.hint += AT_LINKFOX
        raise refused
    return document


def _check_hosted(target: Target, call: Call) -> None:
    """Refuse what only a gateway of one's own makes. Raise ClientError (`bad_arguments`)."""
    if call.restricted:
        raise bad_arguments(
            "--restricted: the hosted gateway makes no restricted data tokens", RESTRICTED_HINT["spapi"]
        )
    if _is_application(target):
        raise bad_arguments(
            "--region alone is for a call of the application's own", AT_HOME + "Name a store."
        )


def _is_application(target: Target) -> bool:
    """Tell whether a call is for no store and no profile."""
    return target.api == "spapi" and "sellerId" not in target.fields


def _in_file(path: Path, document: dict[str, Any], body: bytes, call: Call) -> dict[str, Any]:
    """Write the body to a new file; return the document that names it.

    Raise ClientError with Amazon's answer beside it, as far as it fits: the call was made.
    """
    try:
        new_file.write(path, body)
    except ClientError as problem:
        problem.message = f"Amazon answered, but {problem.message}"
        problem.fields = amazon_answers.with_body(document, body, reads=call.reads)
        raise
    return document | {"outputFile": str(path), "bytes": len(body)}


def _not_made(gateway: "Gateway", target: Target, call: Call, failure: ClientError) -> ClientError:
    """Return the failure of a call that the gateway did not make, with the cause where that is known."""
    cause = refusals.explain_reason(failure.reason, _refusal(target, call, 0, b""))
    if cause is not None:
        failure.hint = cause.hint
        failure.fields = {"cause": cause.cause, **failure.fields}
    elif not call.reads and failure.code in UNCERTAIN:
        failure.hint = "It may have taken effect: look first; if it has not, run the command again."
    elif _is_application(target) and NO_STORE in failure.message:
        failure.hint = WANTS_STORE
    elif gateway.is_hosted and failure.reason in NOT_UNDERSTOOD:
        failure.hint = (
            "The hosted gateway may not take a store or profile in place of a token: let a program make the "
            f"call, under `{_with_token(target)}`. A repetition of this one costs credit again."
        )
    return failure


def _with_token(target: Target) -> str:
    """Return how a program gets the token of who was called."""
    fields = target.fields
    named = ["--seller-id", str(fields.get("sellerId")), "--region", str(fields.get("region"))]
    if target.api == "ads":
        named = ["--profile-id", str(fields["profileId"])]
    return shlex.join(["python3", "scripts/with_token.py", *named, "--", "COMMAND"])


def _refusal(target: Target, call: Call, status: int, body: bytes) -> Refusal:
    fields = target.fields
    return Refusal(
        target.api,
        status,
        body,
        call.method,
        call.path,
        call.query,
        str(fields.get("region", "")),
        str(fields.get("sellerId", "")),
        fields.get("profileId"),
        target.name,
        target.verified,
        bool(call.restricted),
        _is_application(target),
    )


def _check_path(path: str) -> None:
    """Refuse what is no path of Amazon's. Raise ClientError (`bad_arguments`)."""
    if "://" in path:
        hint = "Give it without the host, which follows from the store's region: /orders/v0/orders."
        raise bad_arguments("The path is a whole address", hint)
    if "?" in path or "#" in path:
        raise bad_arguments("The path has a query in it", "Give parameters with --query NAME=VALUE.")
    if DRIVE.match(path):
        hint = (
            "A shell such as Git Bash made a file's name of it: leave its first slash out, orders/v0/orders."
        )
        raise bad_arguments("The path begins with a drive", hint)


def _call(options: SimpleNamespace, api: str) -> Call:
    """Return what the options ask for. Raise ClientError where --write or a file is missing."""
    rows = json.loads((REFERENCES / OPERATIONS[api]).read_text(encoding="utf-8"))
    operation = refusals.find_operation(rows, options.method, options.path) or {}
    reads = options.method == "GET" or operation.get("reads") is True
    if not (reads or options.write):
        raise bad_arguments(
            f"{options.method} {options.path} may change something at Amazon, and --write is missing",
            "Ask the user whether it is to be done; then add --write.",
        )
    types = operation.get("request", ())
    body = options.body if options.body is not None else _body(options.body_file)
    return Call(
        options.method,
        options.path,
        urlencode(options.query, quote_via=quote),
        body,
        options.content_type or (types[0] if body is not None and len(types) == 1 else None),
        options.accept,
        reads,
        operation.get("rate"),
        options.restricted,
    )


def _body(source: str | None) -> str | None:
    """Return the text of the file that is to be sent. Raise ClientError (`bad_arguments`)."""
    if source is None:
        return None
    try:
        with Path(source).open("rb") as file:
            content = file.read(LARGEST_BODY + 1)
        if len(content) <= LARGEST_BODY:
            return content.decode()
        why = "is too large"
    except OSError as problem:
        why = f"cannot be read: {problem.strerror}"
    except UnicodeDecodeError:
        why = "holds something other than UTF-8 text"
    hint = f"Name a file of UTF-8 text, at most {LARGEST_BODY // 2**20} MB."
    raise bad_arguments(f"--body-file {why}", hint)
