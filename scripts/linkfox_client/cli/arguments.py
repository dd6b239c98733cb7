"""The arguments of a script, in both forms: flags, or one JSON object whose keys are the flags in camelCase.

A script declares its arguments once; both forms are read into the same fields by the same rules. The flags
are not left to argparse: it knows no JSON form, answers in text, abbreviates flags, and costs a good part of
what a whole start may cost.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from linkfox_client.cli import values
from linkfox_client.errors import EXIT_CODES, ClientError, bad_arguments
from linkfox_client.secrets.masking import is_secret_name, looks_secret

SECRETS_HINT = (
    "Secrets are never taken on a command line, where others can read them: the API key comes from login.py, "
    "a file or LINKFOX_AGENT_API_KEY, a token from standard input or a file. Replace a secret that was shown."
)

WIDTH = 100


class Help(Exception):
    """Somebody asked for --help; the message is the text to show."""


class Field(NamedTuple):
    """One declared argument. `read` turns a flag's text or a JSON value into the option, or raises.

    `hint` says where what is missing is to be had.
    """

    flag: str
    help: str
    read: Callable[[Any], Any]
    metavar: str = ""
    required: bool = False
    default: Any = None
    is_switch: bool = False
    is_list: bool = False
    is_positional: bool = False
    hint: str = ""

    @property
    def name(self) -> str:
        """The option's attribute: `--seller-id` is `seller_id`."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def key(self) -> str:
        """The key in the JSON form: `--seller-id` is `sellerId`."""
        first, *others = self.flag.lstrip("-").split("-")
        return first + "".join(word.capitalize() for word in others)


