"""What the requests of the JSON API share: how a body is read, lists, attempts, and words and examples.

`null` counts as not given, and fields that are not known are left alone: hosted callers send more. The first
field that is not as it should be, in the order in which they stand here, is the one that the refusal names.
"""

from collections.abc import Collection, Mapping
from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError

from gateway.api.described import Described
from gateway.api.field_types import (
    LARGEST_LIMIT,
    AttemptId,
    ExternalId,
    FieldKind,
    Flag,
    Limit,
    Offset,
    ReturnUrl,
    Text,
)
from gateway.authorization.details import LONGEST_NAME
from gateway.authorization.return_address import LONGEST_EXTERNAL_ID, check_origin
from gateway.errors import Problem
from gateway.model import Customer, Page
from gateway.settings.applications import CALLBACK_PATHS
from gateway.settings.listening import DEFAULT_PORT

A_REGION = "The region: North America, Europe (with India) or the Far East; in any case"
A_SELLER_ID = "Amazon's id of the seller (merchant token)"
A_RECORD_ID = "The number of the authorization, `authRecordId`; an integer, or 1 to 19 digits"
A_PROFILE_ID = "The Ads API's id of the profile; an integer, or 1 to 19 digits"
NAME_RULE = f"as it is to be listed: 1 to {LONGEST_NAME} characters after trimming, "
NAME_RULE += "without control or direction marks"
EXAMPLE_NAME = "My Store 我的店铺"
EXAMPLE_SELLER = "A1SANDBOXNA001"
EXAMPLE_RECORD = 7342901846132
EXAMPLE_PROFILE = 123456789012345
EXAMPLE_ATTEMPT = "4sZ0b1hQxw3Yk9JmT2uVaA"
EXAMPLE_EXTERNAL_ID = "customer-18"
EXAMPLE_REFRESH_TOKEN = "Atzr|IwEBIExampleRefreshToken"  # noqa: S105 (no secret)
EXAMPLE_ACCESS_TOKEN = "Atza|IwEBIExampleAccessToken"  # noqa: S105 (no secret)
EXAMPLE_CALLBACKS = {flow: f"http://127.0.0.1:{DEFAULT_PORT}{path}" for flow, path in CALLBACK_PATHS.items()}
MIN_TTL = "Seconds that the access token shall have left at least; it is refreshed where it has less"
REFUSED = (
    "The access token that Amazon refused: Amazon is asked only if it is still the present one, however many "
    "callers tell it and whenever; else the one that took its place is answered"
)


def either(*names: str, only_one: bool) -> dict[str, Any]:
    """Return the JSON schema that at least, or exactly, one of some fields is given; null is not."""
    given = [
        {
            "required": [name],
            "properties": {
                name: {"not": {"type": "null"}},
                **({other: {"type": "null"} for other in names if other != name} if only_one else {}),
            },
        }
        for name in names
    ]
    return {"oneOf" if only_one else "anyOf": given}


class ApiRequest(Described):
    """The body of a call."""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Return the request that a JSON object is.

        Raises:
            Problem: `bad_parameter`, with the first field that is not as it should be.
        """
        try:
            return cls.model_validate({name: value for name, value in document.items() if value is not None})
        except ValidationError as error:
            raise cls._refusal(error) from None

    @classmethod
    def _refusal(cls, error: ValidationError) -> Problem:
        """Return what to tell: pydantic's own messages are not for callers, and may quote what was sent."""
        first = error.errors(include_url=False, include_input=False)[0]
        name = first["loc"][0]
        words = first["msg"]
        if first["type"] == "missing":
            field = next(each for each in cls.model_fields.values() if each.alias == name)
            words = next(kind.missing for kind in field.metadata if isinstance(kind, FieldKind))
        elif first["type"] == "value_error":
            words = str(first["ctx"]["error"])
        return Problem("bad_parameter", f"{name}: {words}")


class CustomerRequest(ApiRequest):
    """Whom a web application sends through."""

    return_url: ReturnUrl | None = Field(
        None,
        description="Where the person's browser goes in the end; its query then has `authorizationId`, "
        "`state`, `externalId`, and `reason` where it did not succeed. Its origin is one of the gateway's "
        "`GATEWAY_RETURN_ORIGINS`",
        examples=["https://app.example.com/connected"],
    )
    external_id: ExternalId | None = Field(
        None,
        description=f"The caller's own id of the customer, 1 to {LONGEST_EXTERNAL_ID} characters: it stays "
        "with what the customer authorizes, which no other id takes over",
        examples=[EXAMPLE_EXTERNAL_ID],
    )
    replace: Flag | None = Field(
        None, description="Let it take over what is kept for another `externalId`, instead of failing"
    )

    def customer(self, origins: Collection[str]) -> Customer:
        """Return the customer, who may be sent back to these origins. Raise Problem bad_parameter."""
        if self.return_url is not None:
            check_origin(self.return_url, origins)
        return Customer(self.return_url, self.external_id, bool(self.replace))


class ListRequest(ApiRequest):
    """Which part of a list. `{}`, or no body at all, asks for the whole."""

    limit: Limit | None = Field(
        None, description=f"How many to answer at most, 1 to {LARGEST_LIMIT}; default all", examples=[1000]
    )
    offset: Offset | None = Field(None, description="How many to leave out first; default none", examples=[0])

    def page(self) -> Page:
        """Return the part that is wanted."""
        return Page(self.limit, self.offset or 0)


class AttemptRequest(ApiRequest):
    """An attempt to authorize."""

    authorization_id: AttemptId = Field(
        description="The id that `authorizeUrl` returned", examples=[EXAMPLE_ATTEMPT]
    )


class CompletionRequest(ApiRequest):
    """Where a browser ended that could not come back itself."""

    # What is said where it is missing depends on the gateway's address, so the call says it.
    model_config = ConfigDict(json_schema_extra={"required": ["callbackUrl"]})

    callback_url: Text = Field(
        "",
        description="The whole address that the browser ended on, with its query",
        examples=[f"{EXAMPLE_CALLBACKS['spapi']}?state=…&selling_partner_id=…&spapi_oauth_code=…"],
    )
