"""A call to an operation, as its story sees it: who calls, for which profile, with what."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

from amazon_sandbox.advertising.published import Operation
from amazon_sandbox.http_messages import Answer, Request
from amazon_sandbox.known_answers import Refused
from amazon_sandbox.marketplaces import site_for_ads
from amazon_sandbox.records import Profile
from amazon_sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One call with a good token; `path` are the path's parameters, decoded.

    `profiles` are the advertiser's in every region, of which this host serves one.
    """

    operation: Operation
    path: dict[str, str]
    request: Request
    profiles: list[Profile]
    world: World
    region: str

    @property
    def profiles_here(self) -> list[Profile]:
        """The profiles of this host's region."""
        return [each for each in self.profiles if region_of(each) == self.region]

    def profile(self) -> Profile:
        """Return the profile that the call is for. Raise Refused (401)."""
        scope = self.request.headers.get("amazon-advertising-api-scope")
        if not scope:
            raise Refused(self.operation.answer("scopeMissing"))
        profile = next((each for each in self.profiles if str(each.profile_id) == scope), None)
        if profile is None:
            raise Refused(self.operation.answer("scopeRefused", scope=scope))
        if region_of(profile) != self.region:
            raise Refused(self.operation.answer("noAdvertiser", scope=scope))
        return profile

    def body(self, *others: str) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one is one without fields. Raise Refused (400, 415).

        `others` are media types, in lower case, that are taken beside the published ones.
        """
        taken = (*(each.lower() for each in self.operation.takes), *others)
        if self.request.content_type not in taken:
            raise Refused(self.operation.answer("wrongMediaType"))
        try:
            document = json.loads(self.request.body or b"{}")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise self.invalid("The request body is not a JSON object.")
        return document

    def check_accept(self) -> None:
        """Check that what may come back is of a type that the operation has. Raise Refused (415).

        Without the header, anything may (RFC 9110, section 12.5.1).
        """
        if not any(self._accepts(each.lower()) for each in self.operation.gives):
            raise Refused(self.operation.answer("wrongMediaType"))

    def invalid(self, why: str) -> Refused:
        """Return the refusal of what the call brings."""
        return Refused(self.operation.answer("invalidRequest", why=why))

    def _accepts(self, media_type: str) -> bool:
        taken = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
        for entry in self.request.headers.get("accept", "*/*").lower().split(","):
            name, *parameters = (part.strip() for part in entry.split(";"))
            refused = any(each.startswith("q=") and not each[2:].strip("0.") for each in parameters)
            if name in taken and not refused:
                return True
        return False


Story = Callable[[Call], Answer]


def region_of(profile: Profile) -> str | None:
    """Return the region whose host serves a profile."""
    site = site_for_ads(profile.country_code)
    return site["adsRegion"] if site else None


def are_texts(value: Any) -> TypeGuard[list[str]]:
    """Tell whether what a body holds is a list of texts."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