class Arguments:
    """What a script takes. Each method declares one argument; `parse` reads a command line.

    The options come as attributes named like the flags with underscores; what was not given is the default
    (None, unless declared otherwise; False for a switch, an empty list for `texts`).
    """

    def __init__(self) -> None:
        self._fields: dict[str, Field] = {}
        self._rest: Field | None = None
        self._checks: list[Callable[[SimpleNamespace], None]] = []
        self._refuses_secrets = True
        self._examples: list[str] = []

    # What a script declares.

    def text(
        self,
        flag: str,
        help: str,
        *,
        required: bool = False,
        default: str | None = None,
        most: int = 100,
        metavar: str = "TEXT",
    ) -> None:
        """Declare a text of 1 to `most` characters after trimming, without control or direction marks."""
        self._add(Field(flag, help, lambda value: values.read_text(value, most), metavar, required, default))

    def label(self, flag: str, help: str, *, required: bool = False) -> None:
        """Declare a name that a store or account gets: only the user knows it, so nobody makes one up."""
        self._add(
            Field(
                flag,
                help,
                lambda value: values.read_text(value, 100),
                "NAME",
                required,
                hint=values.ASK_FOR_NAME,
            )
        )

    def prose(self, flag: str, help: str, *, required: bool = False, most: int = 4000) -> None:
        """Declare a text of several lines, freed of control and direction marks.

        A script that takes one removes secrets from it itself: it is not refused because of one.
        """
        self._add(Field(flag, help, lambda value: values.read_prose(value, most), "TEXT", required))
        self._refuses_secrets = False

    def texts(self, flag: str, help: str, *, most: int = 100, metavar: str = "TEXT") -> None:
        """Declare several texts: `--scope A B`, `--scope A --scope B`, or a JSON list."""
        self._add(
            Field(
                flag,
                help,
                lambda value: values.read_texts(value, most),
                metavar + " …",
                default=[],
                is_list=True,
            )
        )

    def path(self, flag: str, help: str, *, required: bool = False, metavar: str = "PATH") -> None:
        """Declare a path of the file system; the option is a text that `open` takes."""
        self._add(Field(flag, help, values.read_path, metavar, required))

    def path_or_stream(self, flag: str, help: str) -> None:
        """Declare a path, or `-` for standard input."""
        self._add(Field(flag, help, values.read_path_or_stream, "-|PATH"))

    def region(self, *, required: bool = False, default: str | None = None, note: str = "") -> None:
        """Declare `--region`, one of Amazon's regions, in any case. `note` is added to the help."""
        note = note or (f" (default {default})" if default else "")
        self._add(
            Field("--region", f"Amazon's region{note}", values.read_region, "NA|EU|FE", required, default)
        )

    def site(self, flag: str, help: str) -> None:
        """Declare one of Amazon's sites, by code, country or marketplace id; the option is a `sites.Site`."""
        self._add(Field(flag, help, values.read_site, "SITE"))

    def choice(
        self,
        flag: str,
        choices: Sequence[str],
        help: str,
        *,
        required: bool = False,
        default: str | None = None,
    ) -> None:
        """Declare one of a few words, in any case; the option is spelled as in `choices`."""
        self._add(
            Field(
                flag,
                help,
                lambda value: values.read_choice(value, choices),
                "|".join(choices),
                required,
                default,
            )
        )

    def integer(
        self,
        flag: str,
        help: str,
        *,
        least: int = 0,
        most: int = values.LARGEST_ID,
        required: bool = False,
        default: int | None = None,
        metavar: str = "N",
    ) -> None:
        """Declare a whole number, as an integer or as decimal digits."""
        self._add(
            Field(
                flag, help, lambda value: values.read_integer(value, least, most), metavar, required, default
            )
        )

    def identifier(self, flag: str, help: str, *, required: bool = False) -> None:
        """Declare a profile's or a record's number: an integer or 1 to 19 digits, up to 2^63−1."""
        self.integer(flag, help, required=required)

    def seconds(
        self,
        flag: str,
        help: str,
        *,
        least: int = 0,
        most: int = 3600,
        default: int | None = None,
    ) -> None:
        """Declare a duration in whole seconds."""
        self.integer(flag, help, least=least, most=most, default=default, metavar="SECONDS")

    def switch(self, flag: str, help: str) -> None:
        """Declare a flag without a value; in JSON true or false."""
        self._add(Field(flag, help, values.read_switch, default=False, is_switch=True))

    def positional(
        self,
        name: str,
        help: str,
        *,
        choices: Sequence[str] | None = None,
        required: bool = False,
        most: int = 100,
    ) -> None:
        """Declare a word without a flag, such as a subcommand; taken in the order of declaration."""

        def read(value: Any) -> str:
            return values.read_choice(value, choices) if choices else values.read_text(value, most)

        self._add(Field(name, help, read, name.upper(), required, is_positional=True))

    def rest(self, name: str, help: str, *, required: bool = True) -> None:
        """Declare what stands after `--`, untouched.

        Another program's command line (in JSON a list of texts).
        """
        self._rest = Field(
            name,
            help,
            values.read_command,
            "-- COMMAND ARG …",
            required,
            default=[],
            is_list=True,
            hint="Put -- and the command to run at the end.",
        )

    def exactly_one(self, *flags: str) -> None:
        """Require one of these flags, and only one."""
        self._checks.append(lambda options: self._count(options, flags, least=1))

    def at_most_one(self, *flags: str) -> None:
        """Refuse two of these flags together."""
        self._checks.append(lambda options: self._count(options, flags, least=0))

    def needs(self, flag: str, *others: str) -> None:
        """Refuse `flag` without one of the `others`: alone it means nothing."""

        def check(options: SimpleNamespace) -> None:
            if self._is_given(options, flag) and not any(self._is_given(options, other) for other in others):
                raise bad_arguments(f"{flag} is only for use with {values.either(others)}")

        self._checks.append(check)

    def together(self, *flags: str, hint: str = "") -> None:
        """Require all of these flags or none; `hint` says where the missing one is found."""

        def check(options: SimpleNamespace) -> None:
            given = [flag for flag in flags if self._is_given(options, flag)]
            missing = [flag for flag in flags if flag not in given]
            if given and missing:
                raise bad_arguments(f"Missing: {', '.join(missing)}, which {given[0]} needs beside it", hint)

        self._checks.append(check)

    def excludes(self, flag: str, *others: str) -> None:
        """Refuse `flag` together with any of the `others`."""
        for other in others:
            self.at_most_one(flag, other)

    def example(self, call: str) -> None:
        """Add a call to what --help shows, for a script whose docstring cannot know them all."""
        self._examples.append(f"  {call}")

    def check(self, function: Callable[[SimpleNamespace], None]) -> None:
        """Add a rule of the script's own; it raises `bad_arguments(…)` where the options break it."""
        self._checks.append(function)

    # What becomes of a command line.

    def parse(self, words: Sequence[str], about: str = "") -> SimpleNamespace:
        """Return the options of a command line (without the program's name).

        Raise ClientError `bad_arguments`, and Help where --help was among the words; `about` is what the
        help says first.
        """
        ours, rest = self._split(list(words))
        if any(word in ("--help", "-h") for word in ours):
            raise Help(self.help(about))
        if self._refuses_secrets:
            _refuse_secrets(ours)
        ours = [_decoded(word) for word in ours]
        given = self._from_json(ours[0]) if self._is_json(ours, rest) else self._from_flags(ours)
        if rest and self._rest is not None:
            given[self._rest.flag] = rest
        return self._checked(given)

    def help(self, about: str) -> str:
        """Return the text of --help: what the script says of itself, its arguments and the exit codes."""
        fields = [*self._fields.values(), *([self._rest] if self._rest else [])]
        rows = [
            (f"{field.flag} {field.metavar}".strip() if field is not self._rest else field.metavar, field)
            for field in fields
        ]
        width = min(30, max([len("--help"), *(len(left) for left, _ in rows)]))
        lines = [
            f"  {left:<{width}}  {field.help}{' (needed)' if field.required else ''}" for left, field in rows
        ]
        lines.append(f"  {'--help':<{width}}  this text")
        by_exit: dict[int, list[str]] = {}
        for code, number in EXIT_CODES.items():
            by_exit.setdefault(number, []).append(code)
        codes = [
            "  0    done",
            *(f"  {number:<3}  {', '.join(names)}" for number, names in sorted(by_exit.items())),
        ]
        return "\n".join(
            [
                self._usage(),
                "",
                about.strip(),
                "",
                *([*self._examples, ""] if self._examples else []),
                "Arguments (or one JSON object instead, with the flags' names in camelCase as keys):",
                *lines,
                "",
                "Standard output is one JSON document. Exit codes, by the document's error.code:",
                *codes,
            ]
        )

    def _usage(self) -> str:
        """Return how the script is called, as the first lines of --help say it."""
        words = []
        for field in self._fields.values():
            # A word without a flag is told by its name, any other argument with what it takes.
            call = field.flag if field.is_positional else f"{field.flag} {field.metavar}".strip()
            words.append(call if field.required else f"[{call}]")
        if self._rest is not None:
            words.append(self._rest.metavar)
        lines = [f"usage: {Path(sys.argv[0]).name}"]
        for word in words:
            if len(lines[-1]) + len(word) >= WIDTH:
                lines.append(" " * len("usage:"))
            lines[-1] += f" {word}"
        return "\n".join(lines)

    def _add(self, field: Field) -> None:
        self._fields[field.flag] = field

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
        document = _json_object(text)
        if self._refuses_secrets:
            _refuse_secrets([json.dumps(document, ensure_ascii=False)])  # it may be written with escapes
        fields = [*self._fields.values(), *([self._rest] if self._rest else [])]
        by_key = {field.key: field for field in fields}
        for key in document:
            if key not in by_key:
                raise _unknown("key", key, list(by_key))
        return {by_key[key].flag: value for key, value in document.items()}

    def _from_flags(self, words: list[str]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        positionals = [field for field in self._fields.values() if field.is_positional]
        left = list(words)
        while left:
            word = left.pop(0)
            if not word.startswith("--"):
                if word.lstrip().startswith("{"):
                    raise bad_arguments(
                        "Flags and a JSON object were mixed", "Give either flags or one JSON object."
                    )
                if not positionals:
                    raise _unexpected(word, list(self._fields), takes_command=self._rest is not None)
                given[positionals.pop(0).flag] = word
                continue
            flag, equals, value = word.partition("=")
            field = self._fields.get(flag)
            if field is None or field.is_positional:
                raise _unknown("flag", flag, [known for known in self._fields if known.startswith("--")])
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
        return given

    def _checked(self, given: dict[str, Any]) -> SimpleNamespace:
        options = SimpleNamespace()
        fields = [*self._fields.values(), *([self._rest] if self._rest else [])]
        for field in fields:
            if field.flag not in given:
                setattr(options, field.name, list(field.default) if field.is_list else field.default)
                continue
            try:
                setattr(options, field.name, field.read(given[field.flag]))
            except values.Wrong as wrong:
                raise bad_arguments(f"{field.flag} {wrong}", wrong.hint) from None
        missing = [field for field in fields if field.required and not self._is_given(options, field.flag)]
        if missing:
            raise bad_arguments(
                f"Missing: {', '.join(f'{field.flag} {field.metavar}'.strip() for field in missing)}",
                " ".join(field.hint for field in missing if field.hint),
            )
        for check in self._checks:
            check(options)
        return options

    def _is_given(self, options: SimpleNamespace, flag: str) -> bool:
        value = getattr(options, flag.lstrip("-").replace("-", "_"))
        return value is not None and value is not False and value != []

    def _count(self, options: SimpleNamespace, flags: Sequence[str], least: int) -> None:
        given = [flag for flag in flags if self._is_given(options, flag)]
        if len(given) > 1:
            raise bad_arguments(
                f"{' and '.join(given)} do not go together", f"Give only one of {values.either(flags)}."
            )
        if len(given) < least:
            hints = [f"Give one of {values.either(flags)}.", *(self._fields[flag].hint for flag in flags)]
            raise bad_arguments(f"Missing: {values.either(flags)}", " ".join(filter(None, hints)))


def _take_values(flag: str, left: list[str], *, several: bool) -> list[str]:
    taken: list[str] = []
    while left and not left[0].startswith("--") and (several or not taken):
        taken.append(left.pop(0))
    if not taken:
        raise bad_arguments(f"{flag} needs a value", f"A value that begins with -- is given as {flag}=VALUE.")
    return taken


def _json_object(text: str) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise bad_arguments("The JSON object has the same key twice")
        return result

    def constant(word: str) -> Any:
        raise ValueError(word)

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        raise bad_arguments(
            "The argument is neither a flag nor valid JSON",
            'Give flags, or one JSON object in single quotes: \'{"key": "value"}\'.',
        ) from None
    if not isinstance(document, dict):
        raise bad_arguments(f"The JSON argument has to be an object, not {values.kind(document)}")
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


def _unknown(what: str, word: str, known: Sequence[str]) -> ClientError:
    if is_secret_name(word):
        return bad_arguments(f"There is no {what} {values.shown(word)}", SECRETS_HINT)
    return bad_arguments(
        f"There is no {what} {values.shown(word)}",
        values.nearest(word, known) or f"Known: {', '.join(known)}.",
    )


def _unexpected(word: str, known: Sequence[str], *, takes_command: bool) -> ClientError:
    if takes_command:
        return bad_arguments(f"Unexpected word {values.shown(word)}", "Put -- before the command to run.")
    near = values.nearest("--" + word.lstrip("-"), known)
    return bad_arguments(f"Unexpected word {values.shown(word)}", near or "Put a text with spaces in quotes.")
