"""Empties the outbox: sends what is due, again and again with growing pauses, and gives up in the end."""

import logging
from collections.abc import Callable
from random import random

from gateway.jobs.webhook import NotDelivered, deliver
from gateway.settings.webhook import Webhook
from gateway.util import counters, events
from gateway.util.backoff import Backoff
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.outbox import LONGEST_CLAIM, LONGEST_PAUSE, Notice, Outbox

log = logging.getLogger(__name__)

BATCH = 20
# The claim is longer than the batch can take to be sent, so that no other replica sends it meanwhile.
PAUSES = Backoff(15.0, longest=LONGEST_PAUSE)
# With these pauses: for about two days.
MOST_TRIES = 17

Deliver = Callable[[Webhook, str, str, int], None]


class Deliverer:
    """Sends notices to one webhook."""

    def __init__(
        self,
        webhook: Webhook,
        outbox: Outbox,
        clock: Clock,
        threads: Threads,
        *,
        send: Deliver = deliver,
        randomness: Callable[[], float] = random,
    ) -> None:
        self._webhook = webhook
        self._outbox = outbox
        self._clock = clock
        self._threads = threads
        self._send = send
        self._randomness = randomness
        self._stopping = False

    def stop(self) -> None:
        """Send no further notice: those that are claimed come again once their claim is over."""
        self._stopping = True

    async def round(self) -> int:
        """Send what is due, and return how much of it arrived. Raise VaultError."""
        arrived = 0
        while notices := await self._threads.notices(self._outbox.claim, BATCH, LONGEST_CLAIM):
            for notice in notices:
                if self._stopping:
                    return arrived
                arrived += await self._threads.notices(self._send_one, notice)
        return arrived

    def _send_one(self, notice: Notice) -> bool:
        try:
            self._send(self._webhook, notice.id, notice.body, int(self._clock.now()))
        except NotDelivered as error:
            self._failed(notice, error)
            return False
        self._outbox.delivered(notice)
        counters.notice_sent("delivered")
        return True

    def _failed(self, notice: Notice, error: NotDelivered) -> None:
        tries = notice.tries + 1
        if tries >= MOST_TRIES:
            self._outbox.given_up(notice)
            counters.notice_sent("given_up")
            events.error(
                log, "notice_given_up", noticeId=notice.id, notice=notice.event, tries=tries, error=str(error)
            )
            return
        pause = PAUSES.jittered(notice.tries, self._randomness())
        self._outbox.again(notice, pause)
        counters.notice_sent("failed")
        events.warning(
            log,
            "notice_failed",
            noticeId=notice.id,
            notice=notice.event,
            tries=tries,
            error=str(error),
            againInSeconds=round(pause),
        )
