"""The Reports API: a report is asked for and polled; its document is downloaded from storage, gzipped.

https://developer-docs.amazon.com/sp-api/docs/reports-api-v2021-06-30-reference
"""

import re
import secrets
from typing import Any

from amazon_sandbox import storage
from amazon_sandbox.business import Document
from amazon_sandbox.goods import GOODS
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.selling_partner.call import Call, Story, texts_of
from amazon_sandbox.selling_partner.jobs import Jobs
from amazon_sandbox.selling_partner.parameters import read_instant
from amazon_sandbox.selling_partner.refusals import invalid, missing

REPORTS = Jobs("report", "reportDocumentId", lambda business: business.reports)
REPORT_TYPE = re.compile("(GET|POST)_[A-Z0-9_]{3,100}")
# Types with data of buyers: their documents want a restricted data token.
# https://developer-docs.amazon.com/sp-api/docs/tokens-api-use-case-guide
RESTRICTED_TYPES = frozenset(
    f"GET_{name}"
    for name in (
        "AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING", "AMAZON_FULFILLED_SHIPMENTS_DATA_TAX",
        "FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING", "FLAT_FILE_ORDER_REPORT_DATA_INVOICING",
        "FLAT_FILE_ORDER_REPORT_DATA_SHIPPING", "FLAT_FILE_ORDER_REPORT_DATA_TAX",
        "FLAT_FILE_ORDERS_RECONCILIATION_DATA_INVOICING", "FLAT_FILE_ORDERS_RECONCILIATION_DATA_SHIPPING",
        "FLAT_FILE_ORDERS_RECONCILIATION_DATA_TAX", "ORDER_REPORT_DATA_INVOICING",
        "ORDER_REPORT_DATA_SHIPPING", "ORDER_REPORT_DATA_TAX", "EASYSHIP_DOCUMENTS",
        "GST_MTR_B2B_CUSTOM", "VAT_TRANSACTION_DATA",
    )
)  # fmt: skip


def _create(call: Call) -> Answer:
    given = call.body()
    kind = given.get("reportType")
    if not isinstance(kind, str) or not REPORT_TYPE.fullmatch(kind):
        raise invalid("reportType is missing or not known.")
    marketplaces = texts_of(given, "marketplaceIds")
    call.sites(marketplaces)
    period: dict[str, Any] = {name: given[name] for name in ("dataStartTime", "dataEndTime") if name in given}
    for name, text in period.items():
        read_instant(str(text), name)
    document_id = f"amzn1.spdoc.1.4.{call.region.lower()}.{secrets.token_hex(16)}"
    document = Document(document_id, *call.store, _table(), compressed=True)
    job = REPORTS.add(call, kind, marketplaces, document, period)
    return known("spApi.accepted", {"reportId": job.number})


def _document(call: Call) -> Answer:
    document_id = call.path["reportDocumentId"]
    reports = list(call.world.business.reports.values())
    job = next((job for job in reports if job.document_id == document_id), None)
    if job is None or (job.seller_id, job.region) != call.store:
        raise missing("The report document was not found.")
    if job.kind in RESTRICTED_TYPES and call.restricted is None:
        raise Refused(known("spApi.roleMissing"))
    url = storage.address(call.world, call.request, call.world.business.documents[document_id])
    return known("spApi.ok", {"reportDocumentId": document_id, "url": url, "compressionAlgorithm": "GZIP"})


def _table() -> bytes:
    """Return a table in tabs, as Amazon's flat files are."""
    lines = ["seller-sku\tasin1\titem-name\tprice\tquantity"]
    lines += [f"{good.sku}\t{good.asin}\t{good.title}\t{good.price}\t{good.quantity}" for good in GOODS]
    return ("\r\n".join(lines) + "\r\n").encode()


STORIES: dict[str, Story] = {
    "reports_2021-06-30.createReport": _create,
    "reports_2021-06-30.getReports": REPORTS.list,
    "reports_2021-06-30.getReport": REPORTS.one,
    "reports_2021-06-30.cancelReport": REPORTS.cancel,
    "reports_2021-06-30.getReportDocument": _document,
}
