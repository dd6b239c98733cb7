"""Whose fault it is that Amazon refused a refresh: the grant's, the application's, or Amazon's own."""

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client
from gateway.applications.token_breaker import TokenCircuitBreaker
from gateway.errors import Problem
from gateway.model import Grant, Lease
from gateway.tokens.grant_tokens import FOREIGN, REVOKED
from gateway.util.threads import Threads
from gateway.vault.applications import CircuitState
from gateway.vault.vault import Vault


class Verdicts:
    """Writes down what a failed refresh says about its grant and its application."""

    def __init__(self, vault: Vault, breaker: TokenCircuitBreaker, threads: Threads) -> None:
        self._vault = vault
        self._breaker = breaker
        self._threads = threads

    async def is_stale(
        self, failure: AmazonFailure, grant: Grant, lease: Lease, client: Client, circuit: CircuitState
    ) -> bool:
        """Record whose fault a failure is; True where the grant has changed since, so that it says nothing.

        Marks go by the version seen: only if nobody refreshed or authorized again meanwhile. Raise Problem
        suspended_app where one grant's refusal showed that the application is at fault, and refusal_in_doubt
        where it says nothing under this lease.
        """
        if failure.kind == "invalid_grant":
            await self._breaker.worked(client, circuit)  # Amazon checks the client before the token
            if lease.refusals_doubted:
                return await self._is_stale_or_doubted(grant, lease)
            return not await self._threads.writes(
                self._vault.grants.mark_needs_reauthorization, grant.id, grant.token_version, REVOKED
            )
        if failure.kind == "unauthorized_client":
            return await self._is_stale_foreign(failure, grant, client, circuit)
        await self._breaker.failed(client, circuit, failure)
        return False

    async def _is_stale_or_doubted(self, grant: Grant, lease: Lease) -> bool:
        """Return True where the grant has changed. Raise Problem refusal_in_doubt where it has not yet."""
        present = await self._threads.vault(self._vault.grants.get, grant.id)
        if present is None or present.token_version != grant.token_version:
            return True
        raise Problem("refusal_in_doubt", retry_after=lease.refusals_doubted)

    async def _is_stale_foreign(
        self, failure: AmazonFailure, grant: Grant, client: Client, circuit: CircuitState
    ) -> bool:
        """As `is_stale`, where Amazon says that the grant belongs to another client."""
        verdict = "all"
        if circuit.reason != failure.kind or not grant.token_version:
            verdict = await self._threads.writes(
                self._vault.foreign_grants.judge, grant.id, grant.token_version, FOREIGN
            )
        if verdict == "stale":
            return True
        if verdict == "all":
            await self._breaker.suspend(client, circuit, failure.kind)
            raise Problem("suspended_app", failure.detail, extra={"status": "suspended_app"})
        if circuit.state == "half_open":
            await self._breaker.suspend(client, circuit, circuit.reason or failure.kind)
        return False
