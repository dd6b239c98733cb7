"""The one SP-API call that shows whether a new authorisation works (references/amazon.md)."""

from typing import Literal

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.session import AmazonSession
from gateway.outside_text import cleaned
from gateway.secret import Secret
from gateway.vault.records import Region

HOSTS: dict[Region, str] = {
    "NA": "sellingpartnerapi-na.amazon.com",
    "EU": "sellingpartnerapi-eu.amazon.com",
    "FE": "sellingpartnerapi-fe.amazon.com",
}


Check = Literal["verified", "unverified", "wrong_region"]
WRONG_REGION = "not valid for region"


class SellingPartnerApi:
    """The SP-API over a session."""

    def __init__(self, session: AmazonSession) -> None:
        self._session = session

    def check_store(self, region: Region, access_token: Secret) -> Check:
        """Ask for the store's marketplaces, once per connection (0.016 requests a second are allowed).

        `unverified`: Amazon lets this application not ask (a 403 with empty details: a missing role), which
        says nothing against the store. `wrong_region`: the store belongs to another region than this host.
        Raises AmazonFailure where the question could not be answered.
        """
        answer = self._session.request(
            "GET",
            HOSTS[region],
            "/sellers/v1/marketplaceParticipations",
            headers={"x-amz-access-token": access_token.reveal()},
        )
        if answer.status == 200:
            payload = answer.json()
            if isinstance(payload, dict) and isinstance(payload.get("payload"), list):
                return "verified"
            raise AmazonFailure("unusable", "the list of marketplaces is not one")
        if answer.status == 403:
            details = _details(answer.json())
            if not details:
                return "unverified"
            if WRONG_REGION in details:
                return "wrong_region"
            raise AmazonFailure("forbidden", details)
        if answer.status == 429:
            raise AmazonFailure(
                "throttled", "the SP-API asks for fewer calls", retry_after=answer.retry_after
            )
        raise AmazonFailure("unavailable", f"the SP-API answered {answer.status}")


def _details(document: object) -> str:
    """Return the `details` of an SP-API error, which tell its causes apart."""
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return cleaned(first.get("details")) if isinstance(first, dict) else ""
