"""Open requests, for the comparison with Temporal, and the last state of those that are gone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from records.card_copies import decode_copies
from records.database import Database
from records.schema import requests
from records.snapshots import decode_snapshot
from records.transaction import Transaction
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownState:
    """The latest recorded state of a request. `sequence` is the number of its newest fact."""

    face: Snapshot
    owner_id: str
    sequence: int
    goes_on: bool
    opened_at: datetime
    readers: tuple[str, ...]
    copies: tuple[CardCopy, ...]


class OpenRequests:
    """Reads requests that have not ended according to the records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, before: datetime, after: str, limit: int) -> tuple[str, ...]:
        """Return open requests that have not changed since `before`, by id, after the id `after`."""
        wanted = (
            select(requests.c.request_id)
            .where(requests.c.goes_on, requests.c.request_id > after)
            .where(requests.c.changed_at <= before)
            .order_by(requests.c.request_id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(wanted))

    async def get(self, request_id: str) -> KnownState | None:
        """Return a request's latest state, or None if it is unknown.

        Raises:
            pydantic.ValidationError: a newer version of Countersign wrote it.

        """
        async with self._database.reading() as connection:
            return await _state(connection, request_id)


async def _state(connection: Transaction, request_id: str) -> KnownState | None:
    found = await connection.execute(select(requests).where(requests.c.request_id == request_id))
    row = found.one_or_none()
    if row is None:
        return None
    return KnownState(
        face=decode_snapshot(row.face),
        owner_id=row.owner_id,
        sequence=row.sequence,
        goes_on=row.goes_on,
        opened_at=row.opened_at,
        readers=tuple(row.readers),
        copies=decode_copies(row.copies),
    )
