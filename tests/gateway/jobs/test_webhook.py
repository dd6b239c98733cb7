"""Notices over HTTP: signed, repeated with pauses, given up in the end, and never twice for one change."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from sqlalchemy import update

from gateway.jobs import schedule
from gateway.jobs.deliverer import MOST_TRIES, PAUSES, Deliverer
from gateway.jobs.reminders import Reminder
from gateway.jobs.webhook import NotDelivered, deliver
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.applications import AppKey
from gateway.vault.database.tables import grants
from tests.support.certificates import self_signed
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import PATIENCE, ROOT, until
from tests.support.installed import node_packages, or_skip

SECRET = "a-secret-of-the-webhook-receiver"
APP = AppKey("spapi", "client", "print")


@dataclass
class Receiver:
    """A webhook. `statuses`: what it answers next; 204 when there are none left."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)
    server: HTTPServer = field(init=False)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook on loopback."""
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(received.statuses.pop(0) if received.statuses else 204)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = received.server = HTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(
    amazon: Amazon, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """A gateway that tells the receiver at once."""
    monkeypatch.setattr(schedule, "NOTICE_SECONDS", 0.05)
    webhook = Webhook(receiver.url, Secret(SECRET))
    with running_gateway(amazon, tmp_path, webhook=webhook) as gateway:
        yield gateway


def test_a_revoked_store_is_told_once_and_signed(told: Gateway, receiver: Receiver) -> None:
    """From Amazon's refusal to the webhook; the signature covers the time and the body."""
    told.authorize_store()
    until(lambda: receiver.requests, "the authorization is told")
    told.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    for _ in range(2):
        told.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=409)
    until(lambda: len(receiver.requests) > 1, "the notice arrives")
    until(lambda: told.vault.outbox.waiting() == 0, "it is noted as delivered")
    _, (headers, body) = receiver.requests
    event = json.loads(body)
    assert event["event"] == "needs_reauthorization"
    assert event["store"]["sellerId"] == "A1SANDBOXNA001"
    assert event["id"] == headers["x-linkfox-notice"]
    signed = f"{headers['x-linkfox-timestamp']}.{body}".encode()
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-linkfox-signature"] == f"v1={expected}"
    assert "Atz" not in body


def test_an_application_at_fault_and_an_ending_are_told_once_each(told: Gateway, receiver: Receiver) -> None:
    """However often they are met; each names what it is about."""
    told.authorize_store()
    with told.vault.database.writing() as connection:
        connection.execute(update(grants).values(authorization_expires_at=int(told.clock.now()) + 86_400))
    told.amazon.control("apps", {"clientId": told.amazon.spapi["clientId"], "secretRefused": True})
    reminder = Reminder(told.settings, told.vault, told.clock, Threads())
    for _ in range(2):
        told.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=503)
        asyncio.run(reminder.round())
    until(lambda: len(receiver.requests) >= 3, "the notices arrive")
    until(lambda: told.vault.outbox.waiting() == 0, "they are noted as delivered")
    events = {event["event"]: event for event in (json.loads(body) for _, body in receiver.requests)}
    assert events.keys() == {"authorized", "suspended_app", "authorization_ends"}
    assert len(receiver.requests) == 3
    assert events["suspended_app"]["application"] == "spapi"
    assert events["suspended_app"]["reason"] == "invalid_client"
    assert events["authorization_ends"]["store"]["sellerId"] == "A1SANDBOXNA001"
    assert events["authorization_ends"]["endsAt"].endswith("Z")


def deliverer(gateway: Gateway, url: str) -> Deliverer:
    """A deliverer whose pauses are whole."""
    webhook = Webhook(url, Secret(SECRET))
    return Deliverer(webhook, gateway.vault.outbox, gateway.clock, Threads(), randomness=lambda: 1.0)


@pytest.fixture
def quiet(gateway: Gateway) -> Gateway:
    """A gateway that has a notice to send and does not send it by itself."""
    object.__setattr__(gateway.vault.outbox, "_open", True)
    gateway.vault.applications.suspend(APP, "invalid_client")
    return gateway


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_is_not_taken_is_sent_again_after_a_pause(
    quiet: Gateway, receiver: Receiver, status: int
) -> None:
    """Any answer but a 2xx counts as not delivered, a redirect too; then it comes again, the same."""
    receiver.statuses = [status]
    work = deliverer(quiet, receiver.url)
    assert asyncio.run(work.round()) == 0
    assert asyncio.run(work.round()) == 0
    assert len(receiver.requests) == 1
    quiet.clock.step(PAUSES.first)
    assert asyncio.run(work.round()) == 1
    assert receiver.requests[0][1] == receiver.requests[1][1]
    quiet.clock.step(PAUSES.longest)
    assert asyncio.run(work.round()) == 0


