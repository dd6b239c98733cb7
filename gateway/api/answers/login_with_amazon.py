"""What the gateway's token endpoint answers: what Login with Amazon would, field by field."""

from typing import Literal

from pydantic import ConfigDict, Field

from gateway.api.answers.base import Record
from gateway.api.answers.grants import Revealed
from gateway.api.requests.base import EXAMPLE_ACCESS_TOKEN, EXAMPLE_SELLER

LwaError = Literal[
    "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "temporarily_unavailable"
]


class TokenAnswer(Record):
    """An access token (RFC 6749, section 5.1)."""

    model_config = ConfigDict(alias_generator=None)

    access_token: Revealed = Field(
        description="A secret: Amazon's access token, or a stand-in token, which this gateway alone takes",
        examples=[EXAMPLE_ACCESS_TOKEN],
    )
    refresh_token: str = Field(
        description="The handle, as it was given", examples=[f"store:{EXAMPLE_SELLER}:NA"]
    )
    token_type: str = Field(description="The kind of token", examples=["bearer"])
    expires_in: int = Field(description="The seconds that the token has left", ge=0, examples=[3600])


class TokenRefusal(Record):
    """A refusal (RFC 6749, section 5.2)."""

    model_config = ConfigDict(alias_generator=None)

    error: LwaError = Field(description="What Login with Amazon would call it", examples=["invalid_grant"])
    error_description: str = Field(
        description="On one line: the gateway's own `reason`, what went wrong, and what to do about it, with "
        "the consent link where it has to be authorized again",
        examples=["store_revoked: Amazon no longer accepts this authorization. …"],
    )
