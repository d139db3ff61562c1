"""Inbox queries: pages of a person's pending decisions, own requests and past decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, and_, func, or_, select

from records.database import Database
from records.inbox_rows import waiting_of
from records.requests import RequestRecord, record_of
from records.schema import audit_events, decided, requests, waiting
from records.trail import facts_of
from records.transaction import Transaction
from workflows.rules.inbox import WaitingApprover
from workflows.rules.shared.audit import AuditEvent

COUNT_LIMIT = 1000
"""The largest number that is counted exactly. Beyond it, a list is shown as "more than"."""

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list, and the length of the list, counted up to `COUNT_LIMIT + 1`."""

    rows: tuple[T_co, ...]
    in_all: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingRequest:
    """A pending decision, and the snapshot (JSON text) of its request."""

    waiting: WaitingApprover
    face: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecidedRequest:
    """A past decision, and the current snapshot (JSON text) of its request."""

    fact: AuditEvent
    face: str


class Inbox:
    """Reads each person's inbox. Only appending to the audit trail writes these rows.

    However long a list is, a page costs two statements, each of which uses one index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_decide(
        self, person: str, now: datetime, *, about: str = "", offset: int = 0, limit: int = 10
    ) -> Page[WaitingRequest]:
        """Return the requests that this person may decide now, the nearest deadline first."""
        theirs = select(waiting.c.request_id).where(_is_pending(person, now))
        page = select(waiting, requests.c.face).join_from(waiting, requests)
        page = page.where(_is_pending(person, now))
        if about:
            theirs = theirs.where(waiting.c.about == about)
            page = page.where(waiting.c.about == about)
        page = page.order_by(waiting.c.expires_at, waiting.c.request_id)
        async with self._database.reading() as connection:
            rows = await connection.execute(page.offset(offset).limit(limit))
            found = tuple(WaitingRequest(waiting=waiting_of(row), face=row.face) for row in rows)
            return Page(rows=found, in_all=await _counted(connection, theirs))

    async def count_to_decide(self, person: str, now: datetime) -> int:
        """Count the requests that this person may decide now, up to `COUNT_LIMIT + 1`."""
        async with self._database.reading() as connection:
            theirs = select(waiting.c.request_id).where(_is_pending(person, now))
            return await _counted(connection, theirs)

    async def mine(
        self,
        requester: str,
        *,
        goes_on: bool = True,
        kind: str = "",
        offset: int = 0,
        limit: int = 10,
    ) -> Page[RequestRecord]:
        """Return this person's own requests, either running or ended ones, the newest first."""
        listed = requests.c.listed_as == kind if kind else requests.c.listed_as != ""
        theirs = and_(requests.c.requester == requester, requests.c.goes_on.is_(goes_on), listed)
        newest = (requests.c.opened_at.desc(), requests.c.request_id.desc())
        page = select(requests).where(theirs).order_by(*newest).offset(offset).limit(limit)
        async with self._database.reading() as connection:
            rows = tuple(record_of(row) for row in await connection.execute(page))
            in_all = await _counted(connection, select(requests.c.request_id).where(theirs))
        return Page(rows=rows, in_all=in_all)

    async def decided(
        self, person: str, *, about: str = "", offset: int = 0, limit: int = 10
    ) -> Page[DecidedRequest]:
        """Return this person's decisions, the newest first."""
        theirs = decided.c.person == person
        if about:
            theirs = and_(theirs, decided.c.about == about)
        newest = (decided.c.at.desc(), decided.c.request_id.desc(), decided.c.sequence.desc())
        page = (
            select(audit_events, requests.c.face)
            .select_from(decided)
            .join(audit_events, _same_fact())
            .join(requests, requests.c.request_id == decided.c.request_id)
            .where(theirs)
            .order_by(*newest)
        )
        async with self._database.reading() as connection:
            rows = tuple(map(_decided, await connection.execute(page.offset(offset).limit(limit))))
            in_all = await _counted(connection, select(decided.c.request_id).where(theirs))
        return Page(rows=rows, in_all=in_all)

    async def faces(self, request_ids: Iterable[str]) -> dict[str, str]:
        """Return the snapshots (JSON text) of these requests by id. Unknown requests are left out."""
        wanted = requests.c.request_id.in_(sorted(request_ids))
        page = select(requests.c.request_id, requests.c.face).where(wanted)
        async with self._database.reading() as connection:
            return {row.request_id: row.face for row in await connection.execute(page)}


def _is_pending(person: str, now: datetime) -> Any:
    """Return the condition for rows of `waiting` that belong to this person and apply at `now`."""
    return and_(
        waiting.c.person == person,
        or_(waiting.c.starts.is_(None), waiting.c.starts <= now),
        or_(waiting.c.ends.is_(None), waiting.c.ends > now),
    )


def _same_fact() -> Any:
    return and_(
        audit_events.c.request_id == decided.c.request_id,
        audit_events.c.sequence == decided.c.sequence,
    )


def _decided(row: Row[Any]) -> DecidedRequest:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    snapshot = columns.pop("face")
    (fact,) = facts_of([columns])
    return DecidedRequest(fact=fact, face=snapshot)


async def _counted(connection: Transaction, matching: Select[Any]) -> int:
    some = matching.limit(COUNT_LIMIT + 1).subquery()
    return int(await connection.scalar(select(func.count()).select_from(some)) or 0)
