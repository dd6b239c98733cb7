"""The media types of a proxied call: what its body is, and what may come back (`Accept`).

The Ads API names the version of what is sent and of what comes back in media types such as
`application/vnd.spCampaign.v3+json`. For a caller who does not say what may come back, that is what Amazon's
description of the operation answers (references/ads-operations.json), in the version of the body.
"""

import re

from gateway.errors import Problem
from gateway.proxy.ads_operations import Operation

JSON = "application/json"
ANY = "*/*"
LONGEST_ACCEPT = 1024
MOST_ACCEPTED = 16
_TOKEN = r"[A-Za-z0-9!#$&^_.+-]{1,127}"  # noqa: S105 - a token of RFC 9110
# RFC 9110 section 8.3.1, without quoted strings: no API of Amazon's wants one.
_PARAMETERS = r"( ?; ?[A-Za-z0-9_-]{1,40}=[A-Za-z0-9_.+-]{1,80}){0,4}"
MEDIA_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}{_PARAMETERS}", re.ASCII)
# RFC 9110 section 12.5.1. A `*` for everything, or for every subtype.
MEDIA_RANGE = re.compile(rf"({_TOKEN}/({_TOKEN}|\*)|\*/\*){_PARAMETERS}", re.ASCII)
NO_WEIGHT = re.compile(r"q ?= ?0(\.0*)?")
_VERSION = re.compile(r"\.(v[0-9]+(?:\.[0-9]+)?)\+")


def check_content_type(text: str | None) -> str | None:
    """Return the type of a body, None where none is given. Raise Problem bad_parameter."""
    if text and not MEDIA_TYPE.fullmatch(text):
        raise Problem("bad_parameter", "contentType: expected a media type such as application/json")
    return text or None


def check_accept(text: str | None) -> str | None:
    """Return what a caller wants back, None where nothing is said. Raise Problem bad_parameter."""
    if not text:
        return None
    ranges = text.split(",")
    fits = len(text) <= LONGEST_ACCEPT and len(ranges) <= MOST_ACCEPTED
    if not (fits and all(MEDIA_RANGE.fullmatch(each.strip(" ")) for each in ranges)):
        raise Problem(
            "bad_parameter",
            "accept: expected media types such as application/json or */*, separated by commas: "
            f"{MOST_ACCEPTED} and {LONGEST_ACCEPT} characters at most",
        )
    return text


def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether an `Accept-Encoding` (RFC 9110, section 12.5.3) names gzip, or everything."""
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in ("gzip", "*"):
            return not NO_WEIGHT.fullmatch(weight.strip())
    return False


def answered_by(operation: Operation | None, content_type: str | None) -> str:
    """Return what may come back from an Ads call, as a header's value.

    `operation`: what the call is, None for one that is not published. `content_type`: of its body; a GET may
    name one, too, to choose among versions.
    """
    media_type = (content_type or JSON).partition(";")[0].strip()
    is_versioned, known = "/vnd." in media_type, media_type.lower()
    if operation is None or not operation.answers:
        return _answer_to(media_type)
    answers = {answer.lower(): answer for answer in operation.answers}
    if known in answers:
        return media_type
    if is_versioned and known not in {request.lower() for request in operation.requests}:
        return _answer_to(media_type)  # newer than the description
    if len(answers) == 1:
        return operation.answers[0]
    if is_versioned:
        same = [answer for answer in operation.answers if _version(answer) == _version(media_type)]
        if same:
            return ", ".join(same)
    # Which version is meant is Amazon's to say, as for a caller who asks for JSON; else any of them.
    return ", ".join([JSON, *(f"{answer};q=0.9" for answer in operation.answers if answer != JSON)])


def _answer_to(media_type: str) -> str:
    """Return what comes back for a body of this type: the same, unless its name says that it is a request."""
    if "/vnd." not in media_type:
        return JSON
    return ANY if "request." in media_type.lower() else media_type


def _version(media_type: str) -> str | None:
    found = _VERSION.search(media_type.lower())
    return found and found[1]
