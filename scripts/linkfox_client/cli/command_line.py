"""A command line taken apart, in both forms: flags, or one JSON object."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from linkfox_client.cli import values
from linkfox_client.cli.fields import Field, key_of
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.secrets.masking import is_secret_name, looks_secret

SECRETS_HINT = (
    "Secrets are never taken on a command line, where others can read them: the API key comes from "
    "`python3 scripts/login.py`, a file or LINKFOX_AGENT_API_KEY, a token from standard input or a file. "
    "Replace a secret that was shown."
)


class Help(Exception):
    """Somebody asked for --help."""


class Version(Exception):
    """Somebody asked for --version."""


class CommandLine:
    """The command line of a script. `rest` is what stands after `--`, where the script takes that.

    `example`: a call with a JSON object, for who gets that wrong.
    """

    def __init__(
        self, fields: Sequence[Field], rest: Field | None, *, refuses_secrets: bool, example: str = ""
    ) -> None:
        self._example = f"`{example}`" if example else """'{"key": "value"}'"""
        self._fields = {field.flag: field for field in fields}
        self._rest = rest
        self._refuses_secrets = refuses_secrets

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        """Return what was given, by flag, as it was given.

        Raise ClientError `bad_arguments`, Help where --help was among the words, and Version where --version
        was the only one.
        """
        ours, rest = self._split(list(words))
        if any(word in ("--help", "-h") for word in ours):
            raise Help
        if ours == ["--version"] and rest is None:
            raise Version
        if self._refuses_secrets:
            _refuse_secrets(ours)
        ours = [_decoded(word) for word in ours]
        given = self._from_json(ours[0]) if self._is_json(ours, rest) else self._from_flags(ours)
        if rest and self._rest is not None:
            given[self._rest.flag] = rest
        return given

    def _split(self, words: list[str]) -> tuple[list[str], list[str] | None]:
        """Return our words, and those after `--` where the script takes any."""
        if self._rest is None or "--" not in words:
            return words, None
        at = words.index("--")
        return words[:at], words[at + 1 :]

    def _is_json(self, words: list[str], rest: list[str] | None) -> bool:
        if len(words) != 1 or rest is not None:
            return False
        word = words[0].strip()
        takes_words = self._rest is not None or any(field.is_positional for field in self._fields.values())
        return word.startswith(("{", "[", '"')) or not (takes_words or word.startswith("-"))

    def _from_json(self, text: str) -> dict[str, Any]:
        document = _json_object(text, self._example)
        if self._refuses_secrets:
            _refuse_secrets([json.dumps(document, ensure_ascii=False)])  # it may be written with escapes
        fields = [*self._fields.values(), *([self._rest] if self._rest else [])]
        by_key = {field.key: field for field in fields}
        for key in document:
            if key not in by_key:
                raise _unknown("key", key, by_key, spelled=key_of)
        return {by_key[key].flag: value for key, value in document.items()}

    def _from_flags(self, words: list[str]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        positionals = [field for field in self._fields.values() if field.is_positional]
        left, full = list(words), None  # `full`: the flag that has its one value
        while left:
            word = left.pop(0)
            if not word.startswith("--"):
                if word.lstrip().startswith("{"):
                    raise bad_arguments(
                        "Flags and a JSON object were mixed", "Give either flags or one JSON object."
                    )
                if not positionals:
                    safe = [known for known, field in self._fields.items() if not field.is_guarded]
                    raise _unexpected(word, safe, full, takes_command=self._rest is not None)
                given[positionals.pop(0).flag] = word
                continue
            flag, equals, value = word.partition("=")
            full = None
            field = self._fields.get(flag)
            if field is None or field.is_positional:
                flags = {known: each for known, each in self._fields.items() if known.startswith("--")}
                raise _unknown("flag", flag, flags, spelled=str)
            if flag in given and not field.is_list:
                raise bad_arguments(f"{flag} was given twice")
            if field.is_switch:
                if equals:
                    raise bad_arguments(f"{flag} takes no value")
                given[flag] = True
            elif field.is_list:
                taken = [value] if equals else _take_values(flag, left, several=True)
                given[flag] = [*given.get(flag, []), *taken]
            else:
                given[flag] = value if equals else _take_values(flag, left, several=False)[0]
                full = flag
        return given


def _take_values(flag: str, left: list[str], *, several: bool) -> list[str]:
    taken: list[str] = []
    while left and not left[0].startswith("--") and (several or not taken):
        taken.append(left.pop(0))
    if not taken:
        raise bad_arguments(f"{flag} needs a value", f"A value that begins with -- is given as {flag}=VALUE.")
    return taken


def _json_object(text: str, example: str) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise bad_arguments("The JSON object has the same key twice")
        return result

    def constant(word: str) -> Any:
        raise ValueError(word)

    hint = f"Give flags, or one JSON object in single quotes: {example}."
    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        raise bad_arguments(
            "The argument is neither a flag nor valid JSON",
            hint,
        ) from None
    if not isinstance(document, dict):
        raise bad_arguments(f"The JSON argument has to be an object, not {values.kind(document)}", hint)
    return document


def _decoded(word: str) -> str:
    """Return the word as the UTF-8 that it was typed in, whatever the locale made of it."""
    if os.name == "nt" or word.isascii():
        return word
    try:
        return os.fsencode(word).decode("utf-8")
    except UnicodeError:
        raise bad_arguments("An argument is not valid UTF-8") from None


def _refuse_secrets(words: Sequence[str]) -> None:
    if any(looks_secret(word) for word in words):
        raise bad_arguments("A token or an API key was given on the command line", SECRETS_HINT)


def _unknown(
    what: str, word: str, known: Mapping[str, Field], *, spelled: Callable[[str], str]
) -> ClientError:
    """Return the failure of an unknown flag or key, with the known one that is probably meant.

    `known`: the fields by their names in the form that was used, `spelled`: a flag in that form.
    """
    if is_secret_name(word):
        return bad_arguments(f"There is no {what} {values.shown(word)}", SECRETS_HINT)
    meant = {spelled(wrong): name for name, field in known.items() for wrong in field.mistaken}
    guarded = [name for name, field in known.items() if field.is_guarded]
    near = f"Did you mean {meant[word]}?" if word in meant else values.nearest(word, known, guarded)
    return bad_arguments(f"There is no {what} {values.shown(word)}", near or f"Known: {', '.join(known)}.")


def _unexpected(word: str, known: Sequence[str], full: str | None, *, takes_command: bool) -> ClientError:
    """Return the failure of a word that no flag takes; `full`: the flag whose one value it follows."""
    message = f"Unexpected word {values.shown(word)}"
    if takes_command:
        return bad_arguments(message, "Put -- before the command to run.")
    flag = "--" + word.lstrip("-")
    if full is not None and flag not in known:
        return bad_arguments(message, f"{full} takes one value; a text with spaces goes in quotes.")
    return bad_arguments(message, values.nearest(flag, known) or "Put a text with spaces in quotes.")
