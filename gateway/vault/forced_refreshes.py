"""How many refreshes a user may force: a token bucket each, for every process on the database alike.

A user's row keeps until when the bucket fills again (the virtual schedule of ITU-T I.371, GCRA): each forced
refresh moves that time on by INTERVAL, and where it lies ahead by BURST of them the bucket is empty. A rest
that Amazon asks for moves it on as well, for this user alone. Times are by the database's clock.
"""

from sqlalchemy import BigInteger, Integer, bindparam, select, update

from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import milliseconds_left
from gateway.vault.database.tables import users

# So many refreshes a user may force at once, and after that one for each interval (milliseconds).
BURST = 60
INTERVAL = 1_000
LONGEST_REST = 300  # seconds
_LAST_PLACE = (BURST - 1) * INTERVAL
_LEFT = milliseconds_left(users.c.forced_refreshes_ms, _LAST_PLACE + INTERVAL + LONGEST_REST * 1000)

# Made once: making a statement costs about as much as sending it.
_OF_USER = users.c.id == bindparam("user", type_=Integer)
_TAKE = (
    update(users)
    .where(_OF_USER, _LEFT <= _LAST_PLACE)
    .values(forced_refreshes_ms=DatabaseMilliseconds() + _LEFT + INTERVAL)
)
_REST = (
    update(users)
    .where(_OF_USER, _LAST_PLACE + bindparam("rest", type_=BigInteger) > _LEFT)
    .values(forced_refreshes_ms=DatabaseMilliseconds() + _LAST_PLACE + bindparam("rest", type_=BigInteger))
)


class ForcedRefreshes:
    """The buckets of all users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, user_id: int) -> float:
        """Take one refresh out of a user's bucket; return 0, or the seconds to wait where it is empty."""
        with self._database.changing() as connection:
            if connection.execute(_TAKE, {"user": user_id}).rowcount == 1:
                return 0.0
        with self._database.reading() as connection:
            left = connection.execute(select(_LEFT).where(_OF_USER), {"user": user_id}).scalar_one()
        return max(left - _LAST_PLACE, 1) / 1000

    def rest(self, user_id: int, seconds: float) -> float:
        """Let a user force no refresh for so many seconds, LONGEST_REST at most; return how many."""
        seconds = min(seconds, LONGEST_REST)
        with self._database.changing() as connection:
            connection.execute(_REST, {"user": user_id, "rest": int(seconds * 1000)})
        return seconds
