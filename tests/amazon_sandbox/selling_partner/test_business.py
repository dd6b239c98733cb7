"""Orders, reports and listings: what downstream skills call the Selling Partner API for."""

import gzip
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess

US, DE = "ATVPDKIKX0DER", "A1PA6795UKMFR9"
HOST = "sellingpartnerapi-na.amazon.com"
REPORTS = "/reports/2021-06-30/reports"
SINCE = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01T00:00:00Z"}
REPORT = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [US]}


@pytest.fixture
def token(sandbox: SandboxProcess) -> str:
    """Return a store's access token."""
    return sandbox.grant()["accessToken"]


def call(
    sandbox: SandboxProcess, token: str, method: str, path: str, host: str = HOST, **options: Any
) -> requests.Response:
    """Call an operation with a token."""
    return sandbox.call(method, f"{host}{path}", headers={"x-amz-access-token": token}, **options)


def report_document(sandbox: SandboxProcess, token: str) -> dict[str, Any]:
    """Ask for a report and poll until its document can be had."""
    number = call(sandbox, token, "POST", REPORTS, json=REPORT).json()["reportId"]
    states = [call(sandbox, token, "GET", f"{REPORTS}/{number}").json() for _ in range(3)]
    assert [state["processingStatus"] for state in states] == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert "reportDocumentId" not in states[1]
    path = f"/reports/2021-06-30/documents/{states[2]['reportDocumentId']}"
    return call(sandbox, token, "GET", path).json()


def test_orders_come_in_pages_that_add_up(sandbox: SandboxProcess, token: str) -> None:
    """NextToken leads through all orders, each once; the last page has none."""
    seen: list[str] = []
    query = {**SINCE, "MaxResultsPerPage": "20"}
    sizes = []
    while True:
        answer = call(sandbox, token, "GET", "/orders/v0/orders", params=query)
        assert answer.status_code == 200
        assert answer.headers["x-amzn-RateLimit-Limit"] == "0.0167"
        payload = answer.json()["payload"]
        sizes.append(len(payload["Orders"]))
        seen += [order["AmazonOrderId"] for order in payload["Orders"]]
        if "NextToken" not in payload:
            break
        query = {**query, "NextToken": payload["NextToken"]}
    assert sizes == [20, 20, 5]
    assert len(set(seen)) == 45
    one = call(sandbox, token, "GET", f"/orders/v0/orders/{seen[7]}")
    assert one.json()["payload"]["AmazonOrderId"] == seen[7]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"CreatedAfter": "x"}, 400, "InvalidInput"),
        ({"MarketplaceIds": US}, 400, "InvalidInput"),
        ({"MarketplaceIds": DE, "CreatedAfter": "x"}, 403, "Unauthorized"),
        ({**SINCE, "NextToken": "made up"}, 400, "InvalidInput"),
        ({**SINCE, "MaxResultsPerPage": "0"}, 400, "InvalidInput"),
    ],
)
def test_wrong_parameters_are_told(
    sandbox: SandboxProcess, token: str, query: dict[str, str], status: int, code: str
) -> None:
    """Each in Amazon's form."""
    answer = call(sandbox, token, "GET", "/orders/v0/orders", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_the_21st_call_for_orders_is_throttled_until_a_minute_has_passed(
    sandbox: SandboxProcess, token: str
) -> None:
    """As the usage plan says: a burst of 20, and one a minute."""
    for _ in range(20):
        assert call(sandbox, token, "GET", "/orders/v0/orders", params=SINCE).status_code == 200
    refused = call(sandbox, token, "GET", "/orders/v0/orders", params=SINCE)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (429, "QuotaExceeded")
    assert "x-amzn-RateLimit-Limit" not in refused.headers
    sandbox.control("clock", {"advance": 61})
    assert call(sandbox, token, "GET", "/orders/v0/orders", params=SINCE).status_code == 200


def test_a_report_becomes_a_gzipped_document_that_needs_no_token(sandbox: SandboxProcess, token: str) -> None:
    """Created, polled, found, downloaded from another host."""
    document = report_document(sandbox, token)
    assert document["compressionAlgorithm"] == "GZIP"
    assert "amazonaws.com" in urlsplit(document["url"]).path
    download = requests.get(document["url"], timeout=30)
    assert "Content-Encoding" not in download.headers
    lines = gzip.decompress(download.content).decode().splitlines()
    assert lines[0].split("\t")[0] == "seller-sku"
    assert len(lines) == 501


def test_a_document_s_address_ends_and_cannot_be_changed(sandbox: SandboxProcess, token: str) -> None:
    """After five minutes, with another signature, and for another document it opens nothing."""
    document = report_document(sandbox, token)
    assert requests.get(document["url"][:-1] + "x", timeout=30).status_code == 403
    swapped = document["url"].replace(document["reportDocumentId"], "another")
    assert requests.get(swapped, timeout=30).status_code == 403
    sandbox.control("clock", {"advance": 301})
    late = requests.get(document["url"], timeout=30)
    assert late.status_code == 403
    assert "Request has expired" in late.text


def test_a_report_belongs_to_its_store(sandbox: SandboxProcess, token: str) -> None:
    """Another store's number is not found."""
    number = call(sandbox, token, "POST", REPORTS, json=REPORT).json()["reportId"]
    other = sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"]
    assert call(sandbox, other, "GET", f"{REPORTS}/{number}").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"reportType": "x", "marketplaceIds": [US]}, {"reportType": "GET_A_REPORT"}]
)
def test_a_report_that_cannot_be_made_is_400(sandbox: SandboxProcess, token: str, body: Any) -> None:
    """Without a type or a site there is no report."""
    assert call(sandbox, token, "POST", REPORTS, json=body).status_code == 400


