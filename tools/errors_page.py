"""Make references/errors.md of references/errors.json and references/gateway-words.json."""

from typing import Any

from linkfox_client.errors import EXIT_CODES

from tools.tables import table

# What each `error.code` means for the caller. The order is that of the page.
MEANINGS: dict[str, str] = {
    "bad_arguments": "The command line or the request is wrong; nothing was sent to Amazon",
    "not_set_up": "Packages, a key, a gateway or the gateway's Amazon application are missing",
    "unauthorized": "The gateway refuses the API key",
    "needs_reauthorization": "Amazon no longer accepts this store's or account's authorization",
    "denied": "The consent was refused on Amazon's page",
    "not_found": "There is no such store, account or profile among this user's",
    "ambiguous": "More than one matches; `candidates` lists them",
    "gateway_failed": "The gateway cannot be reached, or answered something unusable",
    "amazon_failed": "Amazon failed or refused",
    "throttled": "Too many calls; wait",
    "suspended_app": "The gateway's own Amazon application is at fault; no store is",
    "authorization_failed": "An authorization ended without a result",
    "out_of_credit": "The hosted gateway's account has no credit left",
    "timeout": "Nothing came within the time given",
    "expired": "The consent link was not used in time",
    "interrupted": "Stopped with Ctrl-C",
    "internal": "A fault in a script; please report it",
}

ERRORS_HEAD = """\
# Errors: what they mean and what to do

<!-- Generated from errors.json by tools/generate_docs.py; change that file and run it again. -->

Open this page when an `error.code` of a script, or a `reason` of the self-hosted gateway, needs more than
its hint.

A script that fails prints `{"ok": false, "error": {"code", "message", "hint", "retryable"}}`, sometimes with
`errcode`, `requestId` and `candidates`, and leaves with the exit code below. `retryable: true` says that the
same call may work later without any change. A failed authorization is not retryable: a link and its code
work once, so a person starts again with a new link.

Beside the `error` of a `needs_reauthorization` there may be `authorizeUrl`, `authorizationId` and
`expiresAt`: a fresh link for exactly this store or account. Hand it over as one of authorize_url.py's, and
follow it with `--authorization-id`.

A failure that says when to come again, such as `throttled`, carries `retryAfter` in seconds.

The hosted gateway sends `errcode` and `errmsg`, also with HTTP 200, and `errmsg` is often Chinese. What it
says goes before its numbers, and stands in `message`: see *What the hosted gateway says*. Key and money are
told apart: 401 is the API key (make one at <https://agent.linkfox.com/>, personal center → API settings), 402
and many wordings are credit (top up at <https://os.linkfox.com/>). An answer that lacks what was asked for is
a failure, whatever its numbers say.
"""

ERRCODES = """\
## `errcode` on the wire

| errcode | Meaning |
|---|---|
| absent, 0 or 200 | success, with a 2xx status |
| 401 | bad API key |
| 402 | out of credit (hosted gateway) |
| 500 | the gateway failed unexpectedly |
| 1002 | missing or bad parameter |
| 1003 | Amazon, or the authorizing partner, failed |
| 1004 | no such authorization, or not yours |
| 1005 | path, host or profile not allowed |
"""


HOSTED_WORDS = """\
## What the hosted gateway says

Examples; the patterns are in gateway-words.json, and the first that is found in what was said counts.
"""


def errors_page(errors: list[dict[str, Any]], words_said: list[dict[str, Any]]) -> str:
    """Return the whole of references/errors.md. A code that has no meaning here raises KeyError."""
    parts = [ERRORS_HEAD, "## Codes and exit codes\n"]
    parts.append(
        table(
            ("`error.code`", "Exit", "Meaning"),
            ((f"`{code}`", str(EXIT_CODES[code]), meaning) for code, meaning in MEANINGS.items()),
        )
    )
    parts.append("An exit code of 0 is success.\n")
    parts.append(ERRCODES)
    parts.append(HOSTED_WORDS)
    parts.append(
        table(
            ("It says", "Reason"),
            ((", ".join(row["examples"]), f"`{row['reason']}`") for row in words_said),
        )
    )
    parts.append("## Reasons\n")
    parts.append(
        "The self-hosted gateway names the `reason` of a failure beside `errcode`, and in the status of an\n"
        "authorization that did not succeed: that call itself succeeds, with HTTP 200.\n"
    )
    parts.append("Amazon's own words, as its answers and older guides have them, are these reasons here:\n")
    words = dict.fromkeys(word for error in errors for word in error.get("amazon", ()))
    parts.append(
        table(
            ("Amazon says", "Reason", "Meaning"),
            (
                (f"`{word}`", f"`{error['reason']}`", error["meaning"])
                for word in words
                for error in errors
                if word in error.get("amazon", ())
            ),
        )
    )
    by_exit: dict[int, list[dict[str, Any]]] = {}
    for error in errors:
        by_exit.setdefault(EXIT_CODES[error["code"]], []).append(error)
    for exit_code in dict.fromkeys(EXIT_CODES[code] for code in MEANINGS):
        group = by_exit.get(exit_code)
        if not group:
            continue
        parts.append(f"### Exit {exit_code}\n")
        for error in group:
            again = "may work later unchanged" if error["retryable"] else "not retryable"
            numbers = "made by the scripts of another gateway's answer"
            if "scriptsOnly" not in error:
                numbers = f"HTTP {error['httpStatus']} · errcode {error['errcode']}"
            parts.append(
                f"**`{error['reason']}`** · `{error['code']}` · {numbers} · {again}  \n"
                f"{error['meaning']}.  \n"
                f"What to do: {error['remedy']}\n"
            )
    return "\n".join(parts)
