"""An orders skill: page after page of a store's orders."""

import sys
from urllib.parse import urlencode

from gateway_client import call, call_amazon, done, fail

seller_id, region = sys.argv[1:3]
tokens = call("/spApi/storeTokens", {"sellerId": seller_id, "region": region})
query = {"MarketplaceIds": "ATVPDKIKX0DER", "CreatedAfter": "2026-01-01T00:00:00Z", "MaxResultsPerPage": 20}
orders = []
while True:
    status, page = call_amazon(
        "/spApi/developerProxy",
        {
            "region": region,
            "path": "orders/v0/orders",
            "method": "GET",
            "queryString": urlencode(query),
            "amzAccessToken": tokens["accessToken"],
        },
    )
    if status != 200:
        fail(page)
    orders += [order["AmazonOrderId"] for order in page["payload"]["Orders"]]
    if not page["payload"].get("NextToken"):
        break
    query["NextToken"] = page["payload"]["NextToken"]
done({"orders": len(orders), "different": len(set(orders))})
