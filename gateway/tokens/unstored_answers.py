"""Answers of Amazon's that the vault could not take when they came: kept until a later refresh stores them.

Amazon may have replaced the refresh token, so an answer that is dropped may be an authorization that is lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.amazon.login_with_amazon import TokenAnswer
from gateway.errors import Problem
from gateway.model import Grant
from gateway.tokens.grant_tokens import FINAL_REASONS, GrantTokens


@dataclass(frozen=True, slots=True)
class UnstoredAnswer:
    """An answer of Amazon's to the tokens of that version. `rotated`: it holds another refresh token."""

    answer: TokenAnswer
    version: int
    rotated: bool


class UnstoredAnswers:
    """The answers that this process has yet to store, by grant."""

    def __init__(self) -> None:
        self._kept: dict[int, UnstoredAnswer] = {}

    def __iter__(self) -> Iterator[tuple[int, UnstoredAnswer]]:
        return iter(list(self._kept.items()))

    def keep(self, current: GrantTokens, answer: TokenAnswer) -> None:
        """Keep what Amazon answered to a grant's current tokens until it is stored."""
        rotated = answer.refresh_token not in (None, current.tokens.refresh_token)
        self._kept[current.grant.id] = UnstoredAnswer(answer, current.grant.token_version, rotated)

    def answer_to(self, grant: Grant) -> TokenAnswer | None:
        """Return the kept answer to the grant's present tokens, or None."""
        kept = self._kept.get(grant.id)
        return kept.answer if kept is not None and kept.version == grant.token_version else None

    def has_newer_refresh_token(self, grant: Grant) -> bool:
        """Tell whether the refresh token that Amazon takes now is here, and only waits to be stored.

        To another process, which has the one before, the store then looks revoked.
        """
        kept = self._kept.get(grant.id)
        return kept is not None and kept.rotated and kept.version == grant.token_version

    def drop(self, grant_id: int) -> None:
        """Forget the answer for a grant: it is stored, or newer tokens are."""
        self._kept.pop(grant_id, None)

    def drop_if_final(self, grant_id: int, problem: Problem) -> None:
        """Forget the answer for a grant that is gone or has been revoked."""
        if problem.reason in FINAL_REASONS:
            self.drop(grant_id)
