"""Which arguments of a script go together, and what is said where they do not."""

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

from linkfox_client.cli import values
from linkfox_client.cli.fields import Field, option_name
from linkfox_client.errors import ClientError, bad_arguments


class Rule(NamedTuple):
    """One rule between arguments, for who tells of it: its `kind` is the name of the method that added it.

    `others`: the flags of its second part, such as those that may stand instead.
    """

    kind: str
    flags: tuple[str, ...]
    others: tuple[str, ...] = ()


class Rules:
    """The rules between the arguments that a script declares. Each method adds one."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        """The rules that were declared, without those of the script's own."""
        self._fields: dict[str, Field] = {}
        self._checks: list[Callable[[SimpleNamespace], None]] = []

    def exactly_one(self, *flags: str) -> None:
        """Require one of these flags, and only one."""
        self.rules.append(Rule("exactly_one", flags))
        self._checks.append(lambda options: self._count(options, flags, least=1))

    def one_or_more(self, *flags: str, instead: Sequence[str] = ()) -> None:
        """Require at least one of these flags, or exactly one of `instead` in their place."""
        self.rules.append(Rule("one_or_more", flags, tuple(instead)))

        def check(options: SimpleNamespace) -> None:
            others = [flag for flag in instead if self._is_given(options, flag)]
            given = [flag for flag in flags if self._is_given(options, flag)]
            if others or not given:
                self._count(options, (*given, *instead) if given else (*flags, *instead), least=1)

        self._checks.append(check)

    def at_most_one(self, *flags: str) -> None:
        """Refuse two of these flags together."""
        self.rules.append(Rule("at_most_one", flags))
        self._checks.append(lambda options: self._count(options, flags, least=0))

    def needs(self, flag: str, *others: str) -> None:
        """Refuse `flag` without one of the `others`: alone it means nothing."""
        self.rules.append(Rule("needs", (flag,), others))

        def check(options: SimpleNamespace) -> None:
            if self._is_given(options, flag) and not any(self._is_given(options, other) for other in others):
                raise bad_arguments(f"{flag} is only for use with {values.either(others)}")

        self._checks.append(check)

    def excludes(self, flag: str, *others: str) -> None:
        """Refuse `flag` together with any of the `others`."""
        self.rules.append(Rule("excludes", (flag,), others))
        for other in others:
            self._checks.append(partial(self._count, flags=(flag, other), least=0))

    def unless(self, flag: str, *others: str) -> None:
        """Require all of the `others`, or `flag` in their place."""
        self.excludes(flag, *others)
        self.rules.append(Rule("unless", (flag,), others))

        def check(options: SimpleNamespace) -> None:
            missing = [other for other in others if not self._is_given(options, other)]
            if missing and not self._is_given(options, flag):
                raise self._missing(", ".join(missing), f"Give them, or {flag}.", missing)

        self._checks.append(check)

    def check(self, function: Callable[[SimpleNamespace], None]) -> None:
        """Add a rule of the script's own; it raises `bad_arguments(…)` where the options break it."""
        self._checks.append(function)

    def _is_given(self, options: SimpleNamespace, flag: str) -> bool:
        value = getattr(options, option_name(flag))
        return value is not None and value is not False and value != []

    def _count(self, options: SimpleNamespace, flags: Sequence[str], least: int) -> None:
        given = [flag for flag in flags if self._is_given(options, flag)]
        if len(given) > 1:
            raise bad_arguments(
                f"{' and '.join(given)} do not go together", f"Give only one of {values.either(flags)}."
            )
        if len(given) < least:
            raise self._missing(values.either(flags), f"Give one of {values.either(flags)}.", flags)

    def _missing(self, what: str, hint: str, flags: Sequence[str]) -> ClientError:
        """Return the failure for want of `flags`; `hint` is told before their own."""
        hints = [hint, *(self._fields[flag].hint for flag in flags)]
        return bad_arguments(f"Missing: {what}", " ".join(filter(None, hints)))
