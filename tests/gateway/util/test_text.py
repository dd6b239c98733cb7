"""Text from outside, before it is shown."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.util.text import LONGEST_SHOWN, cleaned, has_hidden, is_hidden


@given(st.text(alphabet=st.characters(), max_size=2000))
def test_cleaned_text_is_one_short_line_without_controls(text: str) -> None:
    """Whatever comes in, what is shown fits on one line, is not long and can be written as UTF-8."""
    shown = cleaned(text)
    assert len(shown) <= LONGEST_SHOWN
    assert len(shown.splitlines()) <= 1
    assert not has_hidden(shown)
    shown.encode()


def test_what_people_write_stays() -> None:
    """Names in any script, and emoji with their joiners, are left as they are."""
    for name in ("我的店铺 ☕", "Söhne & Co.", "متجري", "👩‍🚀 Rockets"):
        assert cleaned(name) == name
        assert not has_hidden(name)


def test_direction_marks_and_lone_surrogates_are_hidden() -> None:
    """Text cannot turn around what stands beside it, nor break an encoder."""
    for character in ("\u202e", "\u2066", "\x1b", "\n", "\x00", "\ud800", "\u2028"):
        assert has_hidden(f"a{character}b")
        assert cleaned(f"a{character}b") == "a b"


def test_a_text_hides_what_one_of_its_characters_is() -> None:
    """Whichever way it is found: ASCII is looked at as a whole, anything else by its characters."""
    for character in map(chr, range(0x3000)):
        assert has_hidden(f"a{character}") == is_hidden(character)


def test_anything_but_text_is_nothing() -> None:
    """A description that is a list or a number is not shown."""
    assert cleaned(["text"]) == ""
    assert cleaned(None) == ""
