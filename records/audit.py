"""The audit trail: facts appended once, chained by hash per request, never changed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from sqlalchemy import func, insert, select

from records.database import Database
from records.inbox_rows import keep_decisions
from records.references import is_referenced, known_ids
from records.requests import PublicState, store
from records.schema import audit_events, redactions, requests
from records.trail import Columns, Trail, Verification, columns_of, facts_of
from records.transaction import Transaction
from workflows.rules.shared.audit import GENESIS, AuditEvent, chain_hash

PAGE_SIZE = 200
"""Request ids per page when all of them are read."""


class AuditConflictError(Exception):
    """Another fact with the same request id and sequence is stored already."""

    def __init__(self, request_id: str, sequence: int) -> None:
        super().__init__(f"{request_id} already has another fact number {sequence}")
        self.request_id = request_id
        self.sequence = sequence


class AuditGapError(Exception):
    """Facts are missing between those that are stored and those to append."""

    def __init__(self, request_id: str, expected: int, found: int) -> None:
        super().__init__(f"the next fact of {request_id} is number {expected}, not {found}")
        self.request_id = request_id
        self.expected = expected
        self.found = found


class AuditTrail:
    """The facts of every request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, facts: Sequence[AuditEvent], state: PublicState) -> int:
        """Store consecutive facts of one request and the state they led to, all or nothing.

        Returns how many of the facts are new: the last ones.

        Safe to repeat, even much later: facts that are stored already are not changed, nor is the
        state that a later fact led to.

        Raises:
            AuditConflictError: another fact has one of the numbers.
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
        return len(new)

    async def facts(self, request_id: str) -> tuple[AuditEvent, ...]:
        """Return the facts of a request in order; none if the request is unknown."""
        async with self._database.reading() as connection:
            return facts_of(await _rows(connection, request_id))

    async def first(self, request_id: str) -> AuditEvent | None:
        """Return the first fact of a request, or None if the request is unknown."""
        async with self._database.reading() as connection:
            facts = facts_of(await _rows(connection, request_id, last=1))
        return facts[0] if facts else None

    async def trail(self, request_id: str) -> Trail:
        """Return a request's trail as it is stored."""
        async with self._database.reading() as connection:
            return await read_trail(connection, request_id)

    async def verify(self, request_id: str) -> Verification:
        """Recompute a request's hash chain byte by byte and return the first flaw."""
        return (await self.trail(request_id)).verify()

    async def request_ids(self) -> AsyncIterator[str]:
        """Yield the id of every request that the records mention, a page at a time.

        An order without an approval has none of the id that is yielded for its approval.
        """
        known = known_ids().subquery()
        last, full = "", True
        while full:
            page = select(known).where(known.c.request_id > last)
            async with self._database.reading() as connection:
                found = await connection.scalars(page.order_by(known.c.request_id).limit(PAGE_SIZE))
                ids = found.all()
            for request_id in ids:
                yield request_id
            last, full = ids[-1] if ids else last, len(ids) == PAGE_SIZE


async def read_trail(connection: Transaction, request_id: str) -> Trail:
    """Return a request's trail as this transaction sees it."""
    kept = select(redactions).where(redactions.c.request_id == request_id)
    head = select(requests).where(requests.c.request_id == request_id)
    row = (await connection.execute(head)).mappings().one_or_none()
    erased = await connection.execute(kept.order_by(redactions.c.sequence, redactions.c.field))
    trail = Trail(
        request_id=request_id,
        rows=tuple(await _rows(connection, request_id)),
        redactions=tuple(dict(redaction) for redaction in erased.mappings()),
        head=dict(row) if row is not None else None,
    )
    if trail.rows or trail.head is not None:
        return trail
    return replace(trail, is_referenced=await is_referenced(connection, request_id))


def _check_consecutive(facts: Sequence[AuditEvent], request_id: str) -> None:
    if not facts:
        raise ValueError("there are no facts to append")
    for number, fact in enumerate(facts, facts[0].sequence):
        if fact.request_id != request_id:
            raise ValueError(f"a fact of {fact.request_id} among the facts of {request_id}")
        if fact.sequence != number:
            raise AuditGapError(request_id, number, fact.sequence)


async def _hashes_from(connection: Transaction, request_id: str, sequence: int) -> dict[int, str]:
    """Return the hashes by number, starting at `sequence`. Number 0 is the hash before the first fact."""
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


async def _rows(
    connection: Transaction, request_id: str, last: int | None = None
) -> Sequence[Columns]:
    """Return the rows up to the fact number `last`, in order."""
    wanted = select(audit_events).where(audit_events.c.request_id == request_id)
    if last is not None:
        wanted = wanted.where(audit_events.c.sequence <= last)
    found = await connection.execute(wanted.order_by(audit_events.c.sequence))
    return [dict(row) for row in found.mappings()]
