"""The audit trail: facts appended once, chained by hash per request, never changed."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import func, insert, select, union

from records.database import Database
from records.inbox_rows import keep_decisions
from records.requests import PublicState, store
from records.schema import audit_events, redactions, requests
from records.trail import Columns, Flaw, Trail, Verification, columns_of, facts_of
from records.transaction import Transaction
from workflows.rules.shared.audit import GENESIS, AuditEvent, chain_hash

__all__ = [
    "AuditConflictError",
    "AuditGapError",
    "AuditTrail",
    "Flaw",
    "Verification",
    "read_trail",
]

PAGE = 200
"""Requests whose ids are read at once where all are gone through."""


class AuditConflictError(Exception):
    """Another fact stands under the same request id and sequence."""

    def __init__(self, request_id: str, sequence: int) -> None:
        super().__init__(f"another fact stands at {request_id} number {sequence}")
        self.request_id = request_id
        self.sequence = sequence


class AuditGapError(Exception):
    """Facts are missing between what is written down and what was to be appended."""

    def __init__(self, request_id: str, expected: int, found: int) -> None:
        super().__init__(f"{request_id} goes on with number {expected}, not with {found}")
        self.request_id = request_id
        self.expected = expected
        self.found = found


class AuditTrail:
    """The facts of every request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, facts: Sequence[AuditEvent], state: PublicState) -> None:
        """Write down consecutive facts of one request and the state they led to, or nothing at all.

        Safe to repeat, late too: facts that are there already are left alone, and so is the state
        of a later fact.

        Raises:
            AuditConflictError: another fact stands under one of the numbers.
            AuditGapError: facts before these are missing.

        """
        _check_consecutive(facts, state.request_id)
        async with self._database.writing(state.request_id) as connection:
            known = await _hashes_from(connection, state.request_id, facts[0].sequence - 1)
            if facts[0].sequence - 1 not in known:
                expected = await _next_number(connection, state.request_id)
                raise AuditGapError(state.request_id, expected, facts[0].sequence)
            previous = known[facts[0].sequence - 1]
            new = []
            for fact in facts:
                digest = chain_hash(previous, fact)
                if fact.sequence not in known:
                    new.append(columns_of(fact) | {"chain_hash": digest})
                elif known[fact.sequence] != digest:
                    raise AuditConflictError(state.request_id, fact.sequence)
                previous = digest
            if new:
                await connection.execute(insert(audit_events), new)
                await keep_decisions(connection, facts[-len(new) :], state.about)
            await store(connection, state, facts[-1], previous)

    async def facts(self, request_id: str) -> tuple[AuditEvent, ...]:
        """Return the facts of a request in order; none where nothing is known of it."""
        async with self._database.reading() as connection:
            return facts_of(await _rows(connection, request_id))

    async def trail(self, request_id: str) -> Trail:
        """Return everything that is written down of a request's facts, as it stands there."""
        async with self._database.reading() as connection:
            return await read_trail(connection, request_id)

    async def verify(self, request_id: str) -> Verification:
        """Recompute a request's chain of hashes, byte by byte, and say where it breaks first."""
        return (await self.trail(request_id)).verify()

    async def request_ids(self) -> AsyncIterator[str]:
        """Yield the id of every request of which anything is written down, a page at a time."""
        tables = (audit_events, requests, redactions)
        known = union(*(select(table.c.request_id) for table in tables)).subquery()
        last, full = "", True
        while full:
            page = select(known).where(known.c.request_id > last)
            async with self._database.reading() as connection:
                found = await connection.scalars(page.order_by(known.c.request_id).limit(PAGE))
                ids = found.all()
            for request_id in ids:
                yield request_id
            last, full = ids[-1] if ids else last, len(ids) == PAGE


async def read_trail(connection: Transaction, request_id: str) -> Trail:
    """Return a request's trail as it stands in this transaction."""
    kept = select(redactions).where(redactions.c.request_id == request_id)
    head = select(requests).where(requests.c.request_id == request_id)
    row = (await connection.execute(head)).mappings().one_or_none()
    erased = await connection.execute(kept.order_by(redactions.c.sequence, redactions.c.field))
    return Trail(
        request_id=request_id,
        rows=tuple(await _rows(connection, request_id)),
        redactions=tuple(dict(one) for one in erased.mappings()),
        head=dict(row) if row is not None else None,
    )


def _check_consecutive(facts: Sequence[AuditEvent], request_id: str) -> None:
    if not facts:
        raise ValueError("an append needs a fact")
    for number, fact in enumerate(facts, facts[0].sequence):
        if fact.request_id != request_id:
            raise ValueError(f"a fact of {fact.request_id} among those of {request_id}")
        if fact.sequence != number:
            raise AuditGapError(request_id, number, fact.sequence)


async def _hashes_from(connection: Transaction, request_id: str, sequence: int) -> dict[int, str]:
    """Return the hashes by number from `sequence` on; number 0 is what the first is chained to."""
    found = await connection.execute(
        select(audit_events.c.sequence, audit_events.c.chain_hash).where(
            audit_events.c.request_id == request_id, audit_events.c.sequence >= sequence
        )
    )
    hashes = {row.sequence: row.chain_hash for row in found}
    return hashes | {0: GENESIS} if sequence == 0 else hashes


async def _next_number(connection: Transaction, request_id: str) -> int:
    newest = await connection.scalar(
        select(func.max(audit_events.c.sequence)).where(audit_events.c.request_id == request_id)
    )
    return (newest or 0) + 1


async def _rows(connection: Transaction, request_id: str) -> Sequence[Columns]:
    found = await connection.execute(
        select(audit_events)
        .where(audit_events.c.request_id == request_id)
        .order_by(audit_events.c.sequence)
    )
    return [dict(row) for row in found.mappings()]
