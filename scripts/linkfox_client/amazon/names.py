"""Names of stores and accounts as people say them: the exact spelling first, then another form of it."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

Entry = TypeVar("Entry")

# 账号, 账户, 帐号, 帐户 and their traditional forms: one word, and nobody says which of them a name has.
_ACCOUNT_WORD = re.compile("[账帐賬帳][号户號戶]")
_QUOTATION_MARKS = "\"'“”‘’「」『』《》【】"


def folded(name: str) -> str:
    """Return a name without what people leave out or change.

    Case, width, spaces, the quotation marks around it, the word for account.
    """
    plain = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    plain = plain.strip(_QUOTATION_MARKS) or plain
    return _ACCOUNT_WORD.sub("账号", plain)


def called(entries: Iterable[Entry], name: str, names_of: Callable[[Entry], Iterable[str]]) -> list[Entry]:
    """Return the entries of that name: those that spell it so, else those that differ in form alone.

    So "Acme" and "ACME" can both exist. `names_of` returns the names that an entry goes by.
    """
    listed = list(entries)
    for spell in (str.strip, folded):
        wanted = spell(name)
        found = [entry for entry in listed if wanted in map(spell, names_of(entry))]
        if found:
            return found
    return []


def nearest_first(
    entries: Iterable[Entry], name: str, names_of: Callable[[Entry], Iterable[str]]
) -> list[Entry]:
    """Return the entries, those first whose name holds or resembles `name`: what was probably meant."""
    from difflib import SequenceMatcher

    wanted = folded(name)

    def distance(entry: Entry) -> float:
        texts = [folded(each) for each in names_of(entry)]
        if any(text and (wanted in text or text in wanted) for text in texts):
            return -1.0
        return -max((SequenceMatcher(None, wanted, text).ratio() for text in texts), default=0.0)

    return sorted(entries, key=distance)
