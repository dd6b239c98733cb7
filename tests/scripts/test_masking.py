"""Nothing secret is printed, whatever the field is called and wherever the value turns up."""

import base64
import json
import logging
import pickle
import re
import sys
from copy import deepcopy
from types import FrameType
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.secrets.masking import Secrets, is_secret_name, wrapped
from linkfox_client.secrets.secret import Secret, masked

secret_text = st.text(st.characters(codec="utf-8", exclude_characters=".*"), min_size=12, max_size=400)
token = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=", min_size=40, max_size=400
).map("Atza|".__add__)
around = st.text(st.characters(codec="utf-8"), max_size=50)


@pytest.mark.parametrize(
    "name",
    [
        "accessToken",
        "access_token",
        "ACCESS-TOKEN",
        "refreshToken",
        "amzAccessToken",
        "x-amz-access-token",
        "clientSecret",
        "client_secret",
        "apiKey",
        "api-key",
        "Authorization",
        "X-Amz-Security-Token",
        "restrictedDataToken",
        "token",
        "password",
    ],
)
def test_a_secret_field_is_masked_under_every_spelling_and_at_every_depth(name: str) -> None:
    """The name decides, so a token that is no token of Amazon's is masked as well."""
    value = "short" if name == "password" else "v" * 50
    document = {"a": [{"b": {name: value}}], name: [value, {"c": value}]}
    shown = json.dumps(Secrets().masked(document))
    assert value not in shown
    assert masked(value) in shown


@pytest.mark.parametrize(
    "name",
    ["tokenType", "authorizationId", "authorizationExpiresAt", "nextToken", "authorizeUrl", "authRecordId"],
)
def test_a_field_that_only_sounds_secret_is_shown(name: str) -> None:
    """An agent needs these to go on."""
    assert not is_secret_name(name)
    assert Secrets().masked({name: "v" * 50}) == {name: "v" * 50}


def test_the_mask_shows_ten_characters_and_nothing_of_a_short_secret() -> None:
    """39 characters are too few to show ten of them."""
    assert masked("x" * 40) == "x" * 10 + "..."
    assert masked("x" * 39) == "***"
    assert masked("") == "***"


def test_other_values_under_a_secret_name_are_hidden_too() -> None:
    """A number is hidden; null and true say nothing."""
    shown = Secrets().masked({"password": 123456, "accessToken": None, "apiKey": True})
    assert shown == {"password": "***", "accessToken": None, "apiKey": True}


@given(secret_text, around, around)
def test_a_secret_that_was_seen_is_masked_in_any_usual_encoding(text: str, before: str, after: str) -> None:
    """Plain, percent-encoded, escaped for JSON and base64, inside whatever else."""
    secrets = Secrets()
    secrets.remember(text)
    raw = text.encode()
    for written in (
        text,
        quote(text, safe=""),
        quote_plus(text),
        re.sub("%..", lambda found: found.group().lower(), quote(text, safe="")),
        json.dumps(text)[1:-1],
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ):
        assert written not in secrets.scrub(before + written + after)


@given(secret_text, st.binary(max_size=20), st.binary(max_size=20))
def test_a_secret_inside_encoded_bytes_is_found_at_every_alignment(
    text: str, before: bytes, after: bytes
) -> None:
    """As in a Basic header, where a name stands in front of it."""
    secrets = Secrets()
    secrets.remember(text)
    shown = secrets.scrub(base64.b64encode(before + text.encode() + after).decode())
    assert "..." in shown or "***" in shown


@given(token)
def test_a_token_is_masked_by_its_shape_even_where_it_was_never_seen(text: str) -> None:
    """Another store's token in an error message, also percent-encoded."""
    secrets = Secrets()
    assert secrets.scrub(f"bad token ({text})") == f"bad token ({text[:10]}...)"
    encoded = quote(text, safe="")
    assert secrets.scrub(f"?token={encoded}&x=1") == f"?token={encoded[:10]}...&x=1"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ),
    token,
)
def test_no_document_lets_a_seen_token_out(document: object, text: str) -> None:
    """Wherever it is put, as a value or inside a key."""
    secrets = Secrets()
    secrets.remember(text)
    put = {"here": [document, {"accessToken": text, "errmsg": f"bad {text}!", f"key {text}": document}]}
    assert text not in json.dumps(secrets.masked(put), ensure_ascii=False)


def test_a_document_without_secrets_stays_as_it_is() -> None:
    """Masking changes nothing else."""
    secrets = Secrets()
    secrets.remember("k" * 40)
    document = {"sellerName": "我的店铺 ☕", "total": 2, "list": [1.5, None, True, "US"]}
    assert secrets.masked(document) == document


