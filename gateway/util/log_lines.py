"""Lines that are logged all the time, for each request or each call, with fields in place of a sentence."""

import logging
from typing import Any


class LineHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """A handler that also takes the parts of a line, without a record of logging's."""

    def write_line(self, logger: str, message: str, fields: dict[str, Any]) -> None:
        """Write a line of level INFO; `fields` may be changed."""
        raise NotImplementedError


def info(log: logging.Logger, message: str, **fields: Any) -> None:
    """Log a line with fields: by `log.info` only where others than a LineHandler listen, too.

    `log` has neither handlers nor filters of its own.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    listening = logging.root.handlers
    if len(listening) == 1 and isinstance(listening[0], LineHandler):
        # Without a record of where, in which thread and so on, which costs three times as much as the line.
        listening[0].write_line(log.name, message, fields)
    else:
        log.info(message, extra={"fields": fields})
