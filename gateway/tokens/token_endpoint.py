"""Questions to Amazon's token endpoint: whether it may be asked for an application, and how often."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client, TokenAnswer
from gateway.applications.token_breaker import TokenCircuitBreaker
from gateway.tokens.retries import Retries
from gateway.util.threads import Threads
from gateway.vault.applications import CircuitState

T = TypeVar("T")


class TokenEndpoint:
    """Asks where the circuit breaker admits it.

    `once` asks for a suspended application, to probe whether it still is; `retries` for all others.
    """

    def __init__(
        self, breaker: TokenCircuitBreaker, threads: Threads, *, retries: Retries, once: Retries
    ) -> None:
        self._breaker = breaker
        self._threads = threads
        self._retries = retries
        self._once = once

    async def ask(
        self,
        client: Client,
        question: Callable[[], TokenAnswer],
        failed: Callable[[AmazonFailure, CircuitState], Awaitable[T]],
    ) -> TokenAnswer | T:
        """Return what `question`, which runs on a thread, brings, or what `failed` makes of its failure.

        `failed` tells the breaker what the failure says of the application. Raise Paused, and what `failed`
        raises.
        """
        circuit = await self._breaker.admit(client)
        retries = self._once if circuit.state == "half_open" else self._retries
        try:
            answer = await retries.call(lambda: self._threads.amazon(question))
        except AmazonFailure as failure:
            return await failed(failure, circuit)
        await self._breaker.worked(client, circuit)
        return answer
