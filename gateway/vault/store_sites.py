"""The sites of each store, as Amazon listed them when it was last asked."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from gateway.model import Grant, Site, StoreSites
from gateway.util.clock import Clock
from gateway.vault.database.changes import note_change
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import grants, store_sites

# So many stores are looked for at once: a statement takes a bounded number of values.
BATCH = 500


class SitesOfStores:
    """What is known of the sites of stores. A store that was never asked for has none."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, grant_id: int, sites: Sequence[Site]) -> None:
        """Keep what Amazon lists now in place of what was kept. A store that was removed gets none."""
        values = {
            "sites": json.dumps(sites, ensure_ascii=False),  # a Site is a tuple, so a list for each
            "read_at": int(self._clock.now()),
        }
        with self._database.writing() as connection:
            lock = select(grants.c.user_id).where(grants.c.id == grant_id).with_for_update()
            user_id = connection.execute(lock).scalar()
            if user_id is None:
                return
            note_change(connection, user_id)
            known = update(store_sites).where(store_sites.c.grant_id == grant_id).values(**values)
            if connection.execute(known).rowcount == 0:
                connection.execute(insert(store_sites).values(grant_id=grant_id, **values))

    def of(self, stores: Sequence[Grant]) -> dict[int, StoreSites]:
        """Return what is known of a user's stores, by the number of the grant: of those ever looked at."""
        numbers = [store.id for store in stores]
        if not numbers:
            return {}

        def read(connection: Connection) -> dict[int, StoreSites]:
            found: dict[int, StoreSites] = {}
            for start in range(0, len(numbers), BATCH):
                query = select(store_sites).where(store_sites.c.grant_id.in_(numbers[start : start + BATCH]))
                for grant_id, sites, read_at in connection.execute(query):
                    found[grant_id] = StoreSites(tuple(Site(*site) for site in json.loads(sites)), read_at)
            return found

        return self._database.read_possibly_stale(read, of_user=stores[0].user_id)
