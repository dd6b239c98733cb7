"""Whether Amazon may be asked for an application now, and what its answers say about that application.

Only refreshes speak here: what a code exchange or an import meets says nothing about grants that work.
"""

import hashlib
import logging

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client
from gateway.errors import TABLE, Problem
from gateway.model import Flow
from gateway.util import events
from gateway.util.threads import Threads
from gateway.vault.applications import AppKey, CircuitState
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


class Paused(Problem):
    """Amazon is not asked for another `seconds`."""

    def __init__(self, circuit: CircuitState) -> None:
        self.seconds = circuit.seconds
        if circuit.state == "suspended":
            super().__init__("suspended_app", extra={"status": "suspended_app"})
            return
        super().__init__(
            "amazon_throttled" if circuit.reason == "throttled" else "amazon_failed",
            "the gateway gives Amazon a rest",
            retry_after=circuit.seconds,
        )


def app_key(client: Client) -> AppKey:
    """Return the application that a client of the token endpoint is."""
    digest = hashlib.sha256(f"linkfox client secret|{client.client_secret.reveal()}".encode())
    return AppKey(client.flow, client.client_id, digest.hexdigest()[:12])


def log_suspension(flow: Flow, client_id: str, reason: str) -> None:
    """Log that Amazon refuses an application, and what to do."""
    row = TABLE["suspended_app"]
    hint = f"{row.meaning}. {row.remedy}"
    events.critical(log, "app_suspended", application=flow, clientId=client_id, reason=reason, hint=hint)


class TokenCircuitBreaker:
    """The applications' circuit, as refreshes meet and change it."""

    def __init__(self, vault: Vault, threads: Threads) -> None:
        self._applications = vault.applications
        self._threads = threads

    async def admit(self, client: Client) -> CircuitState:
        """Return the circuit with which Amazon may be asked. Raise Paused."""
        app = app_key(client)
        circuit = await self._applications.state(app)
        if circuit is None:
            circuit = await self._threads.writes(self._applications.admit, app)
        if circuit.state in ("suspended", "cooling"):
            raise Paused(circuit)
        return circuit

    async def suspended(self, client: Client) -> bool:
        """Tell whether an application is suspended."""
        return await self._threads.vault(self._applications.suspended, app_key(client)) is not None

    async def worked(self, client: Client, circuit: CircuitState) -> None:
        """Record that Amazon took the application's id and secret."""
        if circuit.state == "closed" and not circuit.failures:
            return
        if await self._threads.writes(self._applications.recover, app_key(client)):
            events.warning(log, "app_recovered", application=client.flow, clientId=client.client_id)

    async def suspend(self, client: Client, circuit: CircuitState, reason: str) -> None:
        """Suspend an application; the first to find out logs it loudly."""
        probing = circuit.state == "half_open"
        if await self._threads.writes(self._applications.suspend, app_key(client), reason, probing=probing):
            log_suspension(client.flow, client.client_id, reason)

    async def failed(self, client: Client, circuit: CircuitState, failure: AmazonFailure) -> None:
        """Record a failure that says nothing of the grant.

        Amazon refuses the application, or gets a rest, or a probe has not succeeded.
        """
        if failure.kind == "invalid_client":
            await self.suspend(client, circuit, failure.kind)
        elif failure.kind == "throttled" or failure.kind == "unavailable":
            await self._threads.writes(
                self._applications.cool_down, app_key(client), failure.kind, failure.retry_after
            )
            events.warning(log, "app_cooling", application=client.flow, kind=failure.kind)
        elif circuit.state == "half_open" and circuit.reason is not None:
            await self.suspend(client, circuit, circuit.reason)
