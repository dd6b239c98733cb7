"""Which paths and queries are let through, in every spelling that was thought of."""

import re
import unicodedata
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Problem
from gateway.proxy.allow_list import reads_ads
from gateway.proxy.targets import check_path, check_query
from gateway.settings.proxy_defaults import ADS_PREFIXES, SPAPI_PREFIXES

# Also asked for from outside: see test_store_calls.py and test_ads_calls.py.
ELSEWHERE = [
    "https://evil.example/orders/v0/orders",
    "http:/evil.example/orders",
    "https:evil.example",
    "//evil.example/orders/v0/orders",
    "///evil.example/orders",
    "/\\evil.example/orders",
    "\\\\evil.example/orders",
    "/%2fevil.example/orders",
    "/%2F%2Fevil.example/orders",
    "/%5Cevil.example/orders",
    "/%255Cevil.example/orders",
    "/@evil.example/orders",
    "@evil.example/orders",
    "/orders@evil.example/orders",
    "/user:password@evil.example/orders",
    ":443@evil.example/orders",
    ".evil.example/orders",
    "evil.example/orders",
    " //evil.example/orders",
    "\t//evil.example",
    "/\t/evil.example",
    "/\u2215evil.example",
    "／／evil.example/orders",
    "/／evil.example/orders",
    "/orders/..//evil.example",
    "",
    "/",
    "?orders",
    "#/orders",
    "sellingpartnerapi-eu.amazon.com/orders/v0/orders",
    "@sellingpartnerapi-na.amazon.com/orders",
    "127.0.0.1:8765/orders",
    "[::1]/orders",
    "orders:443//evil.example",
]
AROUND = [
    "/orders/../tokens/2021-03-01/restrictedDataToken",
    "/orders/./v0",
    "/orders/%2e%2e/tokens",
    "/orders/%2E./tokens",
    "/orders/.%2e/tokens",
    "/orders/%252e%252e/tokens",
    "/orders/..%2ftokens",
    "/orders/..%5ctokens",
    "/orders/..\\tokens",
    "/orders/..;/tokens",
    "/orders/..;x=1/tokens",
    "/orders;/v0",
    "/orders/%3b/v0",
    "/orders/．．/tokens",
    "/orders/‥/tokens",
    "/orders/ ../tokens",
    "/orders/..%20/tokens",
    "/orders/...",
    "/orders//v0",
    "/orders/%2F/v0",
    "/%6frders/v0/orders",
    "/orders%2fv0/orders",
    "/Orders/v0/orders",
    "/ordersandmore/v0",
    "/tokens/2021-03-01/restrictedDataToken",
    "/applications/2023-11-30/clientSecret",
    # What is encoded inside a segment leads nowhere either, however often somebody decodes it.
    "/orders/a%2f..%2f..%2ftokens",
    "/orders/a%5c..%5ctokens",
    "/orders/a%3b/..%3bx/tokens",
    "/orders/..%3bx=1/tokens",
    "/orders/%2f%2f/v0",
    "/orders/%5c/v0",
    "/orders/%3b%2f/v0",
    "/orders/a%252f%252e%252e%252ftokens",
    "/orders/%25252e%25252e/tokens",
    "/orders/%2525252525252e/tokens",
    "/orders/%25c0%25ae%25c0%25ae/tokens",
    "/orders/a%ef%bc%8f..%ef%bc%8ftokens",
    "/orders/a%25ef%25bc%258f..%25ef%25bc%258ftokens",
    "/orders/..%ef%bc%9bx/tokens",
    "/orders/a\\b",
    "/orders/a;b",
    "/authorization/v1/authorizationCode",
    "/auth/o2/token",
]
BROKEN = [
    "/orders/v0\r\nHost: evil.example",
    "/orders/v0%0d%0aHost:%20evil.example",
    "/orders/v0%250d%250a",
    "/orders/v0\x00",
    "/orders/v0%00",
    "/orders/v0\x7f",
    "/orders/v0\u202e",
    "/orders/v0\ud800",
    "/orders/v0%E2%80%AE",
    "/orders/v0\u2028",
    "/orders/v0%",
    "/orders/v0%zz",
    "/orders/v0%2",
    "/orders/v0%c0%ae",
    "/orders/v0%ff",
    "/orders/v0?x=1",
    "/orders/v0#x",
    "/orders/" + "a" * 5000,
]


