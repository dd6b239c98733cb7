"""Text from outside is made fit to be shown, and names that people have survive it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from linkfox_client.text import cleaned


@given(st.text(max_size=2000))
def test_what_is_shown_is_short_and_steers_nothing(text: str) -> None:
    """No control or direction mark is left, nor more than 300 characters."""
    shown = cleaned(text)
    assert len(shown) <= 300
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set("\u202a\u202e\u2066\u2069\u200e\u200b\ufeff") & set(shown)


def test_names_keep_their_characters() -> None:
    """Chinese, accents and joined emoji are names, too."""
    for name in ("我的店铺 ☕", "Café Zoë", "👩\u200d💻 shop", "می\u200cخواهم"):
        assert cleaned(name) == name


def test_lines_become_one() -> None:
    """An escape sequence and line ends turn into blanks."""
    assert cleaned("a\r\n\tb\x1b[31mc\u202ed") == "a b [31mc d"
