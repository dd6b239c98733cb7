"""The form of this gateway's API keys: a beginning that tells them from others, and 256 random bits."""

import re
import secrets

from gateway.util.secret import Secret

PREFIX = "lfx_local_"
LENGTH = len(PREFIX) + 43
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)
# So many different characters has every random key: fewer were typed, not drawn.
_LEAST_DIFFERENT = 16


def new_api_key() -> Secret:
    """Return a new API key."""
    return Secret(PREFIX + secrets.token_urlsafe(32))


def is_random_key(text: str) -> bool:
    """Tell whether a text has the form of an API key and looks random."""
    return _FORM.fullmatch(text) is not None and len(set(text.removeprefix(PREFIX))) >= _LEAST_DIFFERENT
