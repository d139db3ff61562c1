"""Redaction: removes a text from the facts for good. Its digest keeps the hash chain intact."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select, update

from records.audit import read_trail
from records.database import Database
from records.homes import forget_notices, mark_stale
from records.personnel import redact_entries
from records.private_texts import (
    CONTENT,
    FREE_TEXT_FIELDS,
    copyable_texts,
    texts_in,
    texts_of_order,
    without_texts,
)
from records.schema import audit_events, decided, redactions, requests
from records.trail import (
    ROW_ERRORS,
    Columns,
    Trail,
    actor_text,
    data_text,
    fact_of,
    instant_text,
    seal,
)
from records.transaction import Transaction
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import (
    AuditEvent,
    redactable_texts,
    text_digest,
)
from workflows.rules.shared.audit import without_texts as without_fields
from workflows.rules.shared.ids import approval_id


class RedactionError(Exception):
    """A text of this request cannot be redacted."""

    def __init__(self, request_id: str) -> None:
        super().__init__(request_id)
        self.request_id = request_id


class NoSuchTextError(RedactionError):
    """There is no such fact, or it has no text in that field. `fields` lists the fields with text."""

    def __init__(self, request_id: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(request_id)
        self.fields = fields


class StillOpenError(RedactionError):
    """The request is still running: its workflow would write the text again."""


class BrokenTrailError(RedactionError):
    """The trail has a flaw, which a redaction would hide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redaction:
    """One text to redact: the fact, the field (as `redactable_texts` names it), who redacts it and why."""

    request_id: str
    sequence: int
    field: str
    actor: Actor
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RedactedField:
    """A field of a fact whose text was removed."""

    request_id: str
    sequence: int
    field: str


class Redactions:
    """Redacts texts in the trails of ended requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def redact(self, wanted: Redaction) -> tuple[RedactedField, ...]:
        """Remove a text from its fact and from all copies of it in the same request.

        The copies are in other facts, in the facts of the order that the request belongs to, in the
        latest snapshots and in the personnel file. With an order's content, its customer, e-mail
        address and note are removed too. Notices on App Homes are removed, and the homes of the
        people involved are published again. Returns the redacted fields; none if the text was
        redacted earlier. Safe to repeat.

        Raises:
            NoSuchTextError, StillOpenError, BrokenTrailError: see their docstrings.

        """
        async with self._database.writing("redactions") as connection:
            family = await _family(connection, wanted.request_id)
            trails = [await read_trail(connection, row["request_id"]) for row in family]
            trail = next((known for known in trails if known.request_id == wanted.request_id), None)
            if trail is None:
                raise NoSuchTextError(wanted.request_id)
            fact = _require_text(trail, wanted)
            if wanted.field in trail.kept(wanted.sequence):
                return ()
            _require_ended_and_whole(family, trails)
            texts = texts_in(wanted.field, redactable_texts(fact)[wanted.field])
            if wanted.field == CONTENT:
                texts = texts.union(*(texts_of_order(json.loads(row["face"])) for row in family))
            redacted: list[RedactedField] = []
            for member in trails:
                redacted += await _redact_trail(connection, member, wanted, texts)
            await _redact_snapshots(connection, family, texts)
            await redact_entries(connection, [row["request_id"] for row in family], texts)
            people = await forget_notices(connection) | await _deciders(connection, family)
            people |= {row["requester"] for row in family}
            await mark_stale(connection, people, wanted.at)
            return tuple(redacted)


async def _family(connection: Transaction, request_id: str) -> Sequence[Columns]:
    """Return the rows of a request and of the order that it belongs to, or of its approval."""
    owner = select(requests.c.owner_id).where(requests.c.request_id == request_id)
    ids = requests.c.request_id.in_([request_id, approval_id(request_id)])
    found = await connection.execute(
        select(requests).where(or_(ids, requests.c.request_id.in_(owner)))
    )
    return [dict(row) for row in found.mappings()]


def _require_text(trail: Trail, wanted: Redaction) -> AuditEvent:
    row = next((known for known in trail.rows if known["sequence"] == wanted.sequence), None)
    if row is None:
        raise NoSuchTextError(wanted.request_id)
    try:
        fact = fact_of(row)
    except ROW_ERRORS:
        raise BrokenTrailError(wanted.request_id) from None
    texts = redactable_texts(fact)
    if not texts.get(wanted.field) and wanted.field not in trail.kept(wanted.sequence):
        raise NoSuchTextError(wanted.request_id, tuple(field for field in texts if texts[field]))
    return fact


def _require_ended_and_whole(family: Sequence[Columns], trails: Sequence[Trail]) -> None:
    for row, trail in zip(family, trails, strict=True):
        if row["goes_on"]:  # its workflow would write the text again
            raise StillOpenError(row["request_id"])
        if not trail.verify().intact:
            raise BrokenTrailError(row["request_id"])


async def _redact_trail(
    connection: Transaction, trail: Trail, wanted: Redaction, texts: frozenset[str]
) -> list[RedactedField]:
    """Empty every field of a trail's facts that contains one of the texts."""
    redacted = []
    for row in trail.rows:
        fact = fact_of(row)
        is_wanted = (wanted.request_id, wanted.sequence) == (fact.request_id, fact.sequence)
        fields = {
            field: text
            for field, text in redactable_texts(fact).items()
            if (is_wanted and field == wanted.field)
            or (wanted.field in FREE_TEXT_FIELDS and texts & copyable_texts(field, text))
        }
        if not fields:
            continue
        await _write(connection, without_fields(fact, frozenset(fields)))
        rows = [
            _row(fact, field, text, wanted, row["chain_hash"]) for field, text in fields.items()
        ]
        await connection.execute(insert(redactions), rows)
        redacted += [
            RedactedField(request_id=fact.request_id, sequence=fact.sequence, field=field)
            for field in fields
        ]
    return redacted


async def _redact_snapshots(
    connection: Transaction, family: Sequence[Columns], texts: frozenset[str]
) -> None:
    for row in family:
        snapshot = without_texts(json.loads(row["face"]), texts)
        written = json.dumps(snapshot, ensure_ascii=False, separators=(",", ":"))
        await connection.execute(
            update(requests).filter_by(request_id=row["request_id"]).values(face=written)
        )


async def _deciders(connection: Transaction, family: Sequence[Columns]) -> frozenset[str]:
    """Return the people who find the requests in the history on their App Home."""
    ids = decided.c.request_id.in_([row["request_id"] for row in family])
    return frozenset(await connection.scalars(select(decided.c.person).where(ids)))


async def _write(connection: Transaction, fact: AuditEvent) -> None:
    known = {"request_id": fact.request_id, "sequence": fact.sequence}
    change = update(audit_events).filter_by(**known)
    await connection.execute(change.values(reason=fact.reason, data=data_text(fact.data)))


def _row(
    fact: AuditEvent, field: str, text: str, wanted: Redaction, fact_hash: str
) -> dict[str, object]:
    row = {
        "request_id": fact.request_id,
        "sequence": fact.sequence,
        "field": field,
        "digest": text_digest(text),
        "at": instant_text(wanted.at),
        "actor": actor_text(wanted.actor),
        "why": wanted.why,
    }
    return row | {"seal": seal(row, fact_hash)}
