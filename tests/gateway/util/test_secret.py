"""A Secret shows its mask wherever it is printed, and is unwrapped by `reveal` only."""

import copy
import json
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.monitoring.logs import formatter, redacted
from gateway.util.secret import Secret, masked

TOKEN = "Atza|" + "secretpart" * 5


@given(st.text())
def test_a_mask_shows_ten_characters_at_most(text: str) -> None:
    """Short texts are hidden whole, longer ones after their first ten characters."""
    assert masked(text) == ("***" if len(text) < 40 else text[:10] + "...")


def test_every_way_of_printing_is_masked() -> None:
    """repr, str, format, f-strings and containers show the mask only."""
    secret = Secret(TOKEN)
    ways = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{[secret]}",
        f"{secret} {secret!r}",
    ]
    for text in [*ways, str({"a": (secret,)})]:
        assert "Atza|secre..." in text
        assert "secretpart" not in text
    assert secret.reveal() == TOKEN


def test_it_is_not_carried_away() -> None:
    """JSON, pickle and copy refuse a Secret."""
    with pytest.raises(TypeError):
        json.dumps(Secret(TOKEN))
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            carry(Secret(TOKEN))
    assert not hasattr(Secret(TOKEN), "__dict__")


@given(st.text(), st.text())
def test_equality_is_by_content(one: str, other: str) -> None:
    """Two Secrets are equal as their texts are, and equal to nothing else."""
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) != one


@pytest.mark.parametrize(
    "line",
    [
        "Atza|IwEB-canary",
        "Atzr%7CIwEB-canary",
        '{"refresh_token": "Atzr|IwEB-canary"}',
        "key lfx_local_canary",
        "stand-in token lfxp_canary",
        "secret amzn1.oa2-cs.v1.canary",
        "GET /spApi/oauth/callback?state=canary&spapi_oauth_code=canary",
        "client_secret=canary&code=canary",
    ],
)
def test_what_looks_like_a_secret_is_masked_in_logs(line: str) -> None:
    """Tokens, keys, client secrets, codes and states do not reach a log line."""
    assert "canary" not in redacted(line)


def test_a_traceback_is_masked_too() -> None:
    """An exception whose text holds a token is logged without it."""
    try:
        raise ValueError(f"refused {TOKEN}")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed %s", (TOKEN,), (type(error), error, error.__traceback__)
        )
    text = formatter().format(record)
    assert "ValueError" in text
    assert "secretpart" not in text
