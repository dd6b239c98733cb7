"""Reports, version 3: asked for, two polls in the making, then downloaded from storage as gzipped JSON.

https://advertising.amazon.com/API/docs/en-us/offline-report-prod-3p
"""

import gzip
import uuid
from datetime import date
from typing import Any

from amazon_sandbox import storage
from amazon_sandbox.advertising import report_rows
from amazon_sandbox.advertising.call import Call, Story, are_texts
from amazon_sandbox.business import AdsReport, Document
from amazon_sandbox.clock import timestamp
from amazon_sandbox.http_messages import JSON, Answer, to_json
from amazon_sandbox.known_answers import Refused
from amazon_sandbox.marketplaces import ADS_REPORT_HOSTS

STATES = ("PENDING", "PROCESSING", "COMPLETED")
ADDRESS_SECONDS = 3600  # how long the address of a report is good unless the report is asked for again [doc]
MOST_DAYS = 31
MORE_DAYS = {"sbPurchasedProduct": 731, "spGrossAndInvalids": 365, "sbGrossAndInvalids": 365}
CHOICES = {
    "adProduct": (
        "SPONSORED_PRODUCTS", "SPONSORED_BRANDS", "SPONSORED_DISPLAY", "SPONSORED_TELEVISION",
        "DEMAND_SIDE_PLATFORM", "ALL",
    ),
    "timeUnit": ("SUMMARY", "DAILY"),
    "format": ("GZIP_JSON",),
}  # fmt: skip


def _create(call: Call) -> Answer:
    profile = call.profile()
    given = call.body(JSON)  # as python-amazon-ad-api sends it
    configuration = _configuration(call, given)
    first, last = _dates(call, given, MORE_DAYS.get(configuration["reportTypeId"], MOST_DAYS))
    asked = {"startDate": first.isoformat(), "endDate": last.isoformat(), "configuration": configuration}
    reports = call.world.business.ads_reports
    for report in list(reports.values()):
        if (report.profile_id, report.asked, _is_made(report)) == (profile.profile_id, asked, False):
            raise Refused(call.operation.answer("duplicate", reportId=report.report_id))
    number = str(uuid.uuid4())
    name = f"{number}/report-{number}.json.gz"
    content = gzip.compress(to_json(report_rows.rows(profile, first, last, configuration)), mtime=0)
    document = Document(name, "", call.region, content, "application/octet-stream")
    report = AdsReport(number, profile.profile_id, asked, call.world.clock.now(), document, given.get("name"))
    call.world.business.documents[name] = document
    reports[number] = report
    return call.operation.answer("ok", _described(call, report))


def _one(call: Call) -> Answer:
    profile = call.profile()
    report = call.world.business.ads_reports.get(call.path["reportId"])
    if report is None or report.profile_id != profile.profile_id:
        raise Refused(call.operation.answer("notFound", what=f"report {call.path['reportId']}"))
    report.polls += 1
    if report.generated is None and _is_made(report):
        report.generated = call.world.clock.now()
    return call.operation.answer("ok", _described(call, report))


def _is_made(report: AdsReport) -> bool:
    return report.polls >= len(STATES) - 1


def _described(call: Call, report: AdsReport) -> dict[str, Any]:
    made: dict[str, Any] = dict.fromkeys(("generatedAt", "fileSize", "url", "urlExpiresAt"))
    if report.generated is not None:
        made = {
            "generatedAt": timestamp(report.generated),
            "fileSize": len(report.document.content or b""),
            "url": storage.address(
                call.world, call.request, report.document, hosts=ADS_REPORT_HOSTS, seconds=ADDRESS_SECONDS
            ),
            "urlExpiresAt": timestamp(call.world.clock.now() + ADDRESS_SECONDS),
        }
    return {
        "reportId": report.report_id,
        "name": report.name,
        **report.asked,
        "status": STATES[min(report.polls, len(STATES) - 1)],
        "createdAt": timestamp(report.created),
        "updatedAt": timestamp(report.generated or report.created),
        "failureReason": None,
        **made,
    }


def _configuration(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be in the report. Raise Refused (400) for what is missing or not of its kind."""
    configuration = given.get("configuration")
    if not isinstance(configuration, dict):
        raise call.invalid("configuration is missing.")
    for name in ("adProduct", "groupBy", "columns", "reportTypeId", "timeUnit", "format"):
        value = configuration.get(name)
        if not value:
            raise call.invalid(f"configuration.{name} is missing.")
        if name in CHOICES and value not in CHOICES[name]:
            raise call.invalid(f"configuration.{name} must be one of {', '.join(CHOICES[name])}.")
        if name in ("groupBy", "columns") and not are_texts(value):
            raise call.invalid(f"configuration.{name} is not a list of names.")
    if not isinstance(configuration["reportTypeId"], str):
        raise call.invalid("configuration.reportTypeId is not a name.")
    filters = configuration.get("filters") or []
    if not isinstance(filters, list) or not all(
        isinstance(each, dict) and isinstance(each.get("field"), str) and are_texts(each.get("values"))
        for each in filters
    ):
        raise call.invalid("configuration.filters is not a list of fields with values.")
    return configuration


def _dates(call: Call, given: dict[str, Any], most_days: int) -> tuple[date, date]:
    """Return the first and the last day. Raise Refused (400)."""
    days = []
    for name in ("startDate", "endDate"):
        text = given.get(name)
        if not text:
            raise call.invalid(f"{name} is missing.")
        try:
            day = date.fromisoformat(str(text))
        except ValueError:
            day = None
        if day is None or day.isoformat() != text:
            raise call.invalid(f"{name} is not a date (YYYY-MM-DD).")
        days.append(day)
    first, last = days
    if last < first:
        raise call.invalid("endDate is before startDate.")
    span = (last - first).days
    if span > most_days:
        raise call.invalid(
            f"startDate to endDate range ({span} days) must not exceed maximum range ({most_days} days)"
        )
    return first, last


STORIES: dict[str, Story] = {"POST /reporting/reports": _create, "GET /reporting/reports/{reportId}": _one}
