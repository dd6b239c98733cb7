"""The ways by which a token leaves on purpose: a new private file, standard output, variables.

The refresh token stays masked in all of them unless it was asked for by its own flag.
"""

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.output import Revealed, rendered
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.private_files import UnsafePlace, check_folder, create_private
from linkfox_client.secrets.secret import Secret

OTHER_PLACE = "Name a new file in a folder of your own that exists and has room."

# What a child is told, and from which field; what the gateway does not say is not set, nor inherited.
STORE_VARIABLES = {"AMAZON_ACCESS_TOKEN": "accessToken", "AMAZON_TOKEN_EXPIRES_AT": "expiresAt"}
ADS_VARIABLES = {**STORE_VARIABLES, "AMAZON_ADS_PROFILE_ID": "profileId", "AMAZON_ADS_CLIENT_ID": "clientId"}


def declare(arguments: Arguments) -> None:
    """Declare `--output-file`, `--reveal`, `--with-refresh-token` and `--format`, and the rules between them.

    A file that cannot be written is refused here, before anything is called.
    """
    arguments.path(
        "--output-file", "write the document unmasked to this new file (0600), outside the workspace"
    )
    arguments.switch(
        "--reveal", "print tokens whole on standard output: for people, agents use with_token.py"
    )
    arguments.switch("--with-refresh-token", "let the refresh token leave as well (it is masked otherwise)")
    arguments.choice("--format", ("json", "env"), "json, or AMAZON_ACCESS_TOKEN=… lines for a shell")
    arguments.needs("--with-refresh-token", "--output-file", "--reveal")
    arguments.needs("--format", "--output-file", "--reveal", "--with-refresh-token")
    arguments.check(_check_output_file)


def deliver(fields: Mapping[str, Any], options: SimpleNamespace) -> dict[str, Any] | Revealed:
    """Return what a script that got tokens answers: masked, and unmasked to where `options` let them go.

    `fields`: the gateway's, tokens as `Secret`. Raise ClientError where the file cannot be written.
    """
    document = dict(fields)
    leaving = _leaving(fields, with_refresh_token=options.with_refresh_token)
    as_lines = options.format == "env"
    if options.output_file is not None:
        path = Path(options.output_file).absolute()
        text = env_lines(fields, with_refresh_token=options.with_refresh_token) if as_lines else ""
        _write(path, text or rendered({"ok": True, **fields}, leaving) + "\n")
        document["outputFile"] = str(path)
    if not options.reveal:
        return document
    if as_lines:
        lines = Secret(env_lines(fields, with_refresh_token=options.with_refresh_token))
        return Revealed({**document, "env": lines}, (lines,))
    return Revealed(document, tuple(leaving))


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
    environ: Mapping[str, str], fields: Mapping[str, Any], others: Mapping[str, str | None]
) -> dict[str, str]:
    """Return `environ` with the token's variables and `others`: what the command under with_token.py gets."""
    variables = {**token_variables(fields), **others}
    inherited = {name: value for name, value in environ.items() if name not in variables}
    return inherited | {name: value for name, value in variables.items() if value is not None}


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
    if options.output_file is None:
        return
    path = Path(options.output_file)
    if os.path.lexists(path):
        raise bad_arguments(f"{path} is there already, and is never overwritten or followed", OTHER_PLACE)
    try:
        check_folder(path.parent)
    except (OSError, UnsafePlace) as problem:
        raise _bad_place(path, problem) from None


def _write(path: Path, text: str) -> None:
    try:
        create_private(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, UnsafePlace) as problem:
        raise _bad_place(path, problem) from None


def _bad_place(path: Path, problem: Exception) -> ClientError:
    reason = getattr(problem, "strerror", None) or str(problem)
    return bad_arguments(f"{path} cannot be written: {reason}", OTHER_PLACE)
