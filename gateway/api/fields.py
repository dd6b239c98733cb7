"""The fields of a request body, each read by a rule of the contract.

Keys that are not known are left alone (hosted callers send more); the known ones are checked strictly. `null`
counts as not given. Every refusal is Problem bad_parameter and names the field and what was expected.
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from gateway.amazon.ads_api import LARGEST_PROFILE_ID
from gateway.amazon.marketplaces import SITELESS, Marketplace, find_marketplace, parse_region
from gateway.authorization.callback import CODE, SELLER_ID
from gateway.authorization.scopes import parse_scopes
from gateway.errors import Problem
from gateway.model import Region
from gateway.util.secret import Secret
from gateway.util.text import has_hidden

LONGEST_NAME = 100
MOST_QUERY_FIELDS = 50
LARGEST_MIN_TTL = 3000
DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
# Narrower than what is looked up: a key or a code in the wrong field must not get into the audit.
AUDITED_SELLER = re.compile(r"[A-Z0-9]{1,18}", re.ASCII)
ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


class Fields:
    """A JSON object's fields, by the contract's names."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def text(self, key: str) -> str | None:
        """Return a string as it was given, or None where it was not."""
        return self._text(key)

    def name(self, key: str) -> str:
        """Return a store's or account's name: 1 to 100 characters after trimming, no control characters."""
        value = self._text(key)
        if value is None:
            _refuse(key, "a name of 1 to 100 characters is needed")
        name = value.strip()
        if not 1 <= len(name) <= LONGEST_NAME or has_hidden(name):
            _refuse(key, "expected 1 to 100 characters after trimming, without control or direction marks")
        return name

    def region(self, key: str = "region") -> Region | None:
        """Return the region, given in any case, or None where it was not given."""
        value = self._text(key)
        if value is None:
            return None
        return parse_region(value) or _refuse(key, "expected NA, EU or FE")

    def required_region(self) -> Region:
        """Return the region, which has to be there."""
        return self.region() or _refuse("region", "expected NA, EU or FE")

    def marketplace(self, key: str = "marketplace") -> Marketplace | None:
        """Return the site: a two-letter code or a marketplace id."""
        value = self._text(key)
        if value is None:
            return None
        found = find_marketplace(value)
        if found is None:
            hint = SITELESS.get(value.strip().upper(), "expected a site such as US, UK, DE or JP")
            _refuse(key, hint)
        return found

    def one_of(self, key: str, choices: tuple[str, ...]) -> str | None:
        """Return one of a few words, given in any case, or None."""
        value = self._text(key)
        if value is None:
            return None
        word = value.strip().lower()
        return word if word in choices else _refuse(key, f"expected {' or '.join(choices)}")

    def flag(self, key: str) -> bool | None:
        """Return true or false, or None where it was not given."""
        value = self._document.get(key)
        return value if value is None or isinstance(value, bool) else _refuse(key, "expected true or false")

    def seller_id(self, key: str = "sellerId") -> str | None:
        """Return a seller id, or None where it was not given."""
        value = self._text(key)
        if value is None:
            return None
        seller_id = value.strip()
        return seller_id if SELLER_ID.fullmatch(seller_id) else _refuse(key, "expected an Amazon seller id")

    def required_seller_id(self) -> str:
        """Return a seller id, which has to be there."""
        return self.seller_id() or _refuse("sellerId", "expected an Amazon seller id")

    def scopes(self, key: str = "scopes") -> tuple[str, ...]:
        """Return the permissions to ask for, each once; none where none were given."""
        value = self._document.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(scope, str) for scope in value):
            _refuse(key, "expected a list of strings")
        try:
            return parse_scopes(value)
        except ValueError as error:
            _refuse(key, str(error))

    def number(self, key: str) -> int | None:
        """Return an id (1 to 2^63-1, as a number or in up to 19 digits), or None where it was not given."""
        value = self._document.get(key)
        if value is None:
            return None
        if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_PROFILE_ID:
            _refuse(key, "expected an integer, or 1 to 19 digits, from 1 to 2^63-1")
        return value

    def min_ttl(self, key: str = "minTtl") -> int | None:
        """Return the seconds that a token shall at least have left, or None where it does not matter."""
        value = self._document.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_MIN_TTL:
            _refuse(key, f"expected whole seconds from 0 to {LARGEST_MIN_TTL}")
        return value

    def attempt_id(self, key: str = "authorizationId") -> str:
        """Return an attempt's id. One of another shape belongs to nobody, so it is Problem not_found."""
        value = self._text(key)
        if value is None:
            _refuse(key, "expected the id that authorizeUrl returned")
        if not ATTEMPT_ID.fullmatch(value):
            raise Problem("not_found")
        return value

    def one_account(self) -> tuple[int | None, int | None]:
        """Return (authRecordId, profileId), of which exactly one has to be given."""
        record_id, profile_id = self.number("authRecordId"), self.number("profileId")
        if (record_id is None) == (profile_id is None):
            raise Problem("bad_parameter", "expected either authRecordId or profileId")
        return record_id, profile_id

    def required_number(self, key: str) -> int:
        """Return an id, which has to be there."""
        return self.number(key) or _refuse(key, "expected an integer, or 1 to 19 digits, from 1 to 2^63-1")

    def token(self, key: str) -> Secret:
        """Return a token, which has to be there: 1 to 2048 printable ASCII characters without spaces."""
        value = self._text(key)
        token = value.strip() if value else ""
        return Secret(token) if CODE.fullmatch(token) else _refuse(key, "expected a token of Amazon's")

    def query_of(self, key: str, address: str) -> list[tuple[str, str]]:
        """Return the query, as pairs, of an address that has to be `address` but for that."""
        value = self._text(key)
        expected = f"expected the address that the browser ended on; it begins with {address}"
        try:
            parts, wanted = urlsplit((value or "").strip()), urlsplit(address)
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=MOST_QUERY_FIELDS)
        except ValueError:
            _refuse(key, expected)
        if (parts.scheme, parts.netloc.lower(), parts.path) != (
            wanted.scheme,
            wanted.netloc.lower(),
            wanted.path,
        ):
            _refuse(key, expected)
        return pairs

    def subject(self) -> str | None:
        """Return what the body names, for the audit: nothing that is not of an id's shape."""
        seller_id = self._document.get("sellerId")
        if isinstance(seller_id, str) and AUDITED_SELLER.fullmatch(seller_id):
            region = self._document.get("region")
            known = parse_region(region) if isinstance(region, str) else None
            return f"{seller_id} {known}" if known else seller_id
        for key in ("authRecordId", "profileId"):
            value = self._document.get(key)
            if DIGITS.fullmatch(str(value)):
                return f"{key} {value}"
        attempt_id = self._document.get("authorizationId")
        if isinstance(attempt_id, str) and ATTEMPT_ID.fullmatch(attempt_id):
            return f"authorizationId {attempt_id}"
        return None

    def _text(self, key: str) -> str | None:
        value = self._document.get(key)
        return value if value is None or isinstance(value, str) else _refuse(key, "expected a string")


def _refuse(key: str, expected: str) -> NoReturn:
    raise Problem("bad_parameter", f"{key}: {expected}")
