"""Every operation that Amazon publishes, held against what the developer proxy passes on."""

import json
from typing import Any

import pytest

from gateway.errors import Problem
from gateway.proxy.allow_list import reads_ads
from gateway.proxy.targets import check_path
from gateway.settings.proxy_defaults import ADS_PREFIXES, SPAPI_PREFIXES
from gateway.util.paths import REFERENCES

# What they open is more than a call: tokens for personal data, the application's secret. (`/authorization`,
# which hands out codes, is published no more; test_targets.py has it among the refused.)
KEPT_BACK = {"tokens", "applications"}


def operations(name: str) -> list[dict[str, Any]]:
    """The rows of one of the two lists."""
    rows: list[dict[str, Any]] = json.loads((REFERENCES / name).read_text(encoding="utf-8"))
    return rows


def called(path: str) -> str:
    """A path with something in the place of each parameter."""
    return "/".join("A-1" if part.startswith("{") else part for part in path.split("/"))


SELLING_PARTNER = operations("spapi-operations.json")
ADS = operations("ads-operations.json")


def test_every_published_call_of_the_sp_api_is_passed_on_but_those_of_two_families() -> None:
    """Reading and writing."""
    refused = set()
    for operation in SELLING_PARTNER:
        try:
            check_path(called(operation["path"]), SPAPI_PREFIXES)
        except Problem:
            refused.add(operation["path"].split("/")[1])
    assert refused == KEPT_BACK


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_published_ads_call_that_reads_is_passed_on_and_none_that_writes(method: str) -> None:
    """By what stands beside each operation."""
    rows = [operation for operation in ADS if operation["method"] == method]
    assert rows
    for operation in rows:
        reads = method == "GET" or operation["reads"]
        segments = check_path(called(operation["path"]), ADS_PREFIXES).segments
        assert reads_ads(method, segments) is reads, operation


def test_each_ads_operation_but_a_get_is_decided_and_only_a_post_reads() -> None:
    """A list that is brought up to date must say it of the new ones, too."""
    for operation in ADS:
        if operation["method"] != "GET":
            assert isinstance(operation["reads"], bool), operation
            assert operation["method"] == "POST" or not operation["reads"], operation
            assert not set(operation["path"].split("/")) & {"apply", "delete", "update", "create"} or (
                not operation["reads"]
            ), operation
        else:
            assert "reads" not in operation, operation


@pytest.mark.parametrize(
    ("method", "path", "reads"),
    [
        ("GET", "/managerAccounts", True),
        ("POST", "/sb/recommendations/keyword", True),
        ("POST", "/benchmarks/brands/A%2FB/categories/7", True),
        ("POST", "/assets/search", True),
        ("POST", "/recommendations/apply", False),
        ("POST", "/adsApi/v1/create/recommendations/sb", False),
        ("POST", "/managerAccounts", False),
        ("POST", "/v2/sp/campaigns/report", True),
        # Not published, so decided by their words.
        ("POST", "/sb/v5/campaigns/list", True),
        ("POST", "/adsApi/v1/delete/reports", False),
        ("POST", "/adsApi/v1/update/campaigns/list", False),
    ],
)
def test_the_list_decides_before_words_do(method: str, path: str, reads: bool) -> None:
    """A permission to view does not make a call one that reads, nor does a word."""
    assert reads_ads(method, check_path(path, ADS_PREFIXES).segments) is reads
