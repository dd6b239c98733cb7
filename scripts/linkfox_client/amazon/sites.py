"""Amazon's sites by the words that people use for them: "US", "my US store", "美国站", "amazon.de", an id.

A site is found by whole words only, never by a part of one: "China" has nothing to do with "IN".
The sites are those of references/marketplaces.json, the words those of references/site-words.json.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from linkfox_client.paths import REFERENCES

_SEPARATORS = re.compile(r"[\s_\-/,;:!?'\"()。、·“”‘’「」『』《》【】]+")
_CHINESE = re.compile(r"([\u3400-\u9fff]+)")


@dataclass(frozen=True)
class Site:
    """One Amazon site. `codes` holds its two-letter codes, the project's own (UK) first, then ISO's (GB)."""

    country: str
    codes: tuple[str, ...]
    marketplace_id: str
    region: str

    @property
    def code(self) -> str:
        """The code that the gateway and the Ads API use: UK, not GB."""
        return self.codes[0]


@dataclass(frozen=True)
class _Group:
    """Words for several sites of one region, and what to ask who says them."""

    region: str
    hint: str


@dataclass(frozen=True)
class _Words:
    groups: dict[str, _Group]
    sites: dict[str, Site]
    regions: dict[str, str]
    without_site: dict[str, str]
    fillers: frozenset[str]
    prepositions: frozenset[str]
    chinese_fillers: tuple[str, ...]


def find_site(text: str) -> Site | None:
    """Return the site that `text` names, or None where it names none, several, or only a region.

    "my US store" and "美国站" are taken as "US" and "美国": the words around a site's name
    are left out one kind after the other, and what remains has to be a name as a whole.
    """
    known = _words()
    readings = _readings(text, known)
    found = next((known.sites[phrase] for phrase in readings if phrase in known.sites), None)
    if found is not None:
        return found
    said = {known.sites.get(word) for word in readings[-1].split(" ")}
    return said.pop() if len(said) == 1 else None


def find_region(text: str) -> str | None:
    """Return the region (NA, EU, FE) that `text` names by itself or by one of its sites, or None."""
    known = _words()
    for phrase in _readings(text, known):
        if phrase in known.regions:
            return known.regions[phrase]
        if phrase in known.groups:
            return known.groups[phrase].region
    site = find_site(text)
    return site.region if site else None


def explain_unknown_site(text: str, *, region_flag: bool = False) -> str:
    """Return what to do about words that name no site.

    Made of the tables' own words, so it can serve as a hint. `region_flag`: the script takes `--region`.
    """
    from difflib import get_close_matches

    known = _words()
    readings = _readings(text, known)
    for phrase in readings:
        if phrase in known.without_site:
            return known.without_site[phrase]
        if phrase in known.groups:
            return known.groups[phrase].hint
        if phrase in known.regions and region_flag:
            region = known.regions[phrase]
            return f"{region} is a region, not a site: give --region {region} alone."
        if phrase in known.regions:
            sites = sorted(
                {site.code for site in known.sites.values() if site.region == known.regions[phrase]}
            )
            return f"{known.regions[phrase]} is a region, not a site: name one of {', '.join(sites)}."
    near = (
        get_close_matches(readings[-1], list(known.sites), n=1, cutoff=0.75) if len(readings[-1]) > 3 else []
    )
    if near:
        site = known.sites[near[0]]
        return f"Did you mean {site.country} ({site.code})?"
    codes = sorted({site.code for site in known.sites.values()})
    return f"Name a site by country, marketplace id or code: {', '.join(codes)}."


def all_sites() -> list[Site]:
    """Return every site of references/marketplaces.json, sorted by code."""
    return sorted(set(_words().sites.values()), key=lambda site: site.code)


def _readings(text: str, known: _Words) -> list[str]:
    """Return `text` as phrases to look up: whole, without the words around a name, without prepositions too.

    Prepositions go last because "in" is also India's code: "my IN store", but "my store in India".
    """
    tokens = _tokens(text)
    bare = [word for word in (_strip_chinese(token, known) for token in tokens) if word not in known.fillers]
    without = [word for word in bare if word not in known.prepositions]
    return [" ".join(words) for words in (tokens, bare, without)]


def _strip_chinese(token: str, known: _Words) -> str:
    if not _CHINESE.fullmatch(token):
        return token
    while token and token not in known.sites:
        for filler in known.chinese_fillers:
            if token.startswith(filler):
                token = token[len(filler) :]
                break
            if token.endswith(filler):
                token = token[: -len(filler)]
                break
        else:
            break
    return token


def _tokens(text: str) -> list[str]:
    """Return words in one spelling.

    No accents, no case, compatible forms unified, Chinese set apart from Latin.
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    spaced = _CHINESE.sub(r" \1 ", plain)
    words = (word.strip(".").removeprefix("www.") for word in _SEPARATORS.split(spaced))
    return [word for word in words if word]


@lru_cache(maxsize=1)
def _words() -> _Words:
    markets = json.loads((REFERENCES / "marketplaces.json").read_text(encoding="utf-8"))
    words = json.loads((REFERENCES / "site-words.json").read_text(encoding="utf-8"))
    sites: dict[str, Site] = {}
    for market in markets:
        codes = tuple(dict.fromkeys((market["countryCode"], market["isoCountryCode"])))
        site = Site(market["country"], codes, market["marketplaceId"], market["adsRegion"])
        for word in (*codes, site.country, site.marketplace_id, *words["sites"][site.code]):
            sites[" ".join(_tokens(word))] = site
    fillers = words["fillers"]
    return _Words(
        sites=sites,
        regions={
            " ".join(_tokens(word)): region for region, names in words["regions"].items() for word in names
        },
        groups={
            " ".join(_tokens(word)): _group(row, sites) for row in words["groups"] for word in row["words"]
        },
        without_site={
            " ".join(_tokens(word)): _without_site(row)
            for row in words["withoutSite"]
            for word in row["words"]
        },
        fillers=frozenset(["", *fillers["words"]]),
        prepositions=frozenset(fillers["prepositions"]),
        chinese_fillers=tuple(fillers["chinese"]),
    )


def _without_site(row: dict[str, str]) -> str:
    """Return what to tell who names a country that Amazon has no site for."""
    if "use" in row:
        return f"Amazon has no site of its own for {row['country']}: use {row['use']}."
    return f"Amazon has no site for {row['country']}."


def _group(row: dict[str, Any], sites: dict[str, Site]) -> _Group:
    members = [sites[code.lower()] for code in row["sites"]]
    told = ", ".join(f"{site.country} ({site.code})" for site in members)
    (region,) = {site.region for site in members}
    return _Group(region, f"{row['name']} may be one of {told}: ask which.")
