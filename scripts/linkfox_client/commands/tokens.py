"""Getting access tokens: of one store or account, or of all of them over one session.

The self-hosted gateway makes sure of the time left (`minTtl`). The hosted one does not say how old a token
is; there only a refresh makes sure, and it is made only where the caller asked for a minimum.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client.cli.arguments import Arguments
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.secrets.secret import Secret

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

DEFAULT_MIN_TTL = 300
MOST_MIN_TTL = 3300
TOLD_EVERY = 10.0  # seconds
LONGEST_LIFE = 86_400  # seconds; Amazon's access tokens live for an hour
FOR_LONGER = (
    f"A token lives an hour, so {MOST_MIN_TTL} seconds at most can be asked for. For a longer job run the "
    "command under `python3 scripts/with_token.py` with --keep-fresh, which gets a new token before one ends."
)
REFRESHED = (
    "This gateway does not say how old a token is, so it was refreshed to have the time asked for; "
    "expiresAt is worked out from that."
)
AGE_UNKNOWN = (
    "This gateway does not say how old the token is: expiresIn counts from when it was made. "
    "If Amazon refuses it, refresh it; with --min-ttl that is done beforehand."
)
BELOW_MINIMUM = (
    "This token has less time left than was asked for: Amazon could not be asked for a new one, or gives "
    "none that lives longer."
)


def declare(arguments: Arguments, everything: str) -> None:
    """Declare `--all` (`everything` is its help) and `--min-ttl`."""
    arguments.switch("--all", everything)
    declare_min_ttl(arguments)
    arguments.check(_one_for_env)


def declare_min_ttl(arguments: Arguments) -> None:
    """Declare `--min-ttl`, whose limit is explained: no token lasts as long as a long job."""
    arguments.seconds(
        "--min-ttl",
        "the least time that a token must have left (default 300)",
        most=MOST_MIN_TTL,
        hint=FOR_LONGER,
    )


def _one_for_env(options: SimpleNamespace) -> None:
    if options.all and options.format == "env":
        raise bad_arguments("--all and --format env do not go together", "Lines for a shell hold one token.")


def fetch(
    gateway: "Gateway",
    path: str,
    which: Mapping[str, Any],
    min_ttl: int | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Return the tokens of one store or account as the gateway sends them, with `notes` if need be.

    `path` is `/spApi` or `/amazonAds`, `which` names the store, account or profile, `min_ttl` the seconds
    that the token has to have left (None: 300 where the gateway can tell). Raise ClientError.
    """
    asked = {} if gateway.is_hosted else {"minTtl": DEFAULT_MIN_TTL if min_ttl is None else min_ttl}
    answer = gateway.post(f"{path}/storeTokens", {**which, **asked})
    if answer.get("freshness") == "below_minimum":
        return with_note(answer, BELOW_MINIMUM)
    if "expiresAt" in answer or min_ttl == 0:
        return answer
    if min_ttl is None:
        return with_note(answer, AGE_UNKNOWN)
    asked_at = clock()
    refreshed = gateway.post(f"{path}/refreshToken", which)
    refreshed.pop("message", None)
    return with_note(answer | expiry(refreshed, asked_at) | refreshed, REFRESHED)


def fetch_another(gateway: "Gateway", path: str, which: Mapping[str, Any], refused: Secret) -> dict[str, Any]:
    """Return the tokens of one store or account after Amazon refused the access token `refused`.

    A gateway of one's own asks Amazon only where that is still the current one. Raise ClientError.
    """
    told = {} if gateway.is_hosted else {"refused": refused.reveal()}
    answer = gateway.post(f"{path}/refreshToken", {**which, **told})
    answer.pop("message", None)
    return answer


def fetch_all(
    gateway: "Gateway",
    path: str,
    listed: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    min_ttl: int | None = None,
) -> dict[str, Any]:
    """Return the document of `--all`: `stores`, `total` and `failed`.

    Each store has its tokens and `ok`, or an `error` with what stands beside it, such as a link.

    `listed` are the entries of the list, `names` the fields of them that name one to the gateway. Where some
    failed, `ok` is false, `error` and what stands beside it the first one's; the others are still there.
    """
    from linkfox_client.cli.progress import Progress
    from linkfox_client.gateway import parallel

    def one(entry: Mapping[str, Any]) -> dict[str, Any]:
        return fetch(gateway, path, {name: entry.get(name) for name in names}, min_ttl)

    with Progress(every=TOLD_EVERY) as line:
        results = parallel.run(
            one, listed, progress=lambda done, total: line.show(f"Tokens: {done} of {total}")
        )
    failures = [result for result in results if isinstance(result, ClientError)]
    stores = [_entry(entry, result) for entry, result in zip(listed, results, strict=True)]
    document: dict[str, Any] = {"ok": not failures}
    if failures:
        document |= {"error": failures[0].error(), **_beside(failures[0])}
    document |= {"stores": stores, "total": len(stores), "failed": len(failures)}
    return document | ({"sandbox": True} if gateway.sandbox else {})


def expiry(answer: Mapping[str, Any], asked_at: float) -> dict[str, str]:
    """Return `expiresAt` of a token that was asked for at `asked_at` (epoch seconds).

    Nothing where `expiresIn` is not usable.
    """
    seconds = answer.get("expiresIn")
    if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_LIFE:
        return {}
    return {"expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(asked_at + seconds))}


def _entry(listed: Mapping[str, Any], result: dict[str, Any] | ClientError) -> dict[str, Any]:
    if isinstance(result, ClientError):
        return {**listed, **_beside(result), "ok": False, "error": result.error()}
    return {**listed, **result, "ok": True}


def _beside(failure: ClientError) -> dict[str, Any]:
    """Return what a failure tells beside its error; the mark of the sandbox is on the whole document."""
    return {name: value for name, value in failure.fields.items() if name != "sandbox"}


def with_note(answer: dict[str, Any], note: str) -> dict[str, Any]:
    """Return a document with one more line in its `notes`."""
    notes = answer.get("notes")
    return answer | {"notes": [*(notes if isinstance(notes, list) else []), note]}
