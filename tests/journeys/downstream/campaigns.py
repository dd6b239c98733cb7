"""An ads skill: from a site to its profile, its token, and page after page of its campaigns."""

import json
import sys

from gateway_client import call, call_amazon, done, fail

MEDIA_TYPE = "application/vnd.spCampaign.v3+json"

country = sys.argv[1]
accounts = call("/amazonAds/authorizedStores", {})["stores"]
account = next(account for account in accounts if account["countryCode"] == country)
tokens = call("/amazonAds/storeTokens", {"profileId": account["profileId"]})
wanted = {"maxResults": 10, "stateFilter": {"include": ["ENABLED", "PAUSED"]}}
names, pages = [], 0
while True:
    status, page = call_amazon(
        "/amazonAds/developerProxy",
        {
            "region": account["region"],
            "profileId": account["profileId"],
            "path": "sp/campaigns/list",
            "method": "POST",
            "body": json.dumps(wanted),
            "contentType": MEDIA_TYPE,
            "amzAccessToken": tokens["accessToken"],
        },
    )
    if status != 200:
        fail(page)
    pages += 1
    names += [campaign["name"] for campaign in page["campaigns"]]
    if not page.get("nextToken"):
        break
    wanted["nextToken"] = page["nextToken"]
done({"pages": pages, "campaigns": len(names), "total": page["totalResults"], "first": names[0]})
