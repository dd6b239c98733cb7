"""A reports skill: choose a store, get its token, ask for a report, poll, find its document, download it."""

import gzip
import json
import sys
import urllib.request

from gateway_client import call, call_amazon, done, fail

PROXY = "/spApi/developerProxy"
MARKETPLACE = "ATVPDKIKX0DER"

seller_name = sys.argv[1]
stores = call("/spApi/authorizedStores", {})["stores"]
store = next(store for store in stores if store["sellerName"] == seller_name)
tokens = call("/spApi/storeTokens", {"sellerId": store["sellerId"], "region": store["region"]})
common = {"region": store["region"], "amzAccessToken": tokens["accessToken"]}

status, created = call_amazon(
    PROXY,
    {
        **common,
        "path": "reports/2021-06-30/reports",
        "method": "POST",
        "body": json.dumps({"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [MARKETPLACE]}),
        "contentType": "application/json",
    },
)
if status not in (200, 202):
    fail(created)

polled = []
while "DONE" not in polled:
    if len(polled) == 10:
        fail(polled)
    _, report = call_amazon(
        PROXY, {**common, "path": f"reports/2021-06-30/reports/{created['reportId']}", "method": "GET"}
    )
    polled.append(report["processingStatus"])

_, document = call_amazon(
    PROXY,
    {**common, "path": f"reports/2021-06-30/documents/{report['reportDocumentId']}", "method": "GET"},
)
with urllib.request.urlopen(document["url"], timeout=60) as download:
    content = download.read()
if document.get("compressionAlgorithm") == "GZIP":
    content = gzip.decompress(content)
lines = content.decode("utf-8").splitlines()
done({"polled": polled, "header": lines[0].split("\t"), "rows": len(lines) - 1})
