"""What is published is known, and what has no story says so in the words of its API."""

import re

import pytest

from amazon_sandbox.advertising import published
from amazon_sandbox.advertising.stories import STORIES
from tests.support.advertiser import PUBLISHED, Advertiser


def test_every_published_operation_is_found_by_its_path() -> None:
    """With any value in the place of a parameter."""
    for row in PUBLISHED.values():
        found = published.find(row["method"], re.sub(r"\{[^}]*\}", "a%2Fb", row["path"]))
        assert found is not None, row["path"]
        assert (found[0].method, found[0].path) == (row["method"], row["path"])


def test_stories_are_of_published_operations() -> None:
    """Each key is a method and a path."""
    assert set(STORIES) <= set(PUBLISHED)


@pytest.mark.parametrize(
    ("operation", "code", "words"),
    [
        ("PUT /v2/profiles", "501", "details"),
        ("POST /sp/targets", "NOT_IMPLEMENTED", "message"),
        ("DELETE /reporting/reports/7", "501", "detail"),
    ],
)
def test_an_operation_without_a_story_says_so(
    advertiser: Advertiser, operation: str, code: str, words: str
) -> None:
    """501 and a sentence, so that nobody takes it for a missing permission; a bad token still comes first."""
    answer = advertiser.call(operation, **{"Amazon-Advertising-API-Scope": None})
    assert answer.status_code == 501
    assert answer.json()["code"] == code
    assert f"knows {operation.replace('/7', '/{reportId}')} and has no story" in answer.json()[words]
    refused = advertiser.call(operation, Authorization="Bearer x")
    assert (refused.status_code, refused.json()[words]) == (401, "Authentication failed")
