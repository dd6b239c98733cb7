"""Whether an application may call Amazon's APIs now, and what their answers say about it.

It stands beside the circuit breaker of refreshes (token_breaker.py): the token endpoint may go on answering
while the APIs say that the application's client secret has ended. Tokens are refreshed and issued
meanwhile. To withhold them would help nobody: whoever uses one learns from the API itself what is wrong, and
those who call Amazon without the proxy would stay without tokens when Amazon takes the application again,
since nothing here would notice.
"""

import logging

from gateway.applications.credentials import token_client
from gateway.applications.token_breaker import app_key, log_suspension
from gateway.errors import Problem
from gateway.model import Flow
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.threads import Threads
from gateway.vault.applications import AppKey, CircuitState
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

REASON = "secret_expired"


def secret_has_expired() -> Problem:
    """Return the Problem of a call while Amazon's APIs refuse the application for its secret."""
    return Problem(
        "suspended_app",
        "Amazon says that the application's client secret has expired",
        extra={"status": "suspended_app"},
    )


class CallCircuitBreaker:
    """The circuit of the owner's applications with Amazon's APIs, as calls meet and change it."""

    def __init__(self, settings: Settings, vault: Vault, threads: Threads) -> None:
        self._settings = settings
        self._refused_calls = vault.refused_calls
        self._threads = threads
        # By flow: to make one hashes the application's secret, and each call needs it.
        self._apps: dict[Flow, AppKey] = {}

    async def admit(self, flow: Flow) -> CircuitState:
        """Return the circuit with which a call may be made: `closed` or `half_open`.

        Raise Problem suspended_app.
        Who gets `half_open` has to say what came of it: `refused` or `answered`.
        """
        app = self._app(flow)
        circuit = await self._refused_calls.state(app)
        if circuit is None:
            circuit = await self._threads.writes(self._refused_calls.admit, app)
        if circuit.state == "suspended":
            raise secret_has_expired()
        return circuit

    async def check(self, flow: Flow) -> None:
        """Raise Problem suspended_app where no call may be made now; it changes nothing."""
        circuit = await self._refused_calls.state(self._app(flow))
        if circuit is not None and circuit.state == "suspended":
            raise secret_has_expired()

    async def suspended(self, flow: Flow) -> bool:
        """Tell whether the APIs refuse the application of a flow; without an application nothing does."""
        if (self._settings.spapi if flow == "spapi" else self._settings.ads) is None:
            return False
        return await self._threads.vault(self._refused_calls.reason, self._app(flow)) is not None

    async def refused(self, flow: Flow, circuit: CircuitState | None = None) -> None:
        """Suspend an application's calls for its secret; the first to find out logs it loudly.

        `circuit`: with which the call was admitted. The check of a new authorization is made without.
        """
        app, probing = self._app(flow), circuit is not None and circuit.state == "half_open"
        if await self._threads.writes(self._refused_calls.refuse, app, REASON, probing=probing):
            log_suspension(flow, app.client_id, REASON)

    async def answered(self, flow: Flow, circuit: CircuitState, *, accepted: bool) -> None:
        """Record how a probe ended that was not refused; `accepted`: the call itself succeeded."""
        if circuit.state != "half_open":
            return
        if accepted:
            await self._accepted(flow)
        else:
            await self._threads.writes(self._refused_calls.prolong, self._app(flow))

    async def store_checked(self, flow: Flow) -> None:
        """Record that a new authorization could be used, which ends a suspension as any good call does."""
        if await self.suspended(flow):
            await self._accepted(flow)

    async def forget_former_secret(self, flow: Flow) -> None:
        """End a suspension that was met with another client secret than this process was started with."""
        app = self._app(flow)
        if await self._threads.writes(self._refused_calls.secret_changed, app):
            events.warning(
                log, "app_recovered", application=flow, clientId=app.client_id, reason="secret_changed"
            )

    async def _accepted(self, flow: Flow) -> None:
        app = self._app(flow)
        if await self._threads.writes(self._refused_calls.accepted, app):
            events.warning(log, "app_recovered", application=flow, clientId=app.client_id)

    def _app(self, flow: Flow) -> AppKey:
        if flow not in self._apps:
            self._apps[flow] = app_key(token_client(self._settings, flow, "NA"))
        return self._apps[flow]
