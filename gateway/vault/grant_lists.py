"""A user's stores and ads accounts as lists that are read in parts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from gateway.model import Flow, Grant, Page, Region
from gateway.vault.database.engine import Database
from gateway.vault.database.ordering import ByCodePoint
from gateway.vault.database.tables import grants, profiles
from gateway.vault.grant_rows import GRANT_COLUMNS, HEALTHIEST_FIRST, grant_from


class GrantLists:
    """Parts of what a user holds. Each list has the same order whenever and wherever it is read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stores(
        self,
        user_id: int,
        page: Page,
        seller_id: str | None = None,
        region: Region | None = None,
        external_id: str | None = None,
    ) -> tuple[list[Grant], int]:
        """Return a part of a user's stores, sorted by seller id and region, and how many there are in all.

        Those of a seller, of a region or of a web application's customer alone, where one is given.
        """
        order = (ByCodePoint(grants.c.seller_id), ByCodePoint(grants.c.region), grants.c.id)
        wanted = {
            grants.c.seller_id: seller_id,
            grants.c.region: region,
            grants.c.external_id: external_id,
        }
        which = [column == value for column, value in wanted.items() if value is not None]
        return self._part(user_id, "spapi", which, order, page)

    def accounts_without_profiles(self, user_id: int, page: Page) -> tuple[list[Grant], int]:
        """Return a part of a user's ads accounts that cover no profile, by name, and how many there are."""
        covers_none = ~exists().where(profiles.c.grant_id == grants.c.id)
        return self._part(user_id, "ads", [covers_none], (ByCodePoint(grants.c.name), grants.c.id), page)

    def covered_accounts(self, user_id: int) -> list[Grant]:
        """Return a user's ads accounts that have ended, and of whose profiles another one stands for each.

        By name. No row of a list of profiles shows how they stand.
        """
        place = func.row_number().over(partition_by=profiles.c.profile_id, order_by=HEALTHIEST_FIRST)
        ranked = (
            select(profiles.c.grant_id, place.label("place"))
            .join(grants, grants.c.id == profiles.c.grant_id)
            .where(grants.c.user_id == user_id)
            .subquery()
        )
        behind = select(ranked.c.grant_id).group_by(ranked.c.grant_id).having(func.min(ranked.c.place) > 1)
        query = (
            select(*GRANT_COLUMNS)
            .where(grants.c.id.in_(behind), grants.c.status == "needs_reauthorization")
            .order_by(ByCodePoint(grants.c.name), grants.c.id)
        )
        return self._database.read_possibly_stale(
            lambda connection: [grant_from(row) for row in connection.execute(query)], of_user=user_id
        )

    def _part(
        self,
        user_id: int,
        flow: Flow,
        conditions: Sequence[ColumnElement[bool]],
        order: Sequence[ColumnElement[Any]],
        page: Page,
    ) -> tuple[list[Grant], int]:
        which = (grants.c.user_id == user_id, grants.c.flow == flow, *conditions)
        part = select(*GRANT_COLUMNS).where(*which).order_by(*order).limit(page.limit).offset(page.offset)
        count = select(func.count()).select_from(grants).where(*which)

        def read(connection: Connection) -> tuple[list[Grant], int]:
            found = [grant_from(row) for row in connection.execute(part)]
            return found, connection.execute(count).scalar_one()

        return self._database.read_possibly_stale(read, of_user=user_id)
