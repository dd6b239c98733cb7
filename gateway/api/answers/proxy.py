"""What a call through the proxy answers."""

from typing import Literal

from pydantic import Field

from gateway.api.answers.base import Absent, Answer, WithNotes, extra


class ProxyAnswer(Answer):
    """What Amazon answered. Written piece by piece, by `gateway/proxy/answers.py`."""

    errcode: Literal[200] = Field(description="Amazon answered, whatever it answered")
    errmsg: str = Field(description="Empty", examples=[""])
    http_status: int = Field(description="Amazon's status", ge=100, le=999, examples=[200])
    content_type: str = Field(
        description="Amazon's Content-Type; empty where it has none", examples=["application/json"]
    )
    body: str = Field(description="Amazon's body, decompressed", examples=["[]"])
    request_id: str | None = Field(
        description="Amazon's number of the call, which its support asks for",
        examples=["7c5f2e0a-6d3b-4f5e-9d0e-1b2c3d4e5f60"],
    )
    rate_limit: float | None = Field(
        description="Calls per second that the SP-API allows; null where it did not say", examples=[None]
    )
    retry_after: int | None = Field(
        description="Seconds that Amazon asks to wait; null where it did not say", ge=0, examples=[None]
    )
    reason: str | Absent = extra(
        "Why Amazon refused the call, in a word to decide by: `token_expired`, `role_missing`, "
        "`secret_expired`, `quota`, `unknown_path`, else the same as `cause`. Absent where it did not, and "
        "where its own words are all that is known",
        examples=["role_missing"],
    )
    cause: str | Absent = extra(
        "Why Amazon refused the call, as far as its answer and the call tell: a row of the table in "
        "[permissions.md](permissions.md#why-amazon-refuses-a-call)",
        examples=["role_missing"],
    )
    hint: str | Absent = extra("What to do about `cause`, in one line")
    body_encoding: Literal["base64"] | Absent = extra("Where the body is not UTF-8, and `body` therefore")


class StoreProxyAnswer(WithNotes, ProxyAnswer):
    """The same, for a store: one of India may be asked for under the Far East, too."""

    restricted: list[str] | Absent = extra(
        "The request's own: the call was made with a restricted data token", examples=[["buyerInfo"]]
    )
