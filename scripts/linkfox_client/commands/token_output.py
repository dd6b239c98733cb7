"""The ways by which a token leaves on purpose: a private file, a program's document, a terminal, variables.

The refresh token stays masked in all of them unless it was asked for by its own flag.
"""

import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client.cli import new_file, output
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.fields import option_name
from linkfox_client.commands import rows
from linkfox_client.commands.tokens import DEFAULT_MIN_TTL, with_note
from linkfox_client.config import KEY_NAMES
from linkfox_client.errors import ClientError, bad_arguments, typed
from linkfox_client.secrets.secret import Secret

# The flags by which a script is told whose token is meant; those of an account are none of with_token.py's.
CHOSEN_BY = ("--seller-id", "--store", "--region", "--profile-id", "--account", "--site", "--auth-record-id")
OF_ACCOUNTS = "--auth-record-id"
AT_TERMINAL = (
    "Let the program that needs the token call this command and read its output. A person sees it masked "
    "without --for-program and whole with --reveal; --output-file PATH writes it to a private file."
)
IN_GIT = "make sure that it is never committed, and delete it when it has been used."

# What a child is told, and from which field; what the gateway does not say is not set, nor inherited.
STORE_VARIABLES = {"AMAZON_ACCESS_TOKEN": "accessToken", "AMAZON_TOKEN_EXPIRES_AT": "expiresAt"}
ADS_VARIABLES = {**STORE_VARIABLES, "AMAZON_ADS_PROFILE_ID": "profileId", "AMAZON_ADS_CLIENT_ID": "clientId"}
FILE_VARIABLE = "AMAZON_ACCESS_TOKEN_FILE"


def declare(arguments: Arguments) -> None:
    """Declare the flags by which a token leaves, and the rules between them.

    Each is refused here, before anything is called, where it cannot do what it is for: a file that cannot be
    written, a document for a program at a terminal, a token for a person's eyes in a pipe.
    """
    arguments.path(
        "--output-file", "write the document unmasked to this new file (0600), outside the workspace"
    )
    arguments.switch(
        "--for-program",
        "print version, accessToken, expiresAt and headers ready to send, for a program",
    )
    arguments.switch("--reveal", "print tokens whole, for a person at a terminal")
    arguments.switch("--with-refresh-token", "let the refresh token leave as well (it is masked otherwise)")
    arguments.guard("--reveal", "--with-refresh-token")
    arguments.choice("--format", ("json", "env"), "json, or AMAZON_ACCESS_TOKEN=… lines for a shell")
    arguments.excludes(
        "--for-program", "--all", "--reveal", "--output-file", "--with-refresh-token", "--format"
    )
    arguments.needs("--with-refresh-token", "--output-file", "--reveal")
    arguments.needs("--format", "--output-file", "--reveal", "--with-refresh-token")
    arguments.check(_check_reader)
    arguments.check(_check_output_file)


def deliver(
    fields: Mapping[str, Any], options: SimpleNamespace, *, ads: bool = False
) -> dict[str, Any] | output.Revealed:
    """Return what a script that got tokens answers: masked, and unmasked to where `options` let them go.

    `fields`: the gateway's, tokens as `Secret`; `ads`: the token is for the Ads API. Raise ClientError where
    the file cannot be written.
    """
    if options.for_program:
        return _for_program(fields, ads=ads)
    document = dict(fields)
    leaving = _leaving(fields, with_refresh_token=options.with_refresh_token)
    as_lines = options.format == "env"
    if options.output_file is not None:
        path = Path(options.output_file).absolute()
        text = env_lines(fields, with_refresh_token=options.with_refresh_token) if as_lines else ""
        text = text or output.rendered({"ok": True, **fields}, leaving) + "\n"
        new_file.write(path, text.encode("utf-8", "backslashreplace"))
        document["outputFile"] = str(path)
        work_tree = _work_tree(path.parent)
        if work_tree is not None:
            document = with_note(document, f"The file is in the git work tree {work_tree}: {IN_GIT}")
    if not options.reveal:
        return _shortened(document)
    if as_lines:
        lines = Secret(env_lines(fields, with_refresh_token=options.with_refresh_token))
        return output.Revealed({**document, "env": lines}, (lines,))
    return output.Revealed(document, tuple(leaving))


def _shortened(document: dict[str, Any]) -> dict[str, Any]:
    """Return the masked document of `--all`: short rows, as many as are read, those that failed first."""
    entries = document.get("stores")
    if not isinstance(entries, list):
        return document
    short = [rows.without_details(entry) for entry in entries]
    return rows.failed_first(document | {"stores": short}, "stores", "--output-file takes all.")


def env_lines(fields: Mapping[str, Any], *, with_refresh_token: bool = False) -> str:
    """Return the tokens as lines that a shell or a `.env` reader takes, values quoted where they need it."""
    variables = token_variables(fields)
    if with_refresh_token:
        variables["AMAZON_REFRESH_TOKEN"] = _word(fields, "refreshToken")
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items() if value is not None)


