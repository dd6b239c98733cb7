"""The arguments of a script, in both forms: flags, or one JSON object whose keys are the flags in camelCase.

A script declares its arguments once; both forms are read into the same fields by the same rules. The flags
are not left to argparse: it knows no JSON form, answers in text, abbreviates flags, and costs a good part of
what a whole start may cost.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any

from linkfox_client.cli import kinds, values
from linkfox_client.cli.command_line import CommandLine, Help
from linkfox_client.cli.fields import Field
from linkfox_client.cli.help_text import help_text
from linkfox_client.cli.rules import Rules
from linkfox_client.errors import bad_arguments


class Arguments(Rules):
    """What a script takes. Each method declares one argument, or a rule; `parse` reads a command line.

    The options come as attributes named like the flags with underscores; what was not given is the default
    (None, unless declared otherwise; False for a switch, an empty list for `texts`).
    """

    def __init__(self) -> None:
        super().__init__()
        self._rest: Field | None = None
        self.refuses_secrets = True
        self._examples: list[str] = []

    # What a script declares.

    def text(
        self,
        flag: str,
        help: str,
        *,
        required: bool = False,
        default: str | None = None,
        least: int = 1,
        most: int = 100,
        metavar: str = "TEXT",
        mistaken: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        """Declare a text of `least` to `most` characters, trimmed, without control or direction marks.

        `mistaken`: flags that there are not, whose caller means this one; the argument declared last counts.
        `hint`: where the text is found.
        """
        others = tuple(mistaken)
        kind = kinds.text(most, least)
        self._add(Field(flag, help, kind, metavar, required, default, mistaken=others, hint=hint))

    def label(self, flag: str, help: str, *, required: bool = False, mistaken: Sequence[str] = ()) -> None:
        """Declare a name that a store or account gets: only the user knows it, so nobody makes one up.

        `mistaken`: as of `text`.
        """
        self._add(
            Field(
                flag,
                help,
                kinds.text(100),
                "NAME",
                required,
                hint=values.ASK_FOR_NAME,
                mistaken=tuple(mistaken),
            )
        )

    def prose(self, flag: str, help: str, *, required: bool = False, most: int = 4000) -> None:
        """Declare a text of several lines, freed of control and direction marks.

        A script that takes one removes secrets from it itself: it is not refused because of one.
        """
        self._add(Field(flag, help, kinds.prose(most), "TEXT", required))
        self.refuses_secrets = False

    def texts(self, flag: str, help: str, *, most: int = 100, metavar: str = "TEXT") -> None:
        """Declare several texts: `--scope A B`, `--scope A --scope B`, or a JSON list."""
        self._add(Field(flag, help, kinds.texts(most), metavar + " …", default=[], is_list=True))

    def pairs(self, flag: str, help: str, *, most: int = 100) -> None:
        """Declare NAME=VALUE texts, in JSON also an object; the option is a list of names with values."""
        self._add(Field(flag, help, kinds.pairs(most), "NAME=VALUE …", default=[], is_list=True))

    def content(self, flag: str, help: str, *, most: int) -> None:
        """Declare a text that is passed on as it is; in JSON also an object or a list, which becomes JSON."""
        self._add(Field(flag, help, kinds.content(most), "TEXT"))

    def path(self, flag: str, help: str, *, required: bool = False, metavar: str = "PATH") -> None:
        """Declare a path of the file system; the option is a text that `open` takes."""
        self._add(Field(flag, help, kinds.PATH, metavar, required))

    def path_or_stream(self, flag: str, help: str) -> None:
        """Declare a path, or `-` for standard input."""
        self._add(Field(flag, help, kinds.PATH_OR_STREAM, "-|PATH"))

    def region(self, *, required: bool = False, default: str | None = None, note: str = "") -> None:
        """Declare `--region`, one of Amazon's regions, in any case. `note` is added to the help."""
        note = note or (f" (default {default})" if default else "")
        self._add(Field("--region", f"Amazon's region{note}", kinds.REGION, "NA|EU|FE", required, default))

    def site(self, flag: str, help: str, *mistaken: str) -> None:
        """Declare one of Amazon's sites, by code, country or marketplace id; the option is a `sites.Site`.

        `mistaken`: flags that there are not, whose caller means this one.
        """
        self._add(Field(flag, help, kinds.SITE, "SITE", mistaken=mistaken))

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
        self._add(Field(flag, help, kinds.choice(choices), "|".join(choices), required, default))

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
        hint: str = "",
    ) -> None:
        """Declare a whole number, as an integer or as decimal digits; `hint` explains its limits."""
        self._add(Field(flag, help, kinds.integer(least, most, hint), metavar, required, default))

    def identifier(self, flag: str, help: str, *, required: bool = False) -> None:
        """Declare a profile's or a record's number: an integer or 1 to 19 digits, up to 2^63−1."""
        self._add(Field(flag, help, kinds.IDENTIFIER, "N", required))

    def seconds(
        self,
        flag: str,
        help: str,
        *,
        least: int = 0,
        most: int = 3600,
        default: int | None = None,
        hint: str = "",
    ) -> None:
        """Declare a duration in whole seconds; `hint` says what to do where its limits are too narrow."""
        self.integer(flag, help, least=least, most=most, default=default, metavar="SECONDS", hint=hint)

    def switch(self, flag: str, help: str) -> None:
        """Declare a flag without a value; in JSON true or false."""
        self._add(Field(flag, help, kinds.SWITCH, default=False, is_switch=True))

    def positional(
        self,
        name: str,
        help: str,
        *,
        choices: Sequence[str] | None = None,
        required: bool = False,
        most: int = 100,
        guarded: Collection[str] = (),
        also: Mapping[str, str] = MappingProxyType({}),
        metavar: str | None = None,
    ) -> None:
        """Declare a word without a flag, such as a subcommand; taken in the order of declaration.

        Of the `choices` those in `guarded` are never proposed for another word; `also` says which of them is
        meant by words that others use for it.
        """
        kind = kinds.choice(choices, guarded=guarded, also=also) if choices else kinds.text(most)
        self._add(Field(name, help, kind, metavar or name.upper(), required, is_positional=True))

    def rest(self, name: str, help: str, *, required: bool = True) -> None:
        """Declare what stands after `--`, untouched.

        Another program's command line (in JSON a list of texts).
        """
        self._rest = Field(
            name,
            help,
            kinds.COMMAND,
            "-- COMMAND ARG …",
            required,
            default=[],
            is_list=True,
            hint="Put -- and the command to run at the end.",
        )

    def guard(self, *flags: str) -> None:
        """Never propose these flags for a mistyped one: they destroy something, or show a secret."""
        for flag in flags:
            self._fields[flag] = self._fields[flag]._replace(is_guarded=True)

    def example(self, call: str) -> None:
        """Add a call to what --help shows, for a script whose docstring cannot know them all."""
        self._examples.append(f"  {call}")

    @property
    def fields(self) -> tuple[Field, ...]:
        """The declared arguments, in their order, without what stands after `--`."""
        return tuple(self._fields.values())

    # What becomes of a command line.

    def parse(self, words: Sequence[str], about: str = "") -> SimpleNamespace:
        """Return the options of a command line (without the program's name).

        Raise ClientError `bad_arguments`, Help with its text where --help was among the words (`about` is
        what that says first), and Version.
        """
        fields = list(self._fields.values())
        calls = [*about.splitlines(), *self._examples]
        example = next((call.strip() for call in calls if ".py '{" in call), "")
        line = CommandLine(fields, self._rest, refuses_secrets=self.refuses_secrets, example=example)
        try:
            given = line.read(words)
        except Help:
            raise Help(self.help(about)) from None
        return self._checked(given)

    def help(self, about: str) -> str:
        """Return the text of --help; `about` is what the script says of itself."""
        return help_text(list(self._fields.values()), self._rest, about, self._examples)

    def _add(self, field: Field) -> None:
        self._fields[field.flag] = field

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
