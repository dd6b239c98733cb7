"""The Reports API: a report is asked for, in the making for two polls, then done; its document is elsewhere.

The document is downloaded from a pre-signed address at Amazon's storage, gzipped, without any token. Reports
live as long as the process, or until a reset.
"""

import gzip
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import REPORT_HOSTS, sites_of
from amazon_sandbox.records import Grant, Report
from amazon_sandbox.selling_partner.operations import Operation, Refused, invalid, json_object, missing
from amazon_sandbox.world import World

REPORTS = "/reports/2021-06-30/reports"
DOCUMENTS = "/reports/2021-06-30/documents"
REPORT_TYPE = re.compile("(GET|POST)_[A-Z0-9_]{3,100}")
STATES = ("IN_QUEUE", "IN_PROGRESS", "DONE")
ROWS = 500
ADDRESS_SECONDS = 300


class Reports:
    """The reports of every store of a region."""

    def __init__(self, world: World, region: str) -> None:
        self._world = world
        self._region = region
        self._marketplaces = {site["marketplaceId"] for site in sites_of(region)}
        self._storage = next(host for host, of in REPORT_HOSTS.items() if of == region)

    def find(self, request: Request) -> Operation | None:
        """Return the operation that a request is for, None where it is none of these."""
        folder, _, name = request.path.rpartition("/")
        found: dict[tuple[str, str], tuple[str, float, int, Callable[[Request, Grant], Answer]]] = {
            ("POST", REPORTS): ("createReport", 0.0167, 15, self._create),
            ("GET", f"{REPORTS}/"): ("getReport", 2, 15, self._read),
            ("GET", f"{DOCUMENTS}/"): ("getReportDocument", 0.0167, 15, self._document),
        }
        key = request.path if request.path == REPORTS else f"{folder}/" if name else ""
        operation = found.get((request.method, key))
        return Operation(*operation) if operation else None

    def _create(self, request: Request, grant: Grant) -> Answer:
        given = json_object(request)
        report_type, marketplaces = given.get("reportType"), given.get("marketplaceIds")
        if not isinstance(report_type, str) or not REPORT_TYPE.fullmatch(report_type):
            raise invalid("reportType is missing or not known.")
        if not isinstance(marketplaces, list) or not marketplaces:
            raise invalid("marketplaceIds is missing.")
        if not set(map(str, marketplaces)) <= self._marketplaces:
            raise Refused(known("spApi.wrongRegion"))
        number = str(50_000_000_000 + secrets.randbelow(10**10))
        report = Report(
            number,
            f"amzn1.spdoc.1.4.{self._region.lower()}.{secrets.token_hex(16)}",
            report_type,
            [str(marketplace) for marketplace in marketplaces],
            grant.seller_id or "",
            self._region,
            self._world.clock.timestamp(),
        )
        self._world.change(lambda: self._world.reports.update({number: report}))
        return known("spApi.accepted", {"reportId": number})

    def _read(self, request: Request, grant: Grant) -> Answer:
        report = self._world.reports.get(request.path.rpartition("/")[2])
        if report is None or (report.seller_id, report.region) != (grant.seller_id, self._region):
            raise missing("The report was not found.")
        state = STATES[min(report.polls, len(STATES) - 1)]
        report.polls += 1
        document: dict[str, Any] = {
            "reportType": report.report_type,
            "reportId": report.report_id,
            "marketplaceIds": report.marketplaces,
            "createdTime": report.created,
            "processingStatus": state,
        }
        if state == "DONE":
            document["reportDocumentId"] = report.document_id
        return known("spApi.ok", document)

    def _document(self, request: Request, grant: Grant) -> Answer:
        document_id = request.path.rpartition("/")[2]
        report = self._world.report_by_document(document_id)
        if report is None or (report.seller_id, report.region) != (grant.seller_id, self._region):
            raise missing("The report document was not found.")
        ends_at = int(self._world.clock.now()) + ADDRESS_SECONDS
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Expires": ADDRESS_SECONDS,
                "ends": ends_at,
                "X-Amz-Signature": self._world.signature(f"{document_id}|{ends_at}"),
            }
        )
        address = f"http://{request.headers.get('host', '')}/{self._storage}/{document_id}?{query}"
        answer = {"reportDocumentId": document_id, "url": address, "compressionAlgorithm": "GZIP"}
        return known("spApi.ok", answer)


class ReportStorage:
    """Amazon's storage, where documents lie: whoever has the address may read, for five minutes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def identify(self, request: Request) -> Caller:
        """Tell nothing: there is no token."""
        return Caller()

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Hand the document out."""
        given = request.parameters
        document_id = request.path.removeprefix("/")
        signed = f"{document_id}|{given.get('ends', '')}"
        if request.method != "GET" or given.get("X-Amz-Signature") != self._world.signature(signed):
            return known("storage.signatureRefused")
        if int(given["ends"]) <= self._world.clock.now():
            return known("storage.expired")
        report = self._world.report_by_document(document_id)
        if report is None:
            return known("storage.missing")
        return Answer(
            200, {"Content-Type": "text/plain;charset=UTF-8"}, gzip.compress(_content(report), mtime=0)
        )


def _content(report: Report) -> bytes:
    """Return a table in tabs, as Amazon's flat files are."""
    lines = ["seller-sku\tasin1\titem-name\tprice\tquantity"]
    for number in range(1, ROWS + 1):
        name = f"Sandkasten für Kinder ☕ {number}"
        lines.append(f"SANDBOX-SKU-{number}\tB0SAND{number:04d}\t{name}\t{number}.99\t{number % 7}")
    return ("\r\n".join(lines) + "\r\n").encode()
