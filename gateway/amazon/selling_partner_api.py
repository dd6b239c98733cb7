"""The SP-API calls that show whether an authorization works, at which sites, or the application.

https://developer-docs.amazon.com/sp-api/reference/getmarketplaceparticipations
"""

from dataclasses import dataclass
from typing import Any

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.marketplaces import find_marketplace
from gateway.amazon.session import AmazonAnswer, AmazonSession
from gateway.model import Region, Site
from gateway.util.counters import AmazonCall
from gateway.util.secret import Secret
from gateway.util.text import cleaned

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
DESTINATIONS = "/notifications/v1/destinations"
HOSTS: dict[Region, str] = {
    "NA": "sellingpartnerapi-na.amazon.com",
    "EU": "sellingpartnerapi-eu.amazon.com",
    "FE": "sellingpartnerapi-fe.amazon.com",
}
WRONG_REGION = "not valid for region"
# In the details of a refusal, in lower case, where the application's client secret has ended.
REFUSED_APPLICATION = "lwa secret"


# Amazon lists more than its shops, such as what orders of other shops stand under (`sim1.stores.amazon.com`):
# https://github.com/amzn/selling-partner-api-docs/issues/761. A shop that the file of sites does not have yet
# is known by its domain.
SHOP = "www.amazon."
# More than there are in any region.
MOST_SITES = 100


@dataclass(frozen=True, slots=True)
class StoreLook:
    """What a look at a store found: one of the words of `check_store`, or of who could not look.

    `sites`: what Amazon lists; None where it did not answer with a list.
    """

    verification: str
    sites: tuple[Site, ...] | None = None


class SellingPartnerApi:
    """The SP-API over a session."""

    def __init__(self, session: AmazonSession) -> None:
        self._session = session

    def check_store(self, region: Region, access_token: Secret) -> StoreLook:
        """Ask for the store's marketplaces (0.016 requests a second are allowed, 15 at once).

        `verified`: Amazon lists them. `unverified`: Amazon lets this application not ask (a 403 with empty
        details: a missing role), which says nothing against the store. `wrong_region`: the store belongs to
        another region than this host.
        Raise AmazonFailure where the question could not be answered.
        """
        answer = self._get(region, PARTICIPATIONS, access_token)
        if answer.status == 200:
            return StoreLook("verified", _sites(_listed(answer)))
        if answer.status == 403:
            details = _details(answer.json())
            if not details:
                return StoreLook("unverified")
            if WRONG_REGION in details:
                return StoreLook("wrong_region")
        raise _failure(answer)

    def check_application(self, region: Region, own_token: Secret) -> None:
        """Ask for the application's destinations of notifications, with a token of its own.

        Raise AmazonFailure where Amazon does not answer, `secret_expired` where it refuses the application.
        """
        answer = self._get(region, DESTINATIONS, own_token)
        if answer.status != 200:
            raise _failure(answer)

    def _get(self, region: Region, path: str, access_token: Secret) -> AmazonAnswer:
        return self._session.request(
            "GET",
            HOSTS[region],
            path,
            call=AmazonCall.STORE_CHECK,
            headers={"x-amz-access-token": access_token.reveal()},
        )


def _failure(answer: AmazonAnswer) -> AmazonFailure:
    """Return the failure that an answer without what was asked for is."""
    if answer.status == 403:
        details = _details(answer.json())
        refused = REFUSED_APPLICATION in details.lower()
        return AmazonFailure("secret_expired" if refused else "forbidden", details)
    if answer.status == 429:
        return AmazonFailure("throttled", "the SP-API asks for fewer calls", retry_after=answer.retry_after)
    return AmazonFailure("unavailable", f"the SP-API answered {answer.status}")


def _listed(answer: AmazonAnswer) -> list[Any]:
    """Return the elements of the store's list of marketplaces. Raise AmazonFailure where it is none."""
    document = answer.json()
    payload = document.get("payload") if isinstance(document, dict) else None
    if not isinstance(payload, list):
        raise AmazonFailure("unusable", "the list of marketplaces is not one")
    return payload


def _sites(listed: list[Any]) -> tuple[Site, ...]:
    """Return Amazon's shops among the elements, each once, in Amazon's order."""
    found = {site.marketplace_id: site for site in map(_site, listed) if site is not None}
    return tuple(found.values())[:MOST_SITES]


def _site(element: object) -> Site | None:
    """Return the shop that an element describes, or None where it is none, or cannot be used."""
    if not isinstance(element, dict):
        return None
    marketplace, participation = element.get("marketplace"), element.get("participation")
    if not (isinstance(marketplace, dict) and isinstance(participation, dict)):
        return None
    marketplace_id = cleaned(marketplace.get("id"))
    known = find_marketplace(marketplace_id)
    if known is None and not cleaned(marketplace.get("domainName")).startswith(SHOP):
        return None
    country_code = known.code if known else cleaned(marketplace.get("countryCode")).upper()
    if not (marketplace_id and country_code):
        return None
    return Site(
        marketplace_id,
        country_code,
        cleaned(marketplace.get("name")) or country_code,
        cleaned(element.get("storeName")) or None,
        participation.get("isParticipating") is True,
    )


def _details(document: object) -> str:
    """Return the `details` of an SP-API error, which tell its causes apart."""
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return cleaned(first.get("details")) if isinstance(first, dict) else ""
