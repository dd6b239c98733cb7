"""In which language a browser is answered; a further language is a further module of words in LANGUAGES."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo

from gateway.amazon.marketplaces import Marketplace, find_marketplace, marketplaces
from gateway.errors import TABLE
from gateway.model import StoreSites
from gateway.web import problems_zh, words_en, words_zh

# How the audit calls a request whose caller was gone before it was answered.
NOT_AWAITED = "client_gone"


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language. What it lacks of `problems`, `sites` and `actions` is said in English.

    `zone`: the clock by which moments are written; a browser does not tell its own.
    """

    code: str
    words: dict[str, str]
    problems: dict[str, tuple[str, str]]
    sites: dict[str, str]
    actions: dict[str, str]
    zone: tzinfo

    def problem(self, reason: str) -> tuple[str, str, str]:
        """Return what happened and what to do, for a row of references/errors.json, and in which language."""
        if reason in self.problems:
            return *self.problems[reason], self.words["tag"]
        return TABLE[reason].meaning, TABLE[reason].remedy, "en"

    def site(self, marketplace: Marketplace) -> str:
        """Return an Amazon site's name."""
        return self.sites.get(marketplace.code, marketplace.country)

    def sites_named(self, codes: Iterable[str]) -> str:
        """Return the names of the sites of these country codes, each once, in the order of the sites."""
        found = {code: find_marketplace(code) for code in codes}
        names = [self.site(site) for site in marketplaces() if site in found.values()]
        unknown = sorted(code for code, site in found.items() if site is None)
        return self.words["separator"].join([*names, *unknown])

    def participating(self, told: StoreSites | None) -> str:
        """Return the names of the sites at which a seller takes part; "" where Amazon told of none."""
        sites = told.sites if told else ()
        return self.sites_named(site.country_code for site in sites if site.participating)

    def action(self, name: str) -> str:
        """Return what an audit line is about."""
        return self.actions.get(name, name)

    def outcome(self, name: str) -> tuple[str, str]:
        """Return how an audit line says that something did not end well, and in which language that is."""
        if name not in TABLE:
            return self.words["not_awaited"] if name == NOT_AWAITED else name, self.words["tag"]
        meaning, _, spoken = self.problem(name)
        return meaning, spoken


ENGLISH = Language("en", words_en.WORDS, words_en.PROBLEMS, words_en.SITES, words_en.ACTIONS, UTC)
CHINESE = Language(
    "zh",
    words_zh.WORDS,
    problems_zh.PROBLEMS,
    words_zh.SITES,
    words_zh.ACTIONS,
    timezone(timedelta(hours=8)),  # Beijing's, Hong Kong's and Taipei's
)
WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
LANGUAGES = {language.code: language for language in (ENGLISH, CHINESE)}


def language_for(accept_language: str | None) -> Language:
    """Return the language that a browser prefers among those there are (RFC 9110, 12.5.4), else English."""
    weights: dict[str, float] = {}
    for part in (accept_language or "")[:500].lower().split(","):
        tag, _, parameter = part.partition(";")
        weight = WEIGHT.fullmatch(parameter.strip() or "q=1")
        code = tag.strip().partition("-")[0]
        if weight is not None:
            weights[code] = max(float(weight[1]), weights.get(code, 0.0))
    # "*" is any language that is not named. Of several as much wanted, the one named first, else English.
    others = weights.pop("*", 0.0)
    candidates = [*(code for code in weights if code in LANGUAGES), *LANGUAGES]
    best = max(candidates, key=lambda code: weights.get(code, others))
    return LANGUAGES[best] if weights.get(best, others) > 0 else ENGLISH
