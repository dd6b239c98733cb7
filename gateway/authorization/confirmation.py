"""A callback that waits for a person's word: shown who would get access before the code is exchanged.

Anyone can be sent a link. What the callback brought is kept nowhere: it goes to the browser and back,
encrypted, bound to its attempt and to that browser, and good for a few minutes. Without it nothing can be
confirmed; elsewhere it is worth nothing.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.amazon.login_with_amazon import CODE_SECONDS
from gateway.authorization.callback import Callback
from gateway.model import Flow
from gateway.settings.settings import Settings
from gateway.util.clock import Clock
from gateway.util.loopback import is_loopback
from gateway.util.secret import Secret
from gateway.vault.errors import SealBroken
from gateway.vault.keys.held_keys import Keys

# As long as an authorization code lives.
CONFIRM_SECONDS = CODE_SECONDS
LONGEST_HELD = 8192


def needs_confirmation(settings: Settings, flow: Flow) -> bool:
    """Tell whether others than the people at this machine can come to the callback."""
    addresses = (settings.public_url, settings.redirect_uri(flow))
    return not all(is_loopback(urlsplit(address).hostname) for address in addresses)


@dataclass(frozen=True, slots=True)
class PendingCallback:
    """What a callback brought, for the attempt of that id.

    `csrf_token` is derived from the cookie of the browser that brought it; the page's form brings it back.
    """

    attempt_id: str
    callback: Callback
    csrf_token: Secret


class Confirmations:
    """Turns callbacks into something that a browser can hold, and back."""

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def hold(self, held: PendingCallback) -> str:
        """Return what the browser holds: URL-safe text that tells nothing."""
        assert held.callback.code is not None, "only a callback with a code waits"
        content = {
            "state": held.callback.state,
            "code": held.callback.code.reveal(),
            "seller_id": held.callback.seller_id,
            "csrf_token": held.csrf_token.reveal(),
            "ends": int(self._clock.now()) + CONFIRM_SECONDS,
        }
        sealed = self._keys.seal(Secret(json.dumps(content)), *_place(held.attempt_id))
        return base64.urlsafe_b64encode(sealed).decode()

    def take_back(self, attempt_id: str, text: str) -> PendingCallback | None:
        """Return what a browser held for this attempt; None where it has ended or was made up."""
        if len(text) > LONGEST_HELD:
            return None
        try:
            sealed = base64.b64decode(text, altchars=b"-_", validate=True)
            content = json.loads(self._keys.open(sealed, *_place(attempt_id)).reveal())
        except (binascii.Error, ValueError, SealBroken):
            return None
        if self._clock.now() >= content["ends"]:
            return None
        callback = Callback(content["state"], Secret(content["code"]), content["seller_id"], None, "")
        return PendingCallback(attempt_id, callback, Secret(content["csrf_token"]))


def _place(attempt_id: str) -> tuple[str, str, str]:
    return "attempts", attempt_id, "confirmation"
