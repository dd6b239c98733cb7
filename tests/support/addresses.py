"""What calls Amazon's APIs at the gateway's addresses, as a program does that was made for Amazon."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.gateway_server import Gateway


@dataclass(frozen=True)
class Answered:
    """What came back; `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> tuple[int, dict[str, str], bytes]:
        """All of it but the request's id and time."""
        headers = {
            name: value for name, value in self.headers.items() if name not in ("x-request-id", "date")
        }
        return self.status, headers, self.body.replace(self.headers["x-request-id"].encode(), b"ID")

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, str]:
        """The one error of a refusal in the shape of the SP-API."""
        (error,) = self.document["errors"]
        assert error.keys() == {"code", "message", "details"}
        return error


def call_address(
    gateway: Gateway,
    target: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answered:
    """Call one of the addresses; `target` is sent as it is, as no library would leave it."""
    connection = connect(gateway)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        with connection.getresponse() as response:
            named = {name.lower(): value for name, value in response.getheaders()}
            assert len(named) == len(response.getheaders()), "a header came twice"
            return Answered(response.status, named, response.read())
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def _validate_path(self, url: str) -> None:
        """Let a request hold what it likes."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode()


def connect(gateway: Gateway) -> http.client.HTTPConnection:
    """A connection to the gateway that sends any path."""
    return _Connection(urlsplit(gateway.url).netloc, timeout=30)


def stand_in(gateway: Gateway, profile_id: int | None = None, *, user: str = "owner", **which: Any) -> str:
    """A stand-in token for a user's store (`seller_id`), or for the ads account that covers a profile."""
    vault = gateway.vault
    caller = vault.users.authenticate(gateway.keys[user])
    assert caller is not None
    if "seller_id" in which:
        (grant,) = vault.grants.stores_of(caller.user_id, which["seller_id"])
    else:
        covered = which.get("covering", profile_id)
        grant = vault.profiles.covering(caller.user_id, covered)[0][1]
    return gateway.app.state.services.stand_in_tokens.issue(caller, grant, profile_id).reveal()
