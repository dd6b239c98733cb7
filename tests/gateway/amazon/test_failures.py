"""What is told of a call to Amazon that brought nothing."""

import pytest

from gateway.amazon.failures import AmazonFailure


@pytest.mark.parametrize("begin", ["Atza|", "Atzr|", "Atna|", "Atz.sprdt|", "Atza%7C"])
def test_a_token_that_amazon_quotes_is_shown_to_nobody(begin: str) -> None:
    """Of whatever kind it is."""
    failure = AmazonFailure("unauthorized", f"the token {begin}IwEBIexample is bad")
    assert failure.detail == f"the token {begin}... is bad"
    assert "example" not in str(failure)
