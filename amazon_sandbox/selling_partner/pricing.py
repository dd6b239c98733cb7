"""Product Pricing v0: every good has one offer, the calling store's, at its price.

https://developer-docs.amazon.com/sp-api/docs/product-pricing-api-v0-reference
"""

from collections.abc import Callable
from typing import Any

from amazon_sandbox.goods import BY_ASIN, BY_SKU, Good
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.selling_partner import published
from amazon_sandbox.selling_partner.call import Call, Story, text_of
from amazon_sandbox.selling_partner.refusals import invalid, missing

CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")
MOST = 20  # articles of one call, and calls of a batch [doc]


def _pricing(call: Call) -> Answer:
    return _of_articles(call, lambda good, money: {"Offers": [_own_offer(good, money)]})


def _competitive_pricing(call: Call) -> Answer:
    return _of_articles(call, _competition)


def _of_articles(call: Call, facts: Callable[[Good, dict[str, Any]], dict[str, Any]]) -> Answer:
    """Return the products of the ASINs or SKUs asked for, with these facts. Raise Refused."""
    given = call.parameters()
    site = call.sites([given.needed("MarketplaceId")])[0]
    kind = given.words("ItemType", ("Asin", "Sku"), 1)[0]
    wanted = given.words(f"{kind}s", at_most=MOST)
    if not wanted:
        raise invalid(f"{kind}s is missing.")
    payload: list[dict[str, Any]] = []
    for name in wanted:
        good = (BY_ASIN if kind == "Asin" else BY_SKU).get(name)
        told = {"ASIN": name} if kind == "Asin" else {"SellerSKU": name}
        if good is None:
            payload.append({"status": "ClientError", **told})
            continue
        product = {"Identifiers": _identifiers(call, good, site), **facts(good, _money(good, site))}
        payload.append({"status": "Success", **told, "Product": product})
    return known("spApi.ok", {"payload": payload})


def _identifiers(call: Call, good: Good, site: dict[str, Any]) -> dict[str, Any]:
    where = {"MarketplaceId": site["marketplaceId"]}
    return {
        "MarketplaceASIN": {**where, "ASIN": good.asin},
        "SKUIdentifier": {**where, "SellerId": call.seller_id, "SellerSKU": good.sku},
    }


def _own_offer(good: Good, money: dict[str, Any]) -> dict[str, Any]:
    return {
        "BuyingPrice": {"ListingPrice": money, "LandedPrice": money},
        "RegularPrice": money,
        "FulfillmentChannel": "AMAZON",
        "ItemCondition": "New",
        "ItemSubCondition": "New",
        "SellerSKU": good.sku,
    }


def _competition(good: Good, money: dict[str, Any]) -> dict[str, Any]:
    price = {
        "CompetitivePriceId": "1",
        "Price": {"ListingPrice": money, "LandedPrice": money},
        "condition": "New",
        "belongsToRequester": True,
    }
    offers = [{"Count": 1, "condition": "New"}]
    return {"CompetitivePricing": {"CompetitivePrices": [price], "NumberOfOfferListings": offers}}


def _item_offers(call: Call) -> Answer:
    return _single(call, BY_ASIN.get(call.path["Asin"]), "ASIN")


def _listing_offers(call: Call) -> Answer:
    return _single(call, BY_SKU.get(call.path["SellerSKU"]), "SKU")


def _single(call: Call, good: Good | None, told: str) -> Answer:
    given = call.parameters()
    site = call.sites([given.needed("MarketplaceId")])[0]
    condition = given.words("ItemCondition", CONDITIONS, 1)[0]
    return known("spApi.ok", {"payload": _offers(call, good, told, site, condition)})


def _offers(call: Call, good: Good | None, told: str, site: dict[str, Any], condition: str) -> dict[str, Any]:
    """Return the offers of a good; only new ones exist. Raise Refused for an unknown good."""
    if good is None:
        raise missing("The item was not found.")
    name = {"ASIN": good.asin} if told == "ASIN" else {"SellerSKU": good.sku}
    money, free = _money(good, site), {"CurrencyCode": site["currency"], "Amount": 0.0}
    offer = {
        "MyOffer": True,
        "SubCondition": "new",
        "SellerId": call.seller_id,
        "ShippingTime": {"minimumHours": 24, "maximumHours": 48, "availabilityType": "NOW"},
        "ListingPrice": money,
        "Shipping": free,
        "IsFulfilledByAmazon": True,
        "IsBuyBoxWinner": True,
    }
    price = {"condition": "new", "LandedPrice": money, "ListingPrice": money, "Shipping": free}
    new = condition == "New"
    summary: dict[str, Any] = {"TotalOfferCount": int(new)}
    if new:
        summary["NumberOfOffers"] = [{"condition": "new", "fulfillmentChannel": "Amazon", "OfferCount": 1}]
        summary["LowestPrices"] = [{**price, "fulfillmentChannel": "Amazon"}]
        summary["BuyBoxPrices"] = [price]
    return {
        "marketplaceId": site["marketplaceId"],
        told: next(iter(name.values())),
        "ItemCondition": condition,
        "status": "Success" if new else "NoBuyableOffers",
        "Identifier": {"MarketplaceId": site["marketplaceId"], **name, "ItemCondition": condition},
        "Summary": summary,
        "Offers": [offer] if new else [],
    }


def _batch(call: Call) -> Answer:
    """Answer each request of a batch as if it had come alone."""
    return known("spApi.ok", {"responses": [_batched(call, each) for each in requests_of(call)]})


def requests_of(call: Call) -> list[dict[str, Any]]:
    """Return the requests of a batch. Raise Refused."""
    requests = call.body().get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST:
        raise invalid(f"requests must hold 1 to {MOST} requests.")
    if not all(isinstance(each, dict) for each in requests):
        raise invalid("A request of a batch is an object.")
    return requests


def _batched(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    found = published.find(text_of(given, "method"), text_of(given, "uri"))
    name = next(iter(found[1].values()), "") if found else ""
    told, goods = ("ASIN", BY_ASIN) if call.operation.name == "getItemOffersBatch" else ("SKU", BY_SKU)
    site = call.sites([text_of(given, "MarketplaceId")])[0]
    condition = text_of(given, "ItemCondition")
    if condition not in CONDITIONS:
        raise invalid(f"ItemCondition takes {', '.join(CONDITIONS)}.")
    asked = {"MarketplaceId": site["marketplaceId"], "ItemCondition": condition}
    request = {**asked, "Asin" if told == "ASIN" else "SellerSKU": name}
    try:
        body: dict[str, Any] = {"payload": _offers(call, goods.get(name), told, site, condition)}
        status = {"statusCode": 200, "reasonPhrase": "OK"}
    except Refused as refused:
        body = {"errors": [{"code": "NotFound", "message": "The item was not found."}]}
        status = {"statusCode": refused.answer.status, "reasonPhrase": "Not Found"}
    return {"status": status, "body": body, "request": request}


def _money(good: Good, site: dict[str, Any]) -> dict[str, Any]:
    return {"CurrencyCode": site["currency"], "Amount": good.cents / 100}


STORIES: dict[str, Story] = {
    "productPricingV0.getPricing": _pricing,
    "productPricingV0.getCompetitivePricing": _competitive_pricing,
    "productPricingV0.getItemOffers": _item_offers,
    "productPricingV0.getListingOffers": _listing_offers,
    "productPricingV0.getItemOffersBatch": _batch,
    "productPricingV0.getListingOffersBatch": _batch,
}