def test_listings_keep_what_is_put(sandbox: SandboxProcess, token: str) -> None:
    """Read, put, patch, delete; a SKU may hold a slash and what is not ASCII."""
    path = "/listings/2021-08-01/items/A1SANDBOXNA001/"
    where = {"marketplaceIds": US}
    assert call(sandbox, token, "GET", path + "SANDBOX-SKU-1", params=where).status_code == 200
    odd = path + "my%2FSKU%20%E2%98%95"
    assert call(sandbox, token, "GET", odd, params=where).status_code == 404
    item = {"productType": "TOY", "attributes": {"item_name": [{"value": "Sand"}]}}
    put = call(sandbox, token, "PUT", odd, params=where, json=item)
    assert (put.json()["status"], put.json()["sku"]) == ("ACCEPTED", "my/SKU ☕")
    patches = [{"op": "replace", "path": "/attributes/color", "value": [{"value": "red"}]}]
    call(sandbox, token, "PATCH", odd, params=where, json={"productType": "TOY", "patches": patches})
    attributes = call(sandbox, token, "GET", odd, params={**where, "includedData": "attributes"}).json()[
        "attributes"
    ]
    assert attributes == {"item_name": [{"value": "Sand"}], "color": [{"value": "red"}]}
    call(sandbox, token, "DELETE", odd, params=where)
    assert call(sandbox, token, "GET", odd, params=where).status_code == 404
    assert call(sandbox, token, "GET", path.replace("001", "002") + "x", params=where).status_code == 403


def test_answers_are_gzipped_for_who_takes_that(sandbox: SandboxProcess, token: str) -> None:
    """With Accept-Encoding: gzip a page of orders comes compressed, without it plain."""
    path = f"{HOST}/orders/v0/orders"
    for coding, expected in (("gzip", "gzip"), ("identity", None)):
        headers = {"x-amz-access-token": token, "Accept-Encoding": coding}
        answer = sandbox.call("GET", path, headers=headers, params=SINCE)
        assert answer.headers.get("Content-Encoding") == expected
        assert len(answer.json()["payload"]["Orders"]) == 45


def test_tokens_are_checked_before_anything_is_done(sandbox: SandboxProcess, token: str) -> None:
    """An ended token, one of another region and none at all get the same refusals as elsewhere."""
    eu = sandbox.grant(sellerId="A1SANDBOXEU001", region="EU")["accessToken"]
    sandbox.control("expire", {"sellerId": "A1SANDBOXNA001"})
    told = {
        name: call(sandbox, given, "POST", REPORTS, json=REPORT).json()["errors"][0]["details"]
        for name, given in (("ended", token), ("elsewhere", eu), ("none", ""))
    }
    assert told == {
        "ended": "The access token you provided has expired.",
        "elsewhere": "The marketplaces you provided are not valid for region.",
        "none": "Access token is missing in the request header.",
    }


def test_the_ledger_tells_headers_and_bodies_apart_without_their_content(
    sandbox: SandboxProcess, token: str
) -> None:
    """It knows the names of the headers, media types, length and print of a body."""
    call(sandbox, token, "POST", REPORTS, json=REPORT)
    (entry,) = sandbox.calls(path=REPORTS)
    assert entry["contentType"] == "application/json"
    assert "x-amz-access-token" in entry["headerNames"]
    assert entry["bodyBytes"] > 50
    assert len(entry["bodyPrint"]) == 64
    assert "GET_MERCHANT" not in str(entry)


def test_a_fault_can_answer_any_bytes(sandbox: SandboxProcess, token: str) -> None:
    """bodyBase64 is answered as it is."""
    sandbox.fault({"status": 200, "bodyBase64": "AP8="})
    assert call(sandbox, token, "GET", "/orders/v0/orders").content == b"\x00\xff"
