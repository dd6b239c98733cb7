"""A running gateway with something in it, for tests that send it what its document allows and what not."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from gateway.api.requests.base import EXAMPLE_ATTEMPT, EXAMPLE_PROFILE, EXAMPLE_RECORD, EXAMPLE_REFRESH_TOKEN
from tests.support.consent import consent
from tests.support.documented import DOCUMENT, Document
from tests.support.gateway_server import http
from tests.support.house import House
from tests.support.visitor import Page

SELLER, REMOVED_SELLER, ADVERTISER = "A1SANDBOXNA001", "A1SANDBOXNA002", "SANDBOX_BRANDS"
WANTED = {
    "/spApi": {"sellerName": "A store", "region": "NA"},
    "/amazonAds": {"accountName": "An account", "region": "NA"},
}


def example_of(path: str) -> dict[str, Any]:
    """The first example of a call's request."""
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return next(iter(content["examples"].values()))["value"]


@dataclass(frozen=True)
class Driven:
    """A gateway's address, and keys by what they may do.

    `real`: by the beginning of a path, what is there for the ids and tokens that its examples name.
    """

    url: str
    keys: Mapping[str, str]
    real: Mapping[str, Mapping[Any, Any]]

    def placed(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A body with what is there in place of what the examples name."""
        known = {
            example: real
            for beginning, pairs in self.real.items()
            if path.startswith(beginning)
            for example, real in pairs.items()
        }
        return {
            name: known.get(value, value) if isinstance(value, str | int) else value
            for name, value in body.items()
        }

    def post(self, path: str, body: Any, key: str) -> requests.Response:
        """Send JSON with a key."""
        with http() as session:
            return session.post(self.url + path, json=body, headers={"Authorization": key})

    def signed_in(self) -> tuple[dict[str, str], str]:
        """Sign in: return the cookies, and the token that the forms carry."""
        with http() as session:
            form = Page(session.get(f"{self.url}/signin").text).hidden()
            form["key"] = self.keys["all"]
            answer = session.post(f"{self.url}/signin", data=form, allow_redirects=False)
            assert answer.status_code == 303, answer.status_code
            token = Page(session.get(f"{self.url}/stores/authorize").text).hidden()["token"]
            return session.cookies.get_dict(), token


def key_without(operation: Document) -> str:
    """Which of the keys does not have the right that a call needs."""
    rights = {right for scheme in operation["security"] for right in scheme.get("apiKey", ())}
    return "tokens" if "tokens" not in rights else "proxy"


def driven(house: House, folder: Path) -> Driven:
    """Fill a gateway: of stores and ads accounts one to keep, and one to remove."""
    kept = {prefix: _authorized(house, prefix, SELLER) for prefix in WANTED}
    removed = {prefix: _authorized(house, prefix, REMOVED_SELLER) for prefix in WANTED}
    record_id, refresh_token = EXAMPLE_RECORD, EXAMPLE_REFRESH_TOKEN
    account = kept["/amazonAds"]["account"]
    profile = next(each for each in account["profiles"] if each["region"] == "NA")
    named = {
        "/spApi": {"sellerId": SELLER, "region": "NA"},
        "/amazonAds": {"authRecordId": account["authRecordId"]},
    }
    real: dict[str, dict[Any, Any]] = {
        prefix: {
            EXAMPLE_ATTEMPT: kept[prefix]["authorizationId"],
            refresh_token: house.post(f"{prefix}/storeTokens", named[prefix])["refreshToken"],
            record_id: account["authRecordId"],
            EXAMPLE_PROFILE: profile["profileId"],
        }
        for prefix in WANTED
    }
    for prefix in WANTED:
        path = f"{prefix}/completeAuthorization"
        real[path] = {example_of(path)["callbackUrl"]: _come_back(house, prefix, SELLER)}
    real["/spApi/removeStore"] = {SELLER: REMOVED_SELLER}
    real["/amazonAds/removeAccount"] = {record_id: removed["/amazonAds"]["account"]["authRecordId"]}
    return Driven(house.url, {"all": house.api_key(), **_limited_keys(house, folder)}, real)


def _authorized(house: House, prefix: str, seller_id: str) -> dict[str, Any]:
    address = _come_back(house, prefix, seller_id)
    return house.post(f"{prefix}/completeAuthorization", {"callbackUrl": address})


def _come_back(house: House, prefix: str, seller_id: str) -> str:
    """Consent and return the address that the browser is sent to, where it has not been yet."""
    begun = house.post(f"{prefix}/authorizeUrl", WANTED[prefix] | _named_after(prefix, seller_id))
    choices = {"/spApi": {"selling_partner_id": seller_id}, "/amazonAds": {"advertiser_id": ADVERTISER}}
    return consent(begun["authorizeUrl"], **choices[prefix])


def _named_after(prefix: str, seller_id: str) -> dict[str, str]:
    """Ads accounts are told apart by their names."""
    return {next(iter(WANTED[prefix])): f"Named {seller_id}"}


def _limited_keys(house: House, folder: Path) -> dict[str, str]:
    keys = {}
    for right in ("tokens", "proxy"):
        path = folder / f"{right}.key"
        house.good("local_gateway.py", "add-user", right, "--key-file", str(path), "--rights", right)
        keys[right] = path.read_text(encoding="utf-8").strip()
    return keys