def test_only_what_is_named_leaves_whole() -> None:
    """--reveal lets the access token out and keeps the refresh token."""
    answer = wrapped({"accessToken": "a" * 50, "refreshToken": "r" * 50})
    shown = Secrets().masked(answer, [answer["accessToken"]])
    assert shown == {"accessToken": "a" * 50, "refreshToken": "r" * 10 + "..."}


def test_a_secret_does_not_leave_by_accident() -> None:
    """Printing, formatting, logging, JSON, pickling and copying all keep it in."""
    secret = Secret("s" * 50)
    record = logging.LogRecord("x", 20, "x", 1, "%s %r", (secret, secret), None)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>60}", record.getMessage()):
        assert "s" * 11 not in shown
    with pytest.raises(TypeError):
        json.dumps({"a": secret})
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        deepcopy(secret)
    assert secret == Secret("s" * 50)
    assert secret != Secret("t" * 50)
    assert not hasattr(secret, "__dict__")


SEEN = "Atza|" + "".join(chr(65 + (7 * i * i + i) % 26) + str(i % 10) + "_-x"[i % 3] for i in range(110))


@pytest.mark.parametrize(
    "written",
    [
        SEEN.replace("|", "&#124;"),
        SEEN.replace("|", "&#x7C;"),
        SEEN.replace("|", "%257C"),
        SEEN.replace("|", "%25257c"),
        SEEN.replace("|", "\\u007c"),
        SEEN.replace("|", "\\\\u007c"),
        SEEN.replace("|", "| "),
        SEEN.replace("|", "\uff5c"),
        SEEN.partition("|")[2],
        SEEN.partition("|")[2][:160],
        SEEN[100:200],
        SEEN[171 : 171 + 24],
        SEEN[33 : 33 + 24],
        SEEN.upper(),
        SEEN.lower().partition("|")[2],
    ],
)
def test_a_token_that_was_seen_is_masked_as_proxies_and_error_pages_write_it(written: str) -> None:
    """Escaped twice, as HTML, without what stands before the bar, cut, in capitals."""
    secrets = Secrets()
    secrets.remember(SEEN)
    body = SEEN.partition("|")[2]
    for text in (written, f"<p>bad token {written}</p>", f"令牌{written}无效"):
        shown = secrets.scrub(text).lower()
        pieces = {body[start : start + 12].lower() for start in range(len(body) - 11)}
        assert not [piece for piece in pieces if piece in shown]
    assert "bad token" in secrets.scrub(f"<p>bad token {written}</p>")


@pytest.mark.parametrize("bar", ["&#124;", "%257C", "\\u007c", "%7c", "|"])
def test_a_token_that_was_never_seen_is_masked_however_its_bar_is_written(bar: str) -> None:
    """By its shape."""
    body = SEEN.partition("|")[2]
    assert body[:12] not in Secrets().scrub(f"refused: Atzr{bar}{body}.")


def test_what_a_secret_begins_with_masks_nothing_else() -> None:
    """Nor do the words of a callback's address, which is remembered as a whole."""
    secrets = Secrets()
    secrets.remember("http://localhost:8765/spApi/oauth/callback?state=abcdefghijklmnopqrstuvwxyz012345&x=1")
    secrets.remember(SEEN)
    text = "See http://localhost:8765/spApi/oauth/callback and Atza| tokens: abcdefghijklmnop."
    assert secrets.scrub(text) == text


def test_two_secrets_that_overlap_are_masked_to_the_end_of_both() -> None:
    """Whichever begins first."""
    secrets = Secrets()
    secrets.remember("abcdefgh")
    secrets.remember("efghijklmnop")
    assert secrets.scrub("-abcdefghijklmnop-") == "-***-"


def test_the_work_of_masking_does_not_grow_with_the_secrets_that_were_seen() -> None:
    """Lines of code run for the same text, after ten tokens and after a thousand."""

    def lines_run(count: int) -> int:
        secrets = Secrets()
        for number in range(count):
            secrets.remember(f"Atza|IwEBI{number:06}" + "q3Zt" * 80)
        text = "the store A1B2C3 says " + f"Atza|IwEBI{3:06}" + "q3Zt" * 80 + " at last"
        secrets.scrub(text)
        lines = 0

        def trace(frame: FrameType, event: str, value: object) -> Any:
            nonlocal lines
            lines += event == "line"
            return trace

        sys.settrace(trace)
        try:
            assert secrets.scrub(text) == "the store A1B2C3 says Atza|IwEBI... at last"
        finally:
            sys.settrace(None)
        return lines

    assert lines_run(1000) == lines_run(10)
