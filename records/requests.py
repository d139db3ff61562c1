"""The read model: the latest state of every request, stored together with its facts."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update

from records.card_copies import encode_copies
from records.database import Database
from records.homes import mark_stale
from records.inbox_rows import keep_waiting
from records.schema import requests, watches
from records.transaction import Transaction
from workflows.rules.approvals.request import RequestKind
from workflows.rules.inbox import WaitingApprover
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardCopy


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicState:
    """The state of a request to store.

    `owner_id` is the workflow that owns the card, and `face` the JSON text of the snapshot, whose
    type is given by `kind`. `watches` are the subjects that the request depends on while it is
    open: `user:U…`, `email:…`, `group:…`. `waiting` are the pending decisions. `listed_as` is the
    kind under which the inbox lists it for its requester, empty if it is part of another request.
    `readers` may see all of a private request. `about` is the kind under which its decisions are
    listed. `copies` are the places of its card, posted or planned.
    """

    request_id: str
    owner_id: str
    kind: str
    requester: str
    status: str
    face: str
    watches: frozenset[str] = frozenset()
    waiting: tuple[WaitingApprover, ...] = ()
    listed_as: str = ""
    goes_on: bool = False
    readers: tuple[str, ...] = ()
    about: RequestKind = RequestKind.APPROVAL
    copies: tuple[CardCopy, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRecord:
    """The stored state, the number of the newest fact, and the times of the first and newest fact."""

    request_id: str
    owner_id: str
    kind: str
    requester: str
    status: str
    face: str
    sequence: int
    opened_at: datetime
    changed_at: datetime
    readers: tuple[str, ...] = ()


class Requests:
    """Reads the latest states. Only appending to the audit trail writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, request_id: str) -> RequestRecord | None:
        """Return one request, or None if it is unknown."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(requests).where(requests.c.request_id == request_id)
            )
            row = found.one_or_none()
        return record_of(row) if row is not None else None

    async def overview(
        self, *, open_only: bool = False, requester: str = "", policy: str = "", limit: int = 20
    ) -> tuple[RequestRecord, ...]:
        """Return the latest approvals, the newest first, optionally of one requester or policy."""
        wanted = select(requests).where(requests.c.kind == "approval")
        if open_only:
            wanted = wanted.where(requests.c.goes_on.is_(True))
        if requester:
            wanted = wanted.where(requests.c.requester == requester)
        if policy:  # JSON escapes quotes inside texts, so this matches only the key
            wanted = wanted.where(
                requests.c.face.contains(f'"policy":{json.dumps(policy)}', autoescape=True)
            )
        return await self._latest(wanted, limit)

    async def orders(
        self, *, open_only: bool = False, requester: str = "", limit: int = 20
    ) -> tuple[RequestRecord, ...]:
        """Return the latest orders, the newest first, optionally of one requester."""
        wanted = select(requests).where(requests.c.kind == "order")
        if open_only:
            wanted = wanted.where(requests.c.goes_on.is_(True))
        if requester:
            wanted = wanted.where(requests.c.requester == requester)
        return await self._latest(wanted, limit)

    async def _latest(self, wanted: Select[Any], limit: int) -> tuple[RequestRecord, ...]:
        newest = wanted.order_by(requests.c.opened_at.desc(), requests.c.request_id.desc())
        async with self._database.reading() as connection:
            found = await connection.execute(newest.limit(limit))
            return tuple(record_of(row) for row in found)

    async def opened_between(self, start: datetime, end: datetime) -> tuple[RequestRecord, ...]:
        """Return the orders received at or after `start` and before `end`, the oldest first."""
        theirs = (
            select(requests)
            .where(requests.c.kind == "order")
            .where(requests.c.opened_at >= start, requests.c.opened_at < end)
            .order_by(requests.c.opened_at, requests.c.request_id)
        )
        async with self._database.reading() as connection:
            return tuple(record_of(row) for row in await connection.execute(theirs))

    async def open_watching(self, *subjects: str) -> tuple[str, ...]:
        """Return the ids of the open requests that depend on any of `subjects`, each once.

        The subjects have the form of `PublicState.watches`. A request that is closed, or waits
        for its requester, depends on none.
        """
        theirs = (
            select(watches.c.request_id)
            .where(watches.c.subject.in_(subjects))
            .distinct()
            .order_by(watches.c.request_id)
        )
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(theirs))


async def store(
    connection: Transaction, state: PublicState, newest: AuditEvent, chain_hash: str
) -> None:
    """Store the state that the fact `newest` led to, unless the state of a later fact is stored.

    The caller holds a writing transaction on the request.
    """
    columns = {
        "owner_id": state.owner_id,
        "kind": state.kind,
        "requester": state.requester,
        "status": state.status,
        "face": state.face,
        "sequence": newest.sequence,
        "chain_hash": chain_hash,
        "changed_at": newest.at,
        "listed_as": state.listed_as,
        "goes_on": state.goes_on,
        "readers": list(state.readers),
        "copies": encode_copies(state.copies),
    }
    known = requests.c.request_id == state.request_id
    head = await connection.scalar(select(requests.c.sequence).where(known))
    if head is None:
        row = columns | {"request_id": state.request_id, "opened_at": newest.at}
        await connection.execute(insert(requests).values(row))
    elif head < newest.sequence:
        await connection.execute(update(requests).where(known).values(columns))
    else:
        return
    await _watch(connection, state, known_before=head is not None)
    affected = await keep_waiting(connection, state.request_id, state.waiting)
    await mark_stale(connection, {state.requester, *affected}, newest.at)


async def _watch(connection: Transaction, state: PublicState, *, known_before: bool) -> None:
    """Update the subjects that the request depends on. Most facts change none of them."""
    of_request = watches.c.request_id == state.request_id
    before = (
        set(await connection.scalars(select(watches.c.subject).where(of_request)))
        if known_before
        else set()
    )
    if gone := before - state.watches:
        await connection.execute(delete(watches).where(of_request, watches.c.subject.in_(gone)))
    if new := state.watches - before:
        rows = [{"request_id": state.request_id, "subject": subject} for subject in sorted(new)]
        await connection.execute(insert(watches), rows)


def record_of(row: Row[tuple[object, ...]]) -> RequestRecord:
    """Return the record in a row, which may have other columns too."""
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    found = {field.name: columns[field.name] for field in fields(RequestRecord)}
    return RequestRecord(**found | {"readers": tuple(found["readers"])})
