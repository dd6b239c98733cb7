"""An ads report skill: from a site to its profile, ask for a report twice, poll, download."""

import gzip
import json
import sys
import urllib.request

from gateway_client import call, call_amazon, done, fail

PROXY = "/amazonAds/developerProxy"
MEDIA_TYPE = "application/vnd.createasyncreportrequest.v3+json"

country = sys.argv[1]
accounts = call("/amazonAds/authorizedStores", {})["stores"]
account = next(account for account in accounts if account["countryCode"] == country)
tokens = call("/amazonAds/storeTokens", {"profileId": account["profileId"]})
common = {
    "region": account["region"],
    "profileId": account["profileId"],
    "amzAccessToken": tokens["accessToken"],
}
asked = {
    "startDate": "2026-07-01",
    "endDate": "2026-07-07",
    "configuration": {
        "adProduct": "SPONSORED_PRODUCTS",
        "groupBy": ["campaign"],
        "columns": ["campaignId", "campaignName", "clicks", "cost"],
        "reportTypeId": "spCampaigns",
        "timeUnit": "SUMMARY",
        "format": "GZIP_JSON",
    },
}
create = {
    **common,
    "path": "reporting/reports",
    "method": "POST",
    "body": json.dumps(asked),
    "contentType": MEDIA_TYPE,
}
status, created = call_amazon(PROXY, create)
if status != 200:
    fail(created)
again, duplicate = call_amazon(PROXY, create)

polled = []
while "COMPLETED" not in polled:
    if len(polled) == 10:
        fail(polled)
    _, report = call_amazon(
        PROXY, {**common, "path": f"reporting/reports/{created['reportId']}", "method": "GET"}
    )
    polled.append(report["status"])
with urllib.request.urlopen(report["url"], timeout=60) as download:
    rows = json.loads(gzip.decompress(download.read()))
done(
    {
        "again": again,
        "sameReport": duplicate["detail"].endswith(created["reportId"]),
        "polled": polled,
        "rows": len(rows),
        "first": rows[0]["campaignName"],
    }
)
