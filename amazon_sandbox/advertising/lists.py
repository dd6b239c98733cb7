"""Lists of the Ads API: what passes the filters of a call, in pages."""

import base64
from collections.abc import Mapping
from typing import Any

from amazon_sandbox.advertising.account import Entity
from amazon_sandbox.advertising.call import Call
from amazon_sandbox.advertising.filters import Filter


def page(
    call: Call, kind: str, entities: list[Entity], filters: Mapping[str, Filter], largest: int
) -> tuple[list[Entity], int, str | None]:
    """Return the page that a call asks for, how many there are in all, and the next page's token.

    `kind` is what is listed: a token of another list is refused. Raise Refused (400).
    """
    given = call.body()
    size, start = given.get("maxResults", largest), _read_token(given.get("nextToken"), kind)
    if type(size) is not int or not 1 <= size <= largest:
        raise call.invalid(f"maxResults must be a number from 1 to {largest}.")
    if start is None:
        raise call.invalid("nextToken is not valid.")
    for name, read in filters.items():
        if given.get(name) is not None:
            try:
                entities = list(filter(read(given[name]), entities))
            except ValueError as problem:
                raise call.invalid(f"{name} {problem}.") from None
    end = start + size
    return entities[start:end], len(entities), _token(end, kind) if end < len(entities) else None


def _token(start: int, kind: str) -> str:
    return base64.urlsafe_b64encode(f"{kind} from {start}".encode()).decode()


def _read_token(token: Any, kind: str) -> int | None:
    """Return where a page begins, None for what is no token of this list."""
    if token is None:
        return 0
    try:
        prefix, _, start = base64.urlsafe_b64decode(str(token)).decode().rpartition(" ")
    except ValueError:
        return None
    return int(start) if prefix == f"{kind} from" and start.isdigit() else None
