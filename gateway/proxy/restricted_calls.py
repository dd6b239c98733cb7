"""Calls that bring data of buyers, each with a restricted data token that the gateway makes and keeps."""

from collections.abc import Awaitable, Callable

from gateway.amazon.forwarding import Forwarded
from gateway.model import Grant
from gateway.proxy.request import ProxyRequest
from gateway.proxy.restricted_data import NotGiven, token_in, token_request
from gateway.proxy.verdicts import Verdict, verdict_on_token
from gateway.tokens.shared_tokens import SharedTokens, purpose_of
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.purpose_tokens import PurposeToken

# Sends a request, with a token or with the store's own.
WithToken = Callable[[ProxyRequest, Secret], Awaitable[Forwarded]]
WithStoreToken = Callable[[ProxyRequest], Awaitable[tuple[Forwarded, Verdict]]]


class RestrictedCalls:
    """Makes them. A token that Amazon ends before its time is made anew once."""

    def __init__(self, shared: SharedTokens, clock: Clock) -> None:
        self._shared = shared
        self._clock = clock

    async def ask(
        self, wanted: ProxyRequest, store: Grant, with_token: WithToken, with_store_token: WithStoreToken
    ) -> tuple[Forwarded, Verdict]:
        """Return Amazon's answer with what it says of the store's token, and of the application.

        Where Amazon gives no restricted data token, its answer to that is the answer. Raise Problem.
        """

        async def make() -> PurposeToken:
            asked_at = self._clock.now()
            answer, verdict = await with_store_token(token_request(wanted))
            if answer.status != 200:
                raise NotGiven(answer, verdict)
            return token_in(answer, asked_at)

        purpose = purpose_of("restricted", store.id, wanted.method, wanted.path.sent, wanted.restricted)
        try:
            token = await self._shared.token(purpose, make, grant_id=store.id)
            answer = await with_token(wanted, token)
            verdict = verdict_on_token("spapi", answer)
            if verdict not in ("expired", "refused"):
                return answer, verdict
            # It says nothing of the store's token. Asked for anew in any case, for whoever calls next.
            token = await self._shared.token(purpose, make, grant_id=store.id, refused=token)
            if wanted.may_be_repeated:
                answer = await with_token(wanted, token)
            return answer, "accepted"
        except NotGiven as refused:
            return refused.answer(), refused.verdict
