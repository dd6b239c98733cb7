"""Reports of the Ads API: asked for, polled, downloaded."""

import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.advertiser import Advertiser

CREATE = "POST /reporting/reports"
CONFIGURATION = {
    "adProduct": "SPONSORED_PRODUCTS",
    "groupBy": ["campaign"],
    "columns": ["date", "campaignId", "campaignName", "impressions", "clicks", "cost", "sales14d"],
    "reportTypeId": "spCampaigns",
    "timeUnit": "DAILY",
    "format": "GZIP_JSON",
}
ASKED = {"name": "七月", "startDate": "2026-07-01", "endDate": "2026-07-07", "configuration": CONFIGURATION}


def asked(**configuration: Any) -> dict[str, Any]:
    """Return a request with another configuration."""
    return {**ASKED, "configuration": {**CONFIGURATION, **configuration}}


def polled(advertiser: Advertiser, number: str) -> dict[str, Any]:
    """Look at a report."""
    answer = advertiser.call(f"GET /reporting/reports/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def finished(advertiser: Advertiser, body: Any) -> dict[str, Any]:
    """Ask for a report and poll it to its end."""
    answer = advertiser.call(CREATE, body)
    assert answer.status_code == 200, answer.text
    polled(advertiser, answer.json()["reportId"])
    return polled(advertiser, answer.json()["reportId"])


def download(advertiser: Advertiser, url: str) -> requests.Response:
    """Read the report's address as it stands, without a token."""
    return advertiser.sandbox.session.get(url, timeout=30)


def rows(advertiser: Advertiser, body: Any) -> list[dict[str, Any]]:
    """Return what a report holds."""
    return json.loads(gzip.decompress(download(advertiser, finished(advertiser, body)["url"]).content))


def refusal(advertiser: Advertiser, body: Any) -> tuple[int, str]:
    """Ask for a report that must be refused; return the status and what is said."""
    answer = advertiser.call(CREATE, body)
    assert set(answer.json()) == {"code", "detail"}
    assert answer.json()["code"] == str(answer.status_code)
    return answer.status_code, answer.json()["detail"]


def test_a_report_is_made_while_it_is_polled(advertiser: Advertiser) -> None:
    """Pending, processing, completed; the address comes with the end and is good for an hour."""
    made = advertiser.call(CREATE, ASKED)
    assert (made.status_code, made.json()["status"], made.json()["url"]) == (200, "PENDING", None)
    assert made.headers["Content-Type"] == "application/vnd.createasyncreportresponse.v3+json"
    assert made.json().items() >= ASKED.items()
    number = made.json()["reportId"]
    assert (polled(advertiser, number)["status"], polled(advertiser, number)["status"]) == (
        "PROCESSING",
        "COMPLETED",
    )
    done = polled(advertiser, number)
    content = download(advertiser, done["url"])
    assert len(content.content) == done["fileSize"]
    assert "offline-report-storage" in urlsplit(done["url"]).path
    advertiser.sandbox.control("clock", {"advance": 3600})
    assert download(advertiser, done["url"]).status_code == 403


@pytest.mark.parametrize(("media_type", "status"), [("application/json", 200), ("text/plain", 415)])
def test_plain_json_is_taken_too(advertiser: Advertiser, media_type: str, status: int) -> None:
    """Beside the published type, since a client library in wide use sends it."""
    assert advertiser.call(CREATE, ASKED, **{"Content-Type": media_type}).status_code == status


def test_a_daily_report_has_a_row_a_campaign_and_day(advertiser: Advertiser) -> None:
    """With the columns that were asked for, in that order, and the campaigns that are listed."""
    found = rows(advertiser, ASKED)
    campaigns = advertiser.listed("campaigns")
    assert len(found) == 7 * len(campaigns)
    assert {each["date"] for each in found} == {f"2026-07-0{day}" for day in range(1, 8)}
    assert {each["campaignId"] for each in found} == {int(each["campaignId"]) for each in campaigns}
    assert all(list(each) == CONFIGURATION["columns"] for each in found)
    assert all(each["impressions"] >= each["clicks"] for each in found)


@pytest.mark.parametrize(
    ("group", "column", "kind", "field"),
    [
        ("adGroup", "adGroupName", "adGroups", "name"),
        ("advertiser", "advertisedSku", "productAds", "sku"),
        ("targeting", "keyword", "keywords", "keywordText"),
        ("searchTerm", "searchTerm", "keywords", "keywordText"),
    ],
)
def test_a_report_goes_as_deep_as_it_is_grouped(
    advertiser: Advertiser, group: str, column: str, kind: str, field: str
) -> None:
    """One row for each, over the whole time."""
    columns = ["startDate", "endDate", column, "spend"]
    found = rows(advertiser, asked(groupBy=[group], columns=columns, timeUnit="SUMMARY"))
    listed = advertiser.listed(kind)
    assert [each[column] for each in found] == [each[field] for each in listed]
    assert {(each["startDate"], each["endDate"]) for each in found} == {("2026-07-01", "2026-07-07")}


def test_filters_of_a_report_hold(advertiser: Advertiser) -> None:
    """Only campaigns of that state."""
    filters = [{"field": "campaignStatus", "values": ["PAUSED"]}]
    found = rows(advertiser, asked(filters=filters, timeUnit="SUMMARY"))
    assert len(found) == 5


def test_the_same_report_twice_is_told_with_the_first_one_s_number(advertiser: Advertiser) -> None:
    """425 while it is being made, whatever it is called; afterwards it is made anew."""
    first = advertiser.call(CREATE, ASKED).json()["reportId"]
    told = (425, f"The Request is a duplicate of : {first}")
    assert refusal(advertiser, {**ASKED, "name": "Other"}) == told
    assert advertiser.call(CREATE, {**ASKED, "endDate": "2026-07-06"}).status_code == 200
    for _ in range(2):
        polled(advertiser, first)
    assert advertiser.call(CREATE, ASKED).json()["reportId"] != first


@pytest.mark.parametrize("name", ["startDate", "endDate", "configuration"])
def test_a_missing_field_is_told(advertiser: Advertiser, name: str) -> None:
    """400, with its name."""
    body = {key: value for key, value in ASKED.items() if key != name}
    assert refusal(advertiser, body) == (400, f"{name} is missing.")


@pytest.mark.parametrize("name", CONFIGURATION)
def test_a_missing_field_of_the_configuration_is_told(advertiser: Advertiser, name: str) -> None:
    """400, with its name."""
    configuration = {key: value for key, value in CONFIGURATION.items() if key != name}
    body = {**ASKED, "configuration": configuration}
    assert refusal(advertiser, body) == (400, f"configuration.{name} is missing.")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"startDate": "01/07/2026"}, "startDate is not a date (YYYY-MM-DD)."),
        ({"endDate": "2026-06-30"}, "endDate is before startDate."),
        (
            {"endDate": "2026-08-02"},
            "startDate to endDate range (32 days) must not exceed maximum range (31 days)",
        ),
        (asked(timeUnit="HOURLY"), "configuration.timeUnit must be one of SUMMARY, DAILY."),
        (asked(columns=[1]), "configuration.columns is not a list of names."),
        (asked(filters=["x"]), "configuration.filters is not a list of fields with values."),
    ],
)
def test_what_cannot_be_reported_is_told(
    advertiser: Advertiser, changes: dict[str, Any], detail: str
) -> None:
    """400 and the reason."""
    assert refusal(advertiser, {**ASKED, **changes}) == (400, detail)


def test_some_reports_reach_further(advertiser: Advertiser) -> None:
    """Purchases of Sponsored Brands: two years."""
    body = asked(adProduct="SPONSORED_BRANDS", reportTypeId="sbPurchasedProduct", timeUnit="SUMMARY")
    assert advertiser.call(CREATE, {**body, "startDate": "2024-07-08"}).status_code == 200


def test_a_report_is_its_profile_s(advertiser: Advertiser) -> None:
    """404 for another profile, and for a number that nobody has."""
    number = advertiser.call(CREATE, ASKED).json()["reportId"]
    assert advertiser.call("GET /reporting/reports/x").status_code == 404
    advertiser.scope = str(advertiser.profiles[1]["profileId"])
    answer = advertiser.call(f"GET /reporting/reports/{number}")
    assert (answer.status_code, answer.json()["code"]) == (404, "404")
