"""Logging to standard error, with whatever looks like a secret masked in the finished line."""

import logging
import re
import sys

from gateway.secret import masked

_TOKENS = re.compile(
    r"(?:Atz[a-z]|Atn[a-z])(?:\||%7[Cc]|\\u007[Cc])[^\s\"'&,;)}\]]+|lfx_local_[\w-]+|amzn1\.oa2-cs\.[\w.-]+"
)
_PARAMETERS = re.compile(
    r"(?i)\b((?:spapi_oauth_code|code|state|client_secret|refresh_token|access_token)=)[^\s\"'&]+"
)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and masks tokens, API keys, client secrets, codes and states."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line that is written."""
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """Return a text with everything masked that has the shape of a secret."""
    text = _PARAMETERS.sub(r"\1***", text)
    return _TOKENS.sub(lambda match: masked(match.group()), text)


def set_up_logging(level: int = logging.INFO) -> None:
    """Send all logging of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Alembic and urllib3 tell every step at this level; uvicorn only its start and stop.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