@pytest.mark.parametrize("path", [*ELSEWHERE, *AROUND, *BROKEN])
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    """Another host, a way around the list, a broken request: each is 1005."""
    with pytest.raises(Problem) as refused:
        check_path(path, SPAPI_PREFIXES)
    assert (refused.value.reason, refused.value.row.errcode, refused.value.row.http_status) == (
        "not_allowed",
        1005,
        403,
    )


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/orders/v0/orders", None),
        ("/orders", None),
        ("orders/v0/orders", "/orders/v0/orders"),
        ("orders", "/orders"),
        ("/orders/v0/orders/", None),
        ("/reports/2021-06-30/documents/amzn1.spdoc.1.4.na.x", None),
        ("/listings/2021-08-01/items/A1/my%2FSKU", None),
        ("/listings/2021-08-01/items/A1/50%25", None),
        ("/listings/2021-08-01/items/A1/a%23b%3Fc", None),
        ("/listings/2021-08-01/items/A1/a+b&c=d@e:f,g!", None),
        ("/listings/2021-08-01/items/A1/..hidden", None),
        ("/listings/2021-08-01/items/A1/A%2F%2FB", None),
        ("/listings/2021-08-01/items/A1/A%3BB", None),
        ("/listings/2021-08-01/items/A1/A%5CB", None),
        ("/listings/2021-08-01/items/A1/%2541", None),
        ("/listings/2021-08-01/items/A1/%25FF%25C0", None),
        ("/listings/2021-08-01/items/A1/%252541", None),
        ("/listings/2021-08-01/items/A1/%3BA%2F", None),
        ("/listings/2021-08-01/items/A1/a b", "/listings/2021-08-01/items/A1/a%20b"),
        ("/listings/2021-08-01/items/A1/沙☕", "/listings/2021-08-01/items/A1/%E6%B2%99%E2%98%95"),
        ("/listings/2021-08-01/items/A1/<x>", "/listings/2021-08-01/items/A1/%3Cx%3E"),
    ],
)
def test_paths_of_the_published_families_go_as_they_are(path: str, sent: str | None) -> None:
    """What is given is what is sent; only what cannot stand in a request is encoded."""
    assert check_path(path, SPAPI_PREFIXES).sent == (sent or path)


def test_a_value_is_what_the_caller_encoded_once() -> None:
    """A SKU with everything in it that separates elsewhere is one segment."""
    sku = "A//B;C\\D%41%"
    path = check_path(f"/listings/2021-08-01/items/A1/{quote(sku, safe='')}", SPAPI_PREFIXES)
    assert path.segments == ("listings", "2021-08-01", "items", "A1", sku)


def test_prefixes_end_at_a_slash() -> None:
    """A prefix lets through itself and what is below it."""
    for prefixes in (("/reports/2021-06-30",), ("/reports/2021-06-30/",)):
        assert check_path("/reports/2021-06-30", prefixes)
        assert check_path("/reports/2021-06-30/reports", prefixes)
        for path in ("/reports/2021-06-301", "/reports", "/reports/2020-09-04/reports"):
            with pytest.raises(Problem):
                check_path(path, prefixes)
    assert check_path("/anything", ("/",)).segments == ("anything",)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["%25", "%2e", "%2f", "%5c", "%3b", "2e", "2f", "5c", ".", "/", "a", "．", "／", "%0a"]
        ),
        max_size=12,
    ).map("".join)
)
def test_whatever_passes_stays_below_the_list(text: str) -> None:
    """No text makes a path that, read by a lenient server, leaves its prefix or the line."""
    try:
        sent = check_path(f"/orders/{text}", ("/orders",)).sent
    except Problem:
        return
    assert sent.startswith("/orders/")
    assert sent.isascii()
    assert sent.isprintable()
    assert not set(sent) & set(" ?#;\\")
    reading = sent
    for _ in range(6):
        parts = re.split(r"[/\\;]", unicodedata.normalize("NFKC", reading))
        assert not any(part in (".", "..") for part in parts)
        assert "\n" not in reading
        reading = unquote(reading)


