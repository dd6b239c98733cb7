"""The one SP-API call that shows whether a new authorization works (references/amazon.md)."""

from typing import Any, Literal

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.session import AmazonAnswer, AmazonSession
from gateway.model import Region
from gateway.util.secret import Secret
from gateway.util.text import cleaned

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
HOSTS: dict[Region, str] = {
    "NA": "sellingpartnerapi-na.amazon.com",
    "EU": "sellingpartnerapi-eu.amazon.com",
    "FE": "sellingpartnerapi-fe.amazon.com",
}


Check = Literal["verified", "unverified", "wrong_region"]
WRONG_REGION = "not valid for region"
# In the details of a refusal, in lower case, where the application's client secret has ended.
REFUSED_APPLICATION = "lwa secret"


class SellingPartnerApi:
    """The SP-API over a session."""

    def __init__(self, session: AmazonSession) -> None:
        self._session = session

    def check_store(self, region: Region, access_token: Secret) -> Check:
        """Ask for the store's marketplaces, once per connection (0.016 requests a second are allowed).

        `unverified`: Amazon lets this application not ask (a 403 with empty details: a missing role), which
        says nothing against the store. `wrong_region`: the store belongs to another region than this host.
        Raise AmazonFailure where the question could not be answered.
        """
        answer = self._participations(region, access_token)
        if answer.status == 200:
            if _listed(answer) is not None:
                return "verified"
            raise AmazonFailure("unusable", "the list of marketplaces is not one")
        if answer.status == 403:
            details = _details(answer.json())
            if not details:
                return "unverified"
            if WRONG_REGION in details:
                return "wrong_region"
            if REFUSED_APPLICATION in details.lower():
                raise AmazonFailure("secret_expired", details)
            raise AmazonFailure("forbidden", details)
        if answer.status == 429:
            raise AmazonFailure(
                "throttled", "the SP-API asks for fewer calls", retry_after=answer.retry_after
            )
        raise AmazonFailure("unavailable", f"the SP-API answered {answer.status}")

    def sells_in(self, region: Region, access_token: Secret, marketplace_id: str) -> bool:
        """Tell whether the store takes part in a site of that region; False where Amazon does not say so.

        Raise AmazonFailure where it cannot be asked at all.
        """
        answer = self._participations(region, access_token)
        listed = _listed(answer) if answer.status == 200 else None
        return any(_takes_part(each, marketplace_id) for each in listed or ())

    def _participations(self, region: Region, access_token: Secret) -> AmazonAnswer:
        return self._session.request(
            "GET",
            HOSTS[region],
            PARTICIPATIONS,
            headers={"x-amz-access-token": access_token.reveal()},
        )


def _listed(answer: AmazonAnswer) -> list[Any] | None:
    """Return the stores' marketplaces; None where the answer is no list of them."""
    document = answer.json()
    payload = document.get("payload") if isinstance(document, dict) else None
    return payload if isinstance(payload, list) else None


def _takes_part(listed: object, marketplace_id: str) -> bool:
    """Tell whether one element of the list is this site, and the seller sells there."""
    if not isinstance(listed, dict):
        return False
    marketplace, participation = listed.get("marketplace"), listed.get("participation")
    if not (isinstance(marketplace, dict) and isinstance(participation, dict)):
        return False
    return marketplace.get("id") == marketplace_id and participation.get("isParticipating") is True


def _details(document: object) -> str:
    """Return the `details` of an SP-API error, which tell its causes apart."""
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return cleaned(first.get("details")) if isinstance(first, dict) else ""