def test_a_gateway_that_ends_sends_no_further_notice(quiet: Gateway) -> None:
    """A webhook that hangs is not waited for once for each notice; what is not sent stays in the outbox."""
    quiet.authorize_store()
    waiting = quiet.vault.outbox.waiting()
    assert waiting > 1
    sent: list[str] = []

    def send(_webhook: Webhook, notice_id: str, _body: str, _at: int) -> None:
        sent.append(notice_id)
        one.stop()

    webhook = Webhook("http://127.0.0.1:9/hook", Secret(SECRET))
    one = Deliverer(webhook, quiet.vault.outbox, quiet.clock, Threads(), send=send)
    assert asyncio.run(one.round()) == len(sent) == 1
    assert quiet.vault.outbox.waiting() == waiting - 1


def test_it_gives_up_in_the_end_and_says_so(quiet: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """A webhook that is gone for days does not hold up what comes later; the log names the notice."""
    work = deliverer(quiet, "http://127.0.0.1:9/none")
    with caplog.at_level(logging.WARNING):
        for _ in range(MOST_TRIES):
            asyncio.run(work.round())
            quiet.clock.step(PAUSES.longest)
    assert quiet.vault.outbox.waiting() == 0
    assert "notice_given_up" in caplog.text
    assert "127.0.0.1:9" not in caplog.text


@pytest.mark.parametrize(
    ("days", "trusted", "told"),
    [
        (1, True, None),
        (1, False, "TLS: self-signed certificate"),
        (-1, True, "TLS: certificate has expired"),
    ],
)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_is_trusted_and_a_refused_certificate_explained(
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    days: int,
    trusted: bool,
    told: str | None,
) -> None:
    """On loopback, too; by whichever variable names it."""
    certificate, key = self_signed(tmp_path, days=days)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    if trusted:
        monkeypatch.setenv(variable, str(certificate))
    webhook = Webhook(receiver.url.replace("http:", "https:"), Secret(SECRET))
    if told is None:
        deliver(webhook, "id", "{}", 1)
        assert len(receiver.requests) == 1
        return
    with pytest.raises(NotDelivered) as refused:
        deliver(webhook, "id", "{}", 1)
    assert str(refused.value) == told


def test_certificates_that_are_named_and_not_there_are_told(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable that names them."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    webhook = Webhook(receiver.url.replace("http:", "https:"), Secret(SECRET))
    with pytest.raises(NotDelivered, match="REQUESTS_CA_BUNDLE names a file that is not there"):
        deliver(webhook, "id", "{}", 1)


# A secret as Standard Webhooks has it, which its libraries take as it is; and a text of one's own.
SECRETS = ["whsec_" + base64.b64encode(bytes(range(200, 232))).decode(), SECRET]
NODE_PROGRAM = """
const { Webhook } = require("standardwebhooks");
const { secret, body, headers } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const webhook = new Webhook(secret, secret.startsWith("whsec_") ? undefined : { format: "raw" });
const told = webhook.verify(body, headers).event;
let refused = false;
try { webhook.verify(body + " ", headers); } catch { refused = true; }
console.log(JSON.stringify([told, refused]));
"""


def sent(receiver: Receiver, secret: str) -> tuple[dict[str, str], str]:
    """Send a notice that has Chinese in it, now: libraries take none that is old."""
    body = json.dumps({"event": "authorized", "store": {"sellerName": "我的店铺 ☕"}}, ensure_ascii=False)
    deliver(Webhook(receiver.url, Secret(secret)), "5f0c2d", body, int(time.time()))
    return receiver.requests[-1]


@pytest.mark.parametrize("secret", SECRETS)
def test_the_library_for_python_takes_a_notice(receiver: Receiver, secret: str) -> None:
    """And refuses one that was changed, and another secret's."""
    headers, body = sent(receiver, secret)
    key: str | bytes = secret if secret.startswith("whsec_") else secret.encode()
    assert standardwebhooks.Webhook(key).verify(body, headers)["event"] == "authorized"
    for other, changed in ((key, body + " "), (b"another", body)):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(other).verify(changed, headers)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_library_for_node_takes_a_notice(receiver: Receiver, secret: str) -> None:
    """Likewise."""
    headers, body = sent(receiver, secret)
    with or_skip():
        folder = node_packages(ROOT / ".libraries-node", ROOT / "tests" / "libraries" / "node")
    given = json.dumps({"secret": secret, "headers": headers, "body": body})
    done = subprocess.run(
        ["node", "-e", NODE_PROGRAM],
        cwd=folder,
        input=given,
        capture_output=True,
        timeout=PATIENCE,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["authorized", True]


def test_the_secret_is_not_shown() -> None:
    """Neither the secret nor an address that may hold one is in the settings' text."""
    webhook = Webhook("https://hooks.example.com/T0KEN", Secret(SECRET))
    assert SECRET not in repr(webhook)
    assert "T0KEN" not in repr(webhook)
