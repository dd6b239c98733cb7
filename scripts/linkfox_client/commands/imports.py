"""Importing refresh tokens into one's own gateway: one, or a list of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from linkfox_client.cli import output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.fields import option_name
from linkfox_client.cli.progress import Progress
from linkfox_client.commands import rows
from linkfox_client.commands.self_hosted import refuse_hosted
from linkfox_client.errors import ClientError, bad_arguments, typed
from linkfox_client.secrets import secret_input

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

PIPE_TOKEN = "Pipe the refresh token in, or name a file that only you can read with --token-file."  # noqa: S105
TOKEN = "refreshToken"  # noqa: S105  a field's name
# After these every further entry would fail alike.
FINAL = frozenset({"unauthorized", "not_set_up"})
TOLD_EVERY = 10.0  # seconds


class Kind(NamedTuple):
    """What is imported: the gateway's path, the fields beside the token by their flags, what lists them."""

    path: str
    fields: dict[str, str]
    listed: str


STORE = Kind(
    "/spApi/importStore",
    {"--seller-id": "sellerId", "--region": "region", "--seller-name": "sellerName"},
    "authorized_stores.py",
)
ACCOUNT = Kind(
    "/amazonAds/importAccount",
    {"--account-name": "accountName", "--region": "region"},
    "ads_authorized_stores.py",
)


def declare(arguments: Arguments, kind: Kind) -> None:
    """Declare `--token-file` and `--list`, after the flags of one import."""
    arguments.path(
        "--token-file", "read the refresh token from this private file (0600), not from standard input"
    )
    names = ", ".join([*kind.fields.values(), TOKEN])
    arguments.path_or_stream(
        "--list",
        f"import many: a JSON array, or a JSON object a line, of {names}; `-` is standard input, else a "
        "private file (0600)",
    )
    arguments.unless("--list", *kind.fields)
    arguments.excludes("--list", "--token-file")


def run(gateway: "Gateway", kind: Kind, options: SimpleNamespace) -> dict[str, Any]:
    """Import what the options name; return it, or what became of each. Raise ClientError."""
    refuse_hosted(gateway)
    if options.list is not None:
        return _import_list(gateway, kind, _read_list(options.list, kind))
    if options.token_file is not None:
        text, _ = secret_input.from_file(Path(options.token_file), "--token-file", private=True)
    else:
        text = secret_input.from_standard_input("The refresh token", PIPE_TOKEN)
    fields = {name: getattr(options, option_name(flag)) for flag, name in kind.fields.items()}
    token = output.secrets.remember(text)
    return rows.authorized(gateway.post(kind.path, {**fields, TOKEN: token.reveal()}))


def _import_list(gateway: "Gateway", kind: Kind, entries: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Import one after the other; what fails stands in the document beside what did not."""
    imports: list[dict[str, Any]] = []
    failures: list[tuple[dict[str, str], ClientError]] = []
    with Progress(every=TOLD_EVERY) as line:
        for number, entry in enumerate(entries, 1):
            named = {name: entry[name] for name in kind.fields.values()}
            line.show(f"Importing {number} of {len(entries)}")
            try:
                imported = rows.without_details(gateway.post(kind.path, entry))
                imports.append({**named, **imported, "ok": True})
            except ClientError as failure:
                failures.append((named, failure))
                imports.append({**named, "ok": False, "error": failure.error()})
                if failure.code in FINAL:
                    break
    document: dict[str, Any] = {"ok": not failures}
    if failures:
        document["error"] = _told(failures, len(imports) - len(failures), len(entries))
    document |= {"imports": imports, "total": len(entries), "failed": len(failures)}
    if len(imports) < len(entries):
        document["notTried"] = len(entries) - len(imports)
    document |= {"sandbox": True} if gateway.sandbox else {}
    return rows.failed_first(document, "imports", f"{typed(kind.listed)} lists what there is.")


def _told(failures: Sequence[tuple[dict[str, str], ClientError]], kept: int, total: int) -> dict[str, Any]:
    """Return the first failure as the document's, beside how many of the list failed and were imported."""
    named, first = failures[0]
    which = " ".join(named[name] for name in named if name != "sellerName")
    error = first.error()
    counts = f"Of {total} in the list {len(failures)} failed, and {kept} are imported"
    return {**error, "message": f"{counts}. The first failure, {which}: {error['message']}"}


def _read_list(source: str, kind: Kind) -> list[dict[str, str]]:
    """Return the entries of a list, each whole and of texts. Raise ClientError before anything is sent."""
    hint = (
        f"Give a JSON array, or a JSON object a line, each with {', '.join([*kind.fields.values(), TOKEN])}."
    )
    longest = secret_input.LONGEST_LIST
    if source == "-":
        text = secret_input.from_standard_input("The list", hint, longest=longest)
    else:
        text, _ = secret_input.from_file(Path(source), "--list", private=True, longest=longest)
    try:
        if text.startswith("["):
            entries = json.loads(text)
        else:
            entries = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise bad_arguments("The list is no JSON", hint) from None
    if not entries:
        raise bad_arguments("The list is empty", hint)
    wanted = {*kind.fields.values(), TOKEN}
    for number, entry in enumerate(entries, 1):
        _check_entry(entry, wanted, f"entry {number}", hint)
        output.secrets.remember(entry[TOKEN])
    return list(entries)


def _check_entry(entry: object, wanted: set[str], which: str, hint: str) -> None:
    """Raise ClientError unless an entry has these fields and no other, each a text; without an echo."""
    if not isinstance(entry, dict):
        raise bad_arguments(f"The list has something that is no JSON object: {which}", hint)
    missing = sorted(wanted - set(entry))
    if missing:
        raise bad_arguments(f"The list lacks, in {which}: {', '.join(missing)}", hint)
    if set(entry) != wanted:
        raise bad_arguments(f"The list has fields that are not known, in {which}", hint)
    for name in sorted(wanted):
        if not isinstance(entry[name], str) or not entry[name].strip():
            raise bad_arguments(f"The list has no text in {which}: {name}", hint)
