"""Sites and regions in the words that people use."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.amazon.marketplaces import REGIONS, find_marketplace, parse_region


@given(st.sampled_from(REGIONS), st.lists(st.booleans(), min_size=2, max_size=2))
def test_a_region_is_known_in_any_case(region: str, big: list[bool]) -> None:
    """`na`, `Na` and ` NA ` are the same."""
    word = "".join(letter.upper() if up else letter.lower() for letter, up in zip(region, big, strict=True))
    assert parse_region(f" {word} ") == region


@given(st.text())
def test_nothing_else_is_a_region(text: str) -> None:
    """Other words are none, even those that some alphabets would turn into one."""
    assert parse_region(text) == (text.strip().upper() if text.strip().upper() in REGIONS else None)


def test_a_site_is_known_by_each_of_its_names() -> None:
    """Britain is UK to Amazon and GB to everybody else; marketplace ids serve too."""
    assert find_marketplace("uk") == find_marketplace("GB") == find_marketplace("A1F83G8C2ARO7P")
    assert find_marketplace("XX") is None


def test_india_is_europes() -> None:
    """Whatever some guides say."""
    site = find_marketplace("IN")
    assert site is not None
    assert site.region == "EU"


@given(st.text())
def test_no_text_makes_the_search_fail(text: str) -> None:
    """Any text is a site or is not."""
    find_marketplace(text)
