"""In which language a browser is answered; a further language is a further module of words in LANGUAGES."""

from dataclasses import dataclass

from gateway.amazon.marketplaces import Marketplace
from gateway.pages import words_en, words_zh
from gateway.problems import TABLE


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language. What it lacks of `problems`, `sites` and `actions` is said in English."""

    code: str
    words: dict[str, str]
    problems: dict[str, tuple[str, str]]
    sites: dict[str, str]
    actions: dict[str, str]

    def problem(self, reason: str) -> tuple[str, str, str]:
        """Return what happened and what to do, for a row of references/errors.json, and in which language."""
        if reason in self.problems:
            return *self.problems[reason], self.words["tag"]
        return TABLE[reason].meaning, TABLE[reason].remedy, "en"

    def site(self, marketplace: Marketplace) -> str:
        """Return an Amazon site's name."""
        return self.sites.get(marketplace.code, marketplace.country)

    def action(self, name: str) -> str:
        """Return what an audit line is about; a call's path stays as it is."""
        return self.actions.get(name, name)


ENGLISH = Language("en", words_en.WORDS, words_en.PROBLEMS, words_en.SITES, words_en.ACTIONS)
CHINESE = Language("zh", words_zh.WORDS, words_zh.PROBLEMS, words_zh.SITES, words_zh.ACTIONS)
LANGUAGES = {language.code: language for language in (ENGLISH, CHINESE)}


def language_for(accept_language: str | None) -> Language:
    """Return the language that a browser prefers among those there are (RFC 9110, 12.5.4), else English."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        wanted.append((-weight, place, tag.strip().lower().partition("-")[0]))
    for weight, _, code in sorted(wanted):
        if weight < 0 and code in LANGUAGES:
            return LANGUAGES[code]
    return ENGLISH