@pytest.mark.parametrize(
    "query",
    ["a=1\r\nX: y", "a=1#b", "a=%", "a=%zz&b=%41", "a\x00", "a=\ud800", "a=\u202e", "a=" + "x" * 20_000],
)
def test_queries_that_break_a_request_are_refused(query: str) -> None:
    """Line ends, fragments, broken escapes and endless ones."""
    with pytest.raises(Problem) as refused:
        check_query(query)
    assert refused.value.reason == "bad_parameter"
    assert refused.value.detail.startswith("queryString")


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", ""),
        ("a=1&b=%2B%2f&c=x+y&d=[1]", "a=1&b=%2B%2f&c=x+y&d=%5B1%5D"),
        (
            "?MarketplaceIds=A,B&CreatedAfter=2026-01-01T00:00:00Z",
            "MarketplaceIds=A,B&CreatedAfter=2026-01-01T00:00:00Z",
        ),
        ("q=沙 ☕", "q=%E6%B2%99%20%E2%98%95"),
        ("url=https://a/b?c;d", "url=https://a/b?c;d"),
    ],
)
def test_queries_go_as_they_are(query: str, sent: str) -> None:
    """Escapes are not touched, in whatever case they are written."""
    assert check_query(query) == sent


@pytest.mark.parametrize(
    ("method", "path", "reads"),
    [
        ("GET", "/v2/profiles", True),
        ("POST", "/sp/campaigns/list", True),
        ("POST", "/reporting/reports", True),
        ("POST", "/v2/sp/campaigns/report", True),
        ("POST", "/sp/campaigns/budget/usage", True),
        ("POST", "/product/metadata", True),
        ("POST", "sb/v4/campaigns/list", True),
        ("GET", "sd/campaigns/extended", True),
        ("GET", "sd/budgetRules", True),
        ("POST", "portfolios/list", True),
        ("POST", "sp/keywords/list", True),
        ("POST", "sp/productAds/list", True),
        ("POST", "sp/targets/list", True),
        ("POST", "sp/negativeKeywords/list", True),
        ("POST", "sp/campaignNegativeTargets/list", True),
        ("POST", "sp/targets/bid/recommendations", True),
        ("POST", "v2/sp/keywords/bidRecommendations", True),
        ("POST", "v2/sp/campaigns/snapshot", True),
        ("POST", "campaigns/export", True),
        ("POST", "adGroups/export", True),
        ("POST", "ads/export", True),
        ("POST", "targets/export", True),
        ("GET", "exports/12345", True),
        ("GET", "reporting/reports/12345", True),
        ("POST", "adsApi/v1/query/advertiserAccounts", True),
        ("POST", "adsApi/v1/create/reports", True),
        ("POST", "adsApi/v1/retrieve/reports", True),
        ("POST", "adsApi/v1/retrieve", False),
        ("POST", "adsApi/v1/update/campaigns", False),
        ("POST", "adsApi/v2/query/campaigns", False),
        ("POST", "recommendations/apply", False),
        ("POST", "/sp/campaigns/delete%2Flist", False),
        ("POST", "/v2/hsa/campaigns%2Fsearch", False),
        ("POST", "/sp/campaigns/delete%5Clist", False),
        ("POST", "/sp/campaigns/delete%3Blist", False),
        ("POST", "/sp/campaigns/delete%252Flist", False),
        ("PUT", "campaigns/export", False),
        ("POST", "sb/v4/campaigns", False),
        ("POST", "campaigns", False),
        ("POST", "/adsApi/v1/query/campaigns", True),
        ("POST", "/adsApi/v1/create/campaigns", False),
        ("POST", "/sp/campaigns", False),
        ("POST", "/sp/campaigns/delete", False),
        ("PUT", "/sp/campaigns/list", False),
        ("PATCH", "/sp/campaigns", False),
        ("DELETE", "/reporting/reports/1", False),
    ],
)
def test_reading_and_writing_ads_calls_are_told_apart(method: str, path: str, reads: bool) -> None:
    """By the list of what is published, and for another POST by the end of its path as it is sent."""
    assert reads_ads(method, check_path(path, ADS_PREFIXES).segments) is reads
