"""The audit trail: facts appended once, chained by hash per request, never changed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, insert, select

from records.database import Database
from records.requests import PublicState, store
from records.schema import audit_events, requests
from records.transaction import Transaction
from workflows.rules.audit import GENESIS, AuditEvent, Fact, chain_hash
from workflows.rules.people import Actor, Origin


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


class Flaw(StrEnum):
    """What can be wrong with a trail."""

    NOTHING_WRITTEN = "nothing_written"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    CUT_SHORT = "cut_short"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """How many facts a trail has, and its first flaw with the number of the fact it is at."""

    request_id: str
    facts: int
    flaw: Flaw | None = None
    sequence: int = 0

    @property
    def intact(self) -> bool:
        """Whether every fact is there and unchanged."""
        return self.flaw is None


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
                    new.append(_columns(fact) | {"chain_hash": digest})
                elif known[fact.sequence] != digest:
                    raise AuditConflictError(state.request_id, fact.sequence)
                previous = digest
            if new:
                await connection.execute(insert(audit_events), new)
            await store(connection, state, facts[-1], previous)

    async def facts(self, request_id: str) -> tuple[AuditEvent, ...]:
        """Return the facts of a request in order; none where nothing is known of it."""
        async with self._database.reading() as connection:
            return tuple(_fact(row) for row in await _rows(connection, request_id))

    async def verify(self, request_id: str) -> Verification:
        """Recompute a request's chain of hashes, byte by byte, and say where it breaks first."""
        async with self._database.reading() as connection:
            rows = await _rows(connection, request_id)
            found = await connection.execute(
                select(requests.c.sequence, requests.c.chain_hash).where(
                    requests.c.request_id == request_id
                )
            )
            head = found.one_or_none()
        flaw, sequence = _first_flaw(rows, head)
        return Verification(request_id=request_id, facts=len(rows), flaw=flaw, sequence=sequence)


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


async def _rows(connection: Transaction, request_id: str) -> Sequence[Row[Any]]:
    found = await connection.execute(
        select(audit_events)
        .where(audit_events.c.request_id == request_id)
        .order_by(audit_events.c.sequence)
    )
    return found.all()


def _first_flaw(rows: Sequence[Row[Any]], head: Row[Any] | None) -> tuple[Flaw | None, int]:
    if not rows and head is None:
        return Flaw.NOTHING_WRITTEN, 0
    previous = GENESIS
    for number, row in enumerate(rows, 1):
        if flaw := _flaw(row, number, previous):
            return flaw, number
        previous = row.chain_hash
    if head is None or head.sequence > len(rows):
        return Flaw.CUT_SHORT, len(rows) + 1
    if (head.sequence, head.chain_hash) != (len(rows), previous):
        return Flaw.ALTERED, len(rows)
    return None, 0


def _flaw(row: Row[Any], number: int, previous: str) -> Flaw | None:
    if row.sequence != number:
        return Flaw.MISSING
    try:
        fact = _fact(row)
        written = _columns(fact) | {"chain_hash": chain_hash(previous, fact)}
    except (ValueError, KeyError, TypeError, AttributeError):  # not what any fact looks like
        return Flaw.UNREADABLE
    return None if written == dict(row._mapping) else Flaw.ALTERED  # noqa: SLF001 - SQLAlchemy's public name


def _columns(fact: AuditEvent) -> dict[str, object]:
    return {
        "request_id": fact.request_id,
        "sequence": fact.sequence,
        "kind": fact.kind.value,
        "at": fact.at.astimezone(UTC).isoformat(),
        "actor": json.dumps(asdict(fact.actor), sort_keys=True),
        "content_revision": fact.content_revision,
        "level": fact.level,
        "rule": fact.rule,
        "reason": fact.reason,
        "data": json.dumps(fact.data, sort_keys=True),
    }


def _fact(row: Row[Any]) -> AuditEvent:
    actor = json.loads(row.actor)
    return AuditEvent(
        request_id=row.request_id,
        sequence=row.sequence,
        kind=Fact(row.kind),
        at=datetime.fromisoformat(row.at),
        actor=Actor(
            person=actor["person"], origin=Origin(actor["origin"]), operator=actor["operator"]
        ),
        content_revision=row.content_revision,
        level=row.level,
        rule=row.rule,
        reason=row.reason,
        data=json.loads(row.data),
    )