def token_variables(fields: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the variables that hand these tokens on; None for what the gateway did not say.

    Raise ClientError (`gateway_failed`) where there is no usable access token.
    """
    ads = fields.get("profileId") is not None or fields.get("clientId") is not None
    names = ADS_VARIABLES if ads else STORE_VARIABLES
    variables = {name: _word(fields, field) for name, field in names.items()}
    if variables["AMAZON_ACCESS_TOKEN"] is None:
        raise ClientError(
            "gateway_failed",
            "The gateway's answer holds no access token",
            "Refresh the token, then try again.",
        )
    return variables


def child_environment(
    environ: Mapping[str, str],
    fields: Mapping[str, Any],
    others: Mapping[str, str | None],
    token_file: Path | None = None,
) -> dict[str, str]:
    """Return what the command under with_token.py gets: `environ` with the token's variables and `others`.

    `token_file` is where a token is kept fresh, in place of the one in a variable, which would go stale. The
    keys of gateways are left out: the command is to have one token, and a key opens all that its user has.
    """
    variables = {**token_variables(fields), FILE_VARIABLE: None, **others, **dict.fromkeys(KEY_NAMES)}
    if token_file is not None:
        variables |= {**dict.fromkeys(STORE_VARIABLES), FILE_VARIABLE: str(token_file)}
    inherited = {name: value for name, value in environ.items() if name not in variables}
    return inherited | {name: value for name, value in variables.items() if value is not None}


def _for_program(fields: Mapping[str, Any], *, ads: bool) -> output.Revealed:
    """Return the document for a helper in the manner of AWS's `credential_process`, and nothing beside it.

    `headers` are those in which Amazon's APIs want the token (`references/amazon.md`); of the Ads API's those
    that are known, its profile where one was named.
    """
    variables = token_variables(fields)
    token, expires_at = variables["AMAZON_ACCESS_TOKEN"], variables["AMAZON_TOKEN_EXPIRES_AT"]
    if expires_at is None:
        raise ClientError(
            "gateway_failed",
            "The gateway does not say when the token ends, which a program has to know",
            "Run the program under `python3 scripts/with_token.py` instead.",
        )
    access, bearer = Secret(str(token)), Secret(f"Bearer {token}")
    of_ads = {
        "Authorization": bearer,
        "Amazon-Advertising-API-ClientId": variables.get("AMAZON_ADS_CLIENT_ID"),
        "Amazon-Advertising-API-Scope": variables.get("AMAZON_ADS_PROFILE_ID"),
    }
    headers = of_ads if ads else {"x-amz-access-token": access}
    document = {
        "version": 1,
        "accessToken": access,
        "expiresAt": expires_at,
        "headers": {name: value for name, value in headers.items() if value is not None},
    }
    return output.Revealed(document, (access, bearer), bare=True)


def _check_reader(options: SimpleNamespace) -> None:
    """Refuse what is for a person's eyes where a program reads, and what is for a program before a person."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    if options.for_program and is_terminal:
        raise bad_arguments("--for-program is not for a terminal: it prints the token whole", AT_TERMINAL)
    if options.reveal and not is_terminal:
        raise bad_arguments(
            "--reveal is for a terminal only, and standard output is none", _for_programs(options)
        )
    if options.for_program:  # the hosted gateway only knows when a token ends after it made it
        options.min_ttl = options.min_ttl or DEFAULT_MIN_TTL


def _for_programs(options: SimpleNamespace) -> str:
    """Return how another program gets the token that these options name."""
    file = "--output-file PATH writes it to a new private file."
    if options.all:
        return f"In place of --reveal, {file}"
    given = {flag: getattr(options, option_name(flag), None) for flag in CHOSEN_BY}
    words = [word for flag, value in given.items() if value is not None for word in (flag, value)]
    ways = [f"A program gets it from {typed(Path(sys.argv[0]).name, *words, '--for-program')}"]
    if OF_ACCOUNTS not in words:
        ways.append(f"a command by {typed('with_token.py', *words, '--', 'COMMAND')}")
    return f"{', '.join(ways)}; {file}"


def _leaving(value: Any, *, with_refresh_token: bool) -> list[Secret]:
    """Return the secrets of a document that may leave.

    These are all but the refresh tokens, and these too if asked for.
    """
    return [
        secret
        for name, secret in _named_secrets(value)
        if with_refresh_token or "refresh" not in name.lower()
    ]


def _named_secrets(value: Any, name: str = "") -> Iterable[tuple[str, Secret]]:
    if isinstance(value, Secret):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _named_secrets(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named_secrets(item, name)


def _word(fields: Mapping[str, Any], field: str) -> str | None:
    """Return a field as one word without blanks, as tokens, ids and times are; None where it is missing."""
    value = fields.get(field)
    if value is None:
        return None
    text = value.reveal() if isinstance(value, Secret) else str(value)
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ClientError(
            "gateway_failed",
            f"The gateway's answer holds a {field} that cannot be handed on",
            "Check that LINKFOX_TOOL_GATEWAY is the gateway you mean.",
        )
    return text


def _check_output_file(options: SimpleNamespace) -> None:
    if options.output_file is not None:
        new_file.check(Path(options.output_file))


def _work_tree(folder: Path) -> Path | None:
    """Return the git work tree that `folder` is in; None for none."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
