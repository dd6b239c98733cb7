"""Carries an authorization that was started (starting.py) from its callback to its end.

The state is consumed in one statement, which also writes down that the code may now be sent
(code_exchange.py); the code is kept nowhere but in memory. What Amazon gives for it is stored (keeping.py);
whatever else happens ends the attempt with a reason from references/errors.json. A vault that is away is
waited for (patient_vault.py).
"""

import asyncio
import logging
import secrets
from functools import partial
from typing import Any

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import CODE_SECONDS, LoginWithAmazon
from gateway.amazon.session import AmazonSession
from gateway.applications.credentials import application_id
from gateway.authorization.callback import Callback, Refusal, refusal_of
from gateway.authorization.code_exchange import CodeExchange, refusal_of_exchange
from gateway.authorization.keeping import Keeping
from gateway.authorization.patient_vault import PatientVault
from gateway.errors import Problem
from gateway.model import Attempt, Flow
from gateway.settings.settings import Settings
from gateway.util import counters, events
from gateway.util.background_tasks import BackgroundTasks
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.attempts import CodeRefused
from gateway.vault.authorizations import ConnectedElsewhere, GrantGone
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

# So many seconds a browser waits for the vault to tell which attempt its state belongs to.
STATE_PATIENCE = 2.0
# While the vault is away, a browser whose person has to confirm first waits so many seconds for it.
CONFIRMATION_PATIENCE = 20.0


class CallbackRefused(Exception):
    """A callback that opens no attempt, or not yet.

    `reason`: `state_unknown`, `state_used`, `expired`, `code_taken`, `too_many_codes`; or
    `completion_delayed`: it is kept, and opens its attempt once the vault is back. `attempt`: whose state it
    came with, where that is known.
    """

    def __init__(self, reason: str, attempt: Attempt | None = None) -> None:
        self.reason = reason
        self.attempt = attempt
        super().__init__(reason)


