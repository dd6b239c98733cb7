"""Product Pricing 2022-05-01: competitive summaries and expected prices of featured offers, in batches.

https://developer-docs.amazon.com/sp-api/docs/product-pricing-api-v2022-05-01-reference
"""

from typing import Any

from amazon_sandbox.goods import BY_ASIN, BY_SKU, Good
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story, text_of, texts_of
from amazon_sandbox.selling_partner.pricing import requests_of
from amazon_sandbox.selling_partner.refusals import invalid

DATA_SETS = ("featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems")
FOUND, NOT_FOUND = (
    {"statusCode": 200, "reasonPhrase": "OK"},
    {"statusCode": 404, "reasonPhrase": "Not Found"},
)
ERRORS = {"errors": [{"code": "NotFound", "message": "The item was not found."}]}


def _summaries(call: Call) -> Answer:
    return known("spApi.ok", {"responses": [_summary(call, each) for each in requests_of(call)]})


def _summary(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    site = call.sites([text_of(given, "marketplaceId")])[0]
    asin, included = text_of(given, "asin"), texts_of(given, "includedData")
    if not set(included) <= set(DATA_SETS):
        raise invalid(f"includedData takes {', '.join(DATA_SETS)}.")
    body: dict[str, Any] = {"asin": asin, "marketplaceId": site["marketplaceId"]}
    good = BY_ASIN.get(asin)
    if good is None:
        return {"status": NOT_FOUND, "body": {**body, **ERRORS}}
    money = _money(good, site)
    offer = {
        "sellerId": call.seller_id,
        "condition": "New",
        "fulfillmentType": "AFN",
        "listingPrice": money,
        "shippingOptions": [{"shippingOptionType": "DEFAULT", "price": {**money, "amount": 0.0}}],
    }
    segment = {"customerMembership": "DEFAULT", "segmentDetails": {"glanceViewWeightPercentage": 100.0}}
    lowest = {"itemCondition": "New", "offerType": "Consumer"}
    sets: dict[str, Any] = {
        "featuredBuyingOptions": [
            {
                "buyingOptionType": "New",
                "segmentedFeaturedOffers": [{**offer, "featuredOfferSegments": [segment]}],
            }
        ],
        "referencePrices": [{"name": "CompetitivePrice", "price": money}],
        "lowestPricedOffers": [{"lowestPricedOffersInput": lowest, "offers": [offer]}],
        "similarItems": [],
    }
    return {"status": FOUND, "body": {**body, **{name: sets[name] for name in included}}}


def _expected_prices(call: Call) -> Answer:
    return known("spApi.ok", {"responses": [_expected_price(call, each) for each in requests_of(call)]})


def _expected_price(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    site = call.sites([text_of(given, "marketplaceId")])[0]
    sku = text_of(given, "sku")
    answer: dict[str, Any] = {
        "headers": {},
        "request": {"marketplaceId": site["marketplaceId"], "sku": sku},
    }
    good = BY_SKU.get(sku)
    if good is None:
        return {**answer, "status": NOT_FOUND, "body": ERRORS}
    identifier = {
        "marketplaceId": site["marketplaceId"],
        "sellerId": call.seller_id,
        "sku": sku,
        "asin": good.asin,
        "fulfillmentType": "AFN",
    }
    result = {
        "featuredOfferExpectedPrice": {"listingPrice": _money(good, site)},
        "resultStatus": "VALID_FOEP",
    }
    body = {"offerIdentifier": identifier, "featuredOfferExpectedPriceResults": [result]}
    return {**answer, "status": FOUND, "body": body}


def _money(good: Good, site: dict[str, Any]) -> dict[str, Any]:
    return {"currencyCode": site["currency"], "amount": good.cents / 100}


STORIES: dict[str, Story] = {
    "productPricing_2022-05-01.getCompetitiveSummary": _summaries,
    "productPricing_2022-05-01.getFeaturedOfferExpectedPriceBatch": _expected_prices,
}
