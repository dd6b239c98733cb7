"""One signed POST to the owner's webhook.

It is signed in two ways, of which who receives it checks one, and takes nothing that is older than a few
minutes. As Standard Webhooks has it (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, and in
`webhook-signature` `v1,` and the HMAC-SHA256 of `ID.TIMESTAMP.BODY` in base64. And in the gateway's own:
`X-LinkFox-Notice`, `X-LinkFox-Timestamp`, and in `X-LinkFox-Signature` `v1=` and that of `TIMESTAMP.BODY` in
hexadecimal digits. A notice that comes again, because its first answer was lost, has the same id.
"""

import base64
import hashlib
import hmac
import os
from urllib.parse import urlsplit

import requests

from gateway.settings.webhook import Webhook
from gateway.util.certificates import tls_reason, trusted_certificates
from gateway.util.loopback import is_loopback
from gateway.util.secret import Secret

TIMEOUT = (5.0, 10.0)


class NotDelivered(Exception):
    """The webhook did not take the notice. The message holds nothing of what was sent or answered."""


def signature(secret: Secret, timestamp: int, body: str) -> str:
    """Return the value of the gateway's own signature header."""
    signed = f"{timestamp}.{body}".encode()
    return "v1=" + hmac.digest(secret.reveal().encode(), signed, hashlib.sha256).hex()


def standard_signature(webhook: Webhook, notice_id: str, timestamp: int, body: str) -> str:
    """Return the value of Standard Webhooks' signature header."""
    signed = f"{notice_id}.{timestamp}.{body}".encode()
    digest = hmac.digest(webhook.standard_key, signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def deliver(webhook: Webhook, notice_id: str, body: str, timestamp: int) -> None:
    """Send one notice. Raise NotDelivered unless the answer is a 2xx."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "linkfox-gateway",
        "webhook-id": notice_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_signature(webhook, notice_id, timestamp, body),
        "X-LinkFox-Notice": notice_id,
        "X-LinkFox-Timestamp": str(timestamp),
        "X-LinkFox-Signature": signature(webhook.secret, timestamp, body),
    }
    with requests.Session() as session:
        # A proxy would catch loopback.
        session.trust_env = not is_loopback(urlsplit(webhook.url).hostname)
        session.auth = _keep_headers  # with an auth of its own, requests does not look into .netrc
        try:
            # There, too, certificates that the environment names are trusted.
            session.verify = trusted_certificates(os.environ)
            with session.post(
                webhook.url,
                data=body.encode(),
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, OSError) as error:
            raise NotDelivered(tls_reason(error) or type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotDelivered(f"status {status}")


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