class Authorizer:
    """Completes authorizations."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        clock: Clock,
        session: AmazonSession,
        keeping: Keeping,
        patient_vault: PatientVault,
        threads: Threads,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._threads = threads
        self._keeping = keeping
        self._patient_vault = patient_vault
        self._code_exchange = CodeExchange(
            settings, LoginWithAmazon(session, clock), threads, patient_vault.pause
        )
        self._tasks = BackgroundTasks(_tell_of)

    async def complete(
        self, flow: Flow, callback: Callback, patience: float, *, confirmed: bool = False
    ) -> str:
        """Take a callback to the end of its attempt, or as far as that comes in `patience` seconds.

        Return the attempt's id: how it ended is in the attempt. The work goes on even if the browser goes
        away. Raise CallbackRefused where the state opens no attempt, or the code came before: only its own
        browser may then say yes (`confirmed`).
        """
        consumed: asyncio.Future[Attempt] = asyncio.get_running_loop().create_future()
        work = self._tasks.begin(self._complete(flow, callback, confirmed, consumed))
        first: set[asyncio.Future[Any]] = {work, consumed}
        await asyncio.wait(first, timeout=STATE_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if not (work.done() or consumed.done()):
            raise CallbackRefused("completion_delayed")
        done, _ = await asyncio.wait({work}, timeout=patience)
        if done:
            await work
        return consumed.result().id

    async def _complete(
        self, flow: Flow, callback: Callback, confirmed: bool, consumed: asyncio.Future[Attempt]
    ) -> None:
        """Consume the state, as soon as the vault answers and while the code lives; carry the attempt out."""
        code = None if confirmed else callback.code
        consume = partial(self._consume, flow, callback.state, secrets.token_hex(16), code)
        try:
            attempt = await self._patient_vault.call("callback", consume, CODE_SECONDS)
        except VaultError:
            events.critical(log, "callback_lost", application=flow)
            raise CallbackRefused("expired") from None
        counters.authorization_came_to(flow, "confirmed" if confirmed else "returned")
        consumed.set_result(attempt)
        await self._carry_out(attempt, callback)

    async def finish_all(self) -> None:
        """Wait for the authorizations that are under way; what the vault does not take now is lost.

        At shutdown.
        """
        self._patient_vault.close()
        await self._tasks.finish_all()

    async def awaiting(self, flow: Flow, callback: Callback) -> Attempt | None:
        """Return the attempt that a callback would complete; None where `complete` has something to refuse.

        This is for asking before the code is exchanged, and changes nothing. Where the vault is away, it is
        waited for: only the browser has the code, and can come again. Raise VaultError.
        """
        if callback.state is None:
            return None
        attempt = await self._patient_vault.call(
            "callback", partial(self._vault.attempts.find_by_state, callback.state), CONFIRMATION_PATIENCE
        )
        if attempt is None or attempt.flow != flow or attempt.phase != "pending":
            return None
        if attempt.expires_at <= self._clock.now() or self._refusal(attempt, callback) is not None:
            return None
        return attempt

    async def hold(self, attempt: Attempt, callback: Callback, browser: Secret) -> None:
        """Let the callback's code be this attempt's and wait for the word of the browser that brought it.

        `browser`: what it alone holds. Raise CallbackRefused where the code is another's, or one of too many;
        VaultError as `awaiting`.
        """
        assert callback.code is not None, "only a callback with a code waits"
        hold = partial(self._vault.attempts.hold_code, attempt.id, callback.code, browser)
        try:
            is_first = await self._patient_vault.call("callback", hold, CONFIRMATION_PATIENCE)
        except CodeRefused as refused:
            raise CallbackRefused(refused.reason, attempt) from None
        if is_first:
            counters.authorization_came_to(attempt.flow, "returned")

    async def cancel(self, flow: Flow, callback: Callback) -> None:
        """End the attempt of a callback without exchanging its code. Raise CallbackRefused; VaultError."""
        consume = partial(self._consume, flow, callback.state, secrets.token_hex(16))
        attempt = await self._patient_vault.call("callback", consume, CONFIRMATION_PATIENCE)
        await self._end(attempt, Refusal("not_confirmed", phase="denied"))

    def _consume(self, flow: Flow, state: str | None, consumer: str, code: Secret | None = None) -> Attempt:
        if state is None:
            raise CallbackRefused("state_unknown")
        try:
            attempt = self._vault.attempts.consume(state, flow, code, consumer=consumer)
        except CodeRefused as refused:
            raise CallbackRefused(refused.reason, self._vault.attempts.find_by_state(state)) from None
        if attempt is not None:
            return attempt
        known = self._vault.attempts.find_by_state(state)
        if known is None or known.flow != flow:
            raise CallbackRefused("state_unknown")
        expired = known.phase in {"pending", "expired"}
        raise CallbackRefused("expired" if expired else "state_used", known)

    async def _carry_out(self, attempt: Attempt, callback: Callback) -> None:
        refusal = self._refusal(attempt, callback)
        if refusal is not None or callback.code is None:
            await self._end(attempt, refusal or Refusal("code_missing"))
            return
        try:
            tokens = await self._code_exchange.tokens(attempt, callback.code)
        except AmazonFailure as failure:
            await self._end(attempt, refusal_of_exchange(failure))
            return
        counters.authorization_came_to(attempt.flow, "exchanged")
        try:
            await self._keeping.keep(attempt, callback.seller_id, tokens)
        except GrantGone:
            await self._end(attempt, Refusal("removed_meanwhile"))
        except ConnectedElsewhere:
            await self._end(attempt, Refusal("connected_elsewhere"))
        except VaultError:
            events.critical(log, "authorization_lost", authorizationId=attempt.id)

    def _refusal(self, attempt: Attempt, callback: Callback) -> Refusal | None:
        try:
            app_id = application_id(self._settings, attempt.flow)
        except Problem as problem:
            return Refusal(problem.reason)
        redirect_uri = self._settings.redirect_uri(attempt.flow)
        return refusal_of(attempt, callback, app_id=app_id, redirect_uri=redirect_uri)

    async def _end(self, attempt: Attempt, refusal: Refusal) -> None:
        events.info(
            log,
            "authorization_ended",
            authorizationId=attempt.id,
            application=attempt.flow,
            reason=refusal.reason,
        )
        finish = partial(
            self._vault.attempts.finish,
            attempt.id,
            refusal.phase,
            refusal.reason,
            refusal.detail or None,
            got_seller_id=refusal.got_seller_id,
        )
        await self._patient_vault.call(f"attempt {attempt.id}", finish)
        counters.authorization_ended(attempt.flow, refusal.phase, refusal.reason)


def _tell_of(error: BaseException) -> None:
    """Log what ended an authorization that perhaps nobody waited for."""
    if not isinstance(error, CallbackRefused):
        events.error(log, "authorization_broke_off", type=type(error).__name__)
