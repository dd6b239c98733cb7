"""Taking out of a text, for good, what names or opens somebody's account.

Masking elsewhere keeps the first characters, so that people recognize a token. Feedback leaves the machine,
so nothing of them stays; where a pattern cannot tell, it takes too much rather than too little.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from linkfox_client.secrets.secret import LWA_PREFIX, STAND_IN_PREFIX

# What stands in the place of something that opens an account, if others have seen it.
SECRETS = ("[token]", "[key]", "[secret]", "[user]", "[query]")

# Letters of other scripts stand beside ids without a blank, so a word's border (\b) would not be found.
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"

_RULES = (
    # What follows the question mark of an address: consent links and callbacks hold state and codes there.
    (re.compile(r"(https?://)[^\s/?#@]*@"), r"\1[user]@"),
    (re.compile(r"(https?://[^\s?#]+)[?#]\S+"), r"\1?[query]"),
    # Login with Amazon's tokens, this gateway's keys, Amazon's client ids and secrets, AWS keys, JWTs.
    (re.compile(rf"{LWA_PREFIX}[\w\-.~+/=%|]*"), "[token]"),
    (re.compile(r"lfx_local_[\w-]*"), "[key]"),
    (re.compile(rf"{STAND_IN_PREFIX}[\w-]*"), "[token]"),
    (re.compile(r"amzn1\.oa2-cs\.[\w.-]+"), "[secret]"),
    (re.compile(r"amzn1\.[\w.-]+"), "[amazon id]"),
    (re.compile(r"wxid_[\w-]+"), "[wechat id]"),
    (re.compile(r"(?i)\bBearer\s+\S+"), "[token]"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), "[token]"),
    # `password: hunter2`, `api_key=…`, `"secret": "…"`
    (
        re.compile(
            r"(?i)((?:pass(?:word|wd|phrase)?|secret|token|api[ _-]?key|access[ _-]?key|密码|密钥|令牌)"
            r"[\"']?\s*[=:：]\s*[\"']?)[^\s\"',;，；]{6,}"
        ),
        r"\1[secret]",
    ),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[mail]"),
    (re.compile(r"[^\s@<>\"'(),;:/\[\]]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+"), "[mail]"),
    # Seller ids begin with A; the rule for random words below would miss those without a digit.
    (re.compile(rf"(?i){_START}A(?=[A-Z0-9]*\d)[A-Z0-9]{{9,20}}{_END}"), "[seller id]"),
    (re.compile(rf"{_START}A[A-Z0-9]{{11,20}}{_END}"), "[seller id]"),
    # Whatever is long and has letters and digits mixed was made by a machine: keys, codes, request ids.
    (
        re.compile(
            rf"{_START}(?=[A-Za-z0-9_+=-]*\d)(?=[A-Za-z0-9_+=-]*[A-Za-z])[A-Za-z0-9_+=-]{{20,}}{_END}"
        ),
        "[key]",
    ),
    # Profiles, records, telephones; a day is none.
    (re.compile(r"(?<![\w.-])(?!\d{4}-\d\d-\d\d)\+?\d(?:[\s().-]{0,2}\d){8,}(?!\w)"), "[number]"),
    (re.compile(rf"{_START}\d{{9,}}{_END}"), "[number]"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without what names or opens somebody's account; the rest of it stays as it was written.

    Tokens, keys, mail addresses, seller ids, WeChat ids, long numbers and the home folder's name are
    taken out.

    `secrets` are known ones, taken out whatever they look like.
    """
    home = _home()
    if len(home) > 3:
        text = _replaced(text, re.compile(re.escape(home)), "~")
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 6:
            text = _replaced(text, re.compile(re.escape(secret)), "[key]")
    for pattern, replacement in _RULES:
        text = _replaced(text, pattern, replacement)
    return text


def took_secrets(text: str, scrubbed: str) -> bool:
    """Tell whether a secret was among what was taken out of `text`."""
    return any(scrubbed.count(mark) > text.count(mark) for mark in SECRETS)


def _replaced(text: str, pattern: re.Pattern[str], replacement: str) -> str:
    """Return `text` with what the pattern finds replaced; a group that the replacement repeats stays.

    Full-width letters and the like are looked at as plain ones, since an id written in them is still an id.
    """
    plain, places = "", []
    for place, character in enumerate(text):
        folded = unicodedata.normalize("NFKC", character)
        plain += folded
        places += [place] * len(folded)
    result, done = "", 0
    for found in pattern.finditer(plain):
        begin, end = places[found.start()], places[found.end() - 1] + 1
        kept = ""
        if pattern.groups and found.end(1) > found.start(1):
            kept = text[places[found.start(1)] : places[found.end(1) - 1] + 1]
        result += text[done:begin] + replacement.replace("\\1", kept)
        done = end
    return result + text[done:]


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:
        return ""
