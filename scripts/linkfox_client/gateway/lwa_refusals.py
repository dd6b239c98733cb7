"""A refusal of the gateway's token endpoint for programs of Amazon's, in the gateway's own words.

It is told as Login with Amazon does it: `error_description` begins with the gateway's own `reason` and a
sentence, and may hold a consent link.
"""

import re
from typing import Any

from linkfox_client.errors import find_reason

PATH = "/auth/o2/token"
_LINK = re.compile(r"https?://[^\s'\"]+")


def in_the_gateways_words(document: dict[str, Any], *, sandbox: bool) -> dict[str, Any]:
    """Return what a refusal of PATH says, under the names of the other calls' answers.

    Anything else is returned as it is. `sandbox`: the gateway's other answers have the mark of one.
    """
    said = document.get("error_description")
    if not isinstance(said, str) or "reason" in document:
        return document
    reason, _, words = said.partition(": ")
    if find_reason(reason) is None:
        return document
    sentence, _, further = words.partition(". ")
    link = _LINK.search(further)
    told = {"reason": reason, "errmsg": sentence.rstrip("."), **({"sandbox": True} if sandbox else {})}
    return told if link is None else told | {"authorizeUrl": link.group()}
