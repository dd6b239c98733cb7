"""Where notices are sent, and what they are signed with."""

import base64
from dataclasses import dataclass, field
from typing import Annotated

from gateway.settings import addresses, secret_kinds
from gateway.settings.variables import Variable
from gateway.util.secret import Secret

LEAST_WEBHOOK_SECRET = 16
# What a secret of Standard Webhooks begins with.
STANDARD_SECRET = "whsec_"  # noqa: S105 - no secret


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where notices are sent, and the secret that they are signed with."""

    url: Annotated[
        str,
        Variable(
            "GATEWAY_WEBHOOK_URL",
            addresses.web_address,
            "where [notices](#notices) are sent; https, or loopback",
            "none are sent",
        ),
    ] = field(repr=False)  # many services put a key of theirs into it
    secret: Annotated[
        Secret,
        Variable(
            "GATEWAY_WEBHOOK_SECRET",
            secret_kinds.secret,
            f"what they are signed with, at least {LEAST_WEBHOOK_SECRET} characters; best "
            f"`{STANDARD_SECRET}` and random bytes in base64, as Standard Webhooks has it",
        ),
    ]

    @property
    def standard_key(self) -> bytes:
        """The key of Standard Webhooks' signature (standardwebhooks.com: signature scheme).

        What follows `whsec_`, from base64; of a secret without that, its bytes in UTF-8. Raise ValueError
        where it is no base64.
        """
        secret = self.secret.reveal()
        if not secret.startswith(STANDARD_SECRET):
            return secret.encode()
        encoded = secret.removeprefix(STANDARD_SECRET)
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
