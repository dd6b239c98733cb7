"""The workflow that begins at Amazon's Appstore (references/amazon.md: Appstore-initiated).

Amazon opens the application's Login URI and is answered at the address that it names there. That address
comes from a browser, so only Amazon's own hosts are believed, or the Login URI would be an open redirect; and
the state is bound to the seller that it was opened for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urlsplit, urlunsplit

from gateway.amazon.marketplaces import region_of_host
from gateway.applications.credentials import selling_partner_application
from gateway.authorization.callback import SELLER_ID
from gateway.authorization.consent_links import Address
from gateway.authorization.starting import StartedAuthorization, Starter
from gateway.errors import Problem
from gateway.model import NewAttempt, Region
from gateway.settings.settings import Settings
from gateway.util.text import has_hidden

# What Amazon's own sample gives a state of this workflow (references/amazon.md).
STATE_SECONDS = 5 * 60
LONGEST_STATE = 2048
LONGEST_ADDRESS = 2048
FIELDS = ("amazon_callback_uri", "amazon_state", "selling_partner_id", "version")
# Where Amazon takes the answer. No dots alone and nothing escaped, so that it is read everywhere in one way.
CONFIRM_PATH = re.compile(r"/apps/authorize(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?", re.ASCII)
# What the answer adds to the address: of two values Amazon might believe the one that came with it.
ADDED = ("amazon_state", "state", "redirect_uri", "version")
PRINTABLE = re.compile(r"[!-\[\]-~]+")
TEST_VERSION = "beta"


@dataclass(frozen=True, slots=True)
class AppstoreRequest:
    """What Amazon opened the Login URI with. `callback_uri`: where to answer it; `host`: Amazon's."""

    callback_uri: str
    host: str
    region: Region
    amazon_state: str
    seller_id: str
    testing: bool

    @classmethod
    def from_query(cls, pairs: Iterable[tuple[str, str]], address: Address) -> Self:
        """Read and check the parameters. Raise Problem appstore_refused.

        `address` maps Amazon's hosts to a stand-in, where there is one: then its addresses are taken, too.
        """
        values: dict[str, str] = {}
        for name, value in pairs:
            if name in values:
                raise Problem("appstore_refused", f"{name} is given twice")
            if name in FIELDS:
                values[name] = value
        callback_uri = values.get("amazon_callback_uri", "")
        amazon_state = values.get("amazon_state", "")
        seller_id = values.get("selling_partner_id", "")
        known = _answered_at(callback_uri, address)
        if known is None:
            raise Problem("appstore_refused", "amazon_callback_uri is not where Amazon takes the answer")
        if not 0 < len(amazon_state) <= LONGEST_STATE or has_hidden(amazon_state):
            raise Problem("appstore_refused", "amazon_state is missing or malformed")
        if not SELLER_ID.fullmatch(seller_id):
            raise Problem("appstore_refused", "selling_partner_id is missing or malformed")
        host, region, answered_at = known
        return cls(answered_at, host, region, amazon_state, seller_id, values.get("version") == TEST_VERSION)

    def fields(self) -> dict[str, str]:
        """Return the parameters that make this request again: for a form that asks first."""
        version = {"version": TEST_VERSION} if self.testing else {}
        return {
            "amazon_callback_uri": self.callback_uri,
            "amazon_state": self.amazon_state,
            "selling_partner_id": self.seller_id,
            **version,
        }


def _answered_at(callback_uri: str, address: Address) -> tuple[str, Region, str] | None:
    """Return Amazon's host, its region and the address to go to; None unless Amazon takes an answer there."""
    if len(callback_uri) > LONGEST_ADDRESS or not PRINTABLE.fullmatch(callback_uri) or "#" in callback_uri:
        return None
    try:
        parts = _at_amazon(urlsplit(callback_uri), address)
    except ValueError:
        return None
    region = region_of_host(parts.netloc)
    if parts.scheme != "https" or region is None or not CONFIRM_PATH.fullmatch(parts.path):
        return None
    if any(name in ADDED for name in _names(parts.query)):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc, region, address(parts.netloc, parts.path) + query


def _at_amazon(parts: SplitResult, address: Address) -> SplitResult:
    """Return an address of the stand-in, of which there is none in earnest, as it would be at Amazon."""
    host, _, path = parts.path.removeprefix("/").partition("/")
    stood_in = urlsplit(address(host, f"/{path}"))
    if (parts.scheme, parts.netloc, parts.path) != (stood_in.scheme, stood_in.netloc, stood_in.path):
        return parts
    return parts._replace(scheme="https", netloc=host, path=f"/{path}")


def _names(query: str) -> list[str]:
    """Return the names in a query, whichever way it is read: some take `;` for `&`, or no notice of case."""
    return [unquote_plus(part.partition("=")[0]).strip().lower() for part in re.split("[&;]", query)]


class Appstore:
    """Begins the authorizations that sellers start at Amazon."""

    def __init__(self, settings: Settings, starter: Starter, address: Address) -> None:
        self._settings = settings
        self._starter = starter
        self._address = address

    def read(self, pairs: Iterable[tuple[str, str]]) -> AppstoreRequest:
        """Check what the Login URI was opened with. Raise Problem appstore_refused."""
        return AppstoreRequest.from_query(pairs, self._address)

    async def begin(self, user_id: int, request: AppstoreRequest, name: str) -> StartedAuthorization:
        """Make a state for a user who has agreed, and the link back to Amazon.

        Another seller coming back with it is refused. Raise Problem app_not_configured.
        """
        app = selling_partner_application(self._settings)
        redirect_uri = self._settings.redirect_uri("spapi")
        attempt_id, state, expires_at = await self._starter.begin(
            NewAttempt(
                user_id=user_id,
                flow="spapi",
                app_id=app.app_id,
                redirect_uri=redirect_uri,
                region=request.region,
                name=name,
                lifetime=STATE_SECONDS,
                expected_seller_id=request.seller_id,
            )
        )
        version = TEST_VERSION if request.testing or app.draft else None
        values = (request.amazon_state, state.reveal(), redirect_uri, version)
        query = {name: value for name, value in zip(ADDED, values, strict=True) if value is not None}
        parts = urlsplit(request.callback_uri)
        added = urlencode(query, quote_via=quote, safe="")
        link = urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))
        return StartedAuthorization(link, attempt_id, expires_at)
