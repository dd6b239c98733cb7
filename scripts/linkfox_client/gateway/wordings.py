"""What a gateway said of a failure in words, and which row of references/errors.json its words mean.

The hosted gateway and what stands before it tell a failure under several names, often in Chinese, and with a
number that says little: so its words go before its numbers. `references/gateway-words.json` is the one table
of them; the first of its patterns that is found counts.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from linkfox_client.paths import REFERENCES

# The fields by which gateways say what happened, in the order in which they are passed on.
SAID_FIELDS = ("error", "errmsg", "msg", "message", "error_description", "detail")
LONGEST = 600
# The fields of a call that hold a name of the user's own choosing.
NAME_FIELDS = ("sellerName", "accountName")
_QUOTED = re.compile("“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》")


def said_in(fields: Mapping[str, Any]) -> str:
    """Return what an answer says in words, each text once; empty where it says nothing."""
    texts: list[str] = []
    for name in SAID_FIELDS:
        text = fields.get(name)
        if name == "error" and isinstance(text, Mapping):
            text = said_in(text)
        if isinstance(text, str) and text and not any(text in other for other in texts):
            texts.append(text)
    return ": ".join(texts)[:LONGEST]


def without_names(said: str, sent: Mapping[str, Any]) -> str:
    """Return a sentence without the names that the call sent, `sent` being its fields: they mean nothing."""
    for name in (sent.get(field) for field in NAME_FIELDS):
        if isinstance(name, str) and name.strip():
            said = said.replace(name.strip(), " ")
    return said


def reason_of(said: str) -> str | None:
    """Return the reason, a row of references/errors.json, that these words mean; None for any others.

    A name in quotation marks means nothing; a word's separators do not matter.
    """
    unquoted = _QUOTED.sub(" ", said)
    plain = re.sub(r"[\s_]+", " ", unquoted if re.search(r"\w", unquoted) else said).strip()
    if not plain:
        return None
    rows = json.loads((REFERENCES / "gateway-words.json").read_text(encoding="utf-8"))
    return next((row["reason"] for row in rows if re.search(row["pattern"], plain, re.IGNORECASE)), None)
