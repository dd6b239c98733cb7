"""What no document allows: broken bytes, any value in any field, strange methods and addresses."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.asgi.host_check import PROBES
from tests.support import documented
from tests.support.documented import DOCUMENT, operations
from tests.support.gateway_server import Gateway, http

CALLS = {
    path: next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))["value"]
    for _, path, operation in operations(DOCUMENT)
    if "application/json" in operation.get("requestBody", {}).get("content", {})
}
BODIES = {
    "not UTF-8": b'{"region": "\xff\xfe"}',
    "UTF-16": '{"region": "NA"}'.encode("utf-16"),
    "UTF-32": '{"region": "NA"}'.encode("utf-32"),
    "deep lists": b'{"region": ' + b"[" * 100_000,
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "a huge number": b'{"minTtl": ' + b"9" * 5_000 + b"}",
    "no number": b'{"minTtl": NaN, "profileId": -Infinity}',
    "NUL": b'{"region": "NA\x00"}',
    "half a document": b'{"region": "NA"',
    "two documents": b"{}{}",
    "spaces": b"   ",
}
VALUES: list[Any] = [
    "",
    "\x00",
    "\u202e",
    "\ud800",
    "'; DROP TABLE grants; --",
    "../../etc/passwd",
    "https://[",
    "http://[::1",
    "\u0130\u0131\ufb01",
    "9" * 19,
    "x" * 100_000,
    -1,
    2**63,
    10**4_000,
    1.5,
    1e308,
    True,
    [],
    [[[]]],
    {},
    {"$ref": "#"},
]
# A refresh token that was made up is Amazon's to refuse.
REFUSED_BY_AMAZON = {"/spApi/importStore": 502, "/amazonAds/importAccount": 502}
# Of an infinity there is no JSON, but a number that is too large for a float is read as one.
TOO_LARGE = "1e999"


def send(gateway: Gateway, path: str, body: bytes) -> int:
    """Send bytes with the owner's key; the answer has to be as described. Return its status."""
    with http() as session:
        answer = session.post(gateway.url + path, data=body, headers={"Authorization": gateway.keys["owner"]})
    documented.check(answer)
    return answer.status_code


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_document_is_refused_everywhere(gateway: Gateway, body: bytes) -> None:
    """400 from each call of the JSON API, and never an error of the gateway's own."""
    assert {path: send(gateway, path, body) for path in CALLS} == dict.fromkeys(CALLS, 400)


@pytest.mark.parametrize("filling", ["", "x" * 100_000], ids=["small", "large"])
def test_a_byte_order_mark_does_no_harm(gateway: Gateway, filling: str) -> None:
    """Some editors and shells put one before UTF-8; small bodies and large ones are read alike."""
    for path in ("/spApi/authorizeUrl", "/spApi/developerProxy"):
        body = json.dumps(CALLS[path] | {"unknown": filling}).encode("utf-8-sig")
        status = 200 if path == "/spApi/authorizeUrl" else 404
        assert send(gateway, path, body) == status
        assert send(gateway, path, body.decode("utf-8-sig").encode("utf-16")) == 400


@pytest.mark.parametrize("path", CALLS)
def test_any_value_in_any_field_is_answered_as_described(gateway: Gateway, path: str) -> None:
    """One field at a time is made strange, and left out."""

    def answered(body: bytes) -> bool:
        status = send(gateway, path, body)
        return status < 500 or status == REFUSED_BY_AMAZON.get(path)

    for name in CALLS[path]:
        for value in VALUES:
            changed = json.dumps(CALLS[path] | {name: value}).encode()
            assert answered(changed), f"{name} {value!r:.60}"
        other = {key: value for key, value in CALLS[path].items() if key != name}
        assert answered(json.dumps(other).encode())
        infinite = json.dumps(CALLS[path] | {name: None}).replace("null", TOO_LARGE).encode()
        assert send(gateway, path, infinite) == 400
    fields = json.dumps(CALLS[path])[1:-1] or '"x": 1'
    doubled = f"{{{fields}, {fields}}}"
    assert answered(doubled.encode())


def test_what_follows_a_body_is_no_header(gateway: Gateway) -> None:
    """RFC 9110, section 6.5.1: a proxy that sets headers, or takes some out, does not look at trailers."""
    key = gateway.keys["owner"]
    request = (
        "POST /spApi/authorizedStores HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nAuthorization: {key}\r\n\r\n"
    )
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as line:
        line.sendall(request.encode())
        with line.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 401 Unauthorized\r\n"


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_other_methods_are_405_everywhere(gateway: Gateway, method: str) -> None:
    """With the methods that there are, which each path has at least one of; HEAD is for probes alone."""
    with http() as session:
        for path, described in DOCUMENT["paths"].items():
            answered = {each.upper() for each in described} | ({"HEAD"} if path in PROBES else set())
            answer = session.request(method, gateway.url + path, allow_redirects=False)
            assert answer.status_code == (200 if method in answered else 405), path
            if method in answered:
                continue
            allowed = {each.strip() for each in answer.headers["Allow"].split(",")}
            assert allowed <= answered, path
            assert allowed


@pytest.mark.parametrize(
    "odd",
    [
        "%00",
        "%ff%fe",
        "%ed%a0%80",
        "..%2f..%2fetc",
        "%2e%2e",
        "a%0d%0aX:%20y",
        "9" * 30,
        "%F0%9F%92%A9",
        "x" * 6_000,
    ],
)
def test_odd_addresses_are_answered_as_described(gateway: Gateway, odd: str) -> None:
    """In the path and in the query of each page."""
    for method, path, operation in operations(DOCUMENT):
        if method != "GET":
            continue
        names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        query = "&".join(f"{name}={odd}" for name in [*names, "unknown", odd])
        target = path.replace("{record_id}", odd).replace("{attempt_id}", odd) + f"?{query}"
        status, reason = raw(gateway, target)
        described = {*map(int, operation["responses"]), 404}
        assert status in described - {500, 503}, f"{target[:80]}: {status} {reason}"


def raw(gateway: Gateway, target: str) -> tuple[int, str]:
    """GET a target exactly as it is written; return the status and its words."""
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        with connection.makefile("rb") as answer:
            _, status, reason = answer.readline().decode().split(" ", 2)
    return int(status), reason.strip()
