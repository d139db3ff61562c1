"""Redaction: removes a text from the facts for good. Its digest keeps the hash chain intact."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from records.audit import read_trail
from records.database import Database
from records.schema import audit_events, redactions, requests
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
from workflows.rules.approvals.request import OPEN
from workflows.rules.orders.order import ENDED
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import (
    AuditEvent,
    data_field,
    redactable_texts,
    text_digest,
    without_texts,
)
from workflows.rules.shared.ids import approval_id

_FREE_TEXT_FIELDS = frozenset({"reason", data_field("content"), data_field("error")})
"""Fields of facts that contain text from people. The other fields contain text from the rules."""
_SNAPSHOT_TEXTS = frozenset(
    {
        *("reason", "closing_reason", "text", "label", "value", "links", "before", "after"),
        *("part", "note", "customer", "error", "failure"),
        *("description", "item", "new_role", "new_team", "link"),
    }
)
"""Keys of a snapshot whose values contain text from people. So does `title` within `_TITLED`."""
_TITLED = ("content", "request")
_DAYS = ("starts", "ends")
"""Keys of an HR request in a snapshot whose values are a day or null."""


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

        The copies are in other facts, in the facts of the order that the request belongs to, and
        in the latest snapshots. Returns the redacted fields; none if the text was redacted
        earlier. Safe to repeat.

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
            texts = _texts_in(wanted.field, redactable_texts(fact)[wanted.field])
            redacted: list[RedactedField] = []
            for member in trails:
                redacted += await _redact_trail(connection, member, wanted, texts)
            for row in family:
                snapshot = _without(json.loads(row["face"]), texts)
                written = json.dumps(snapshot, ensure_ascii=False, separators=(",", ":"))
                await connection.execute(
                    update(requests).filter_by(request_id=row["request_id"]).values(face=written)
                )
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
        if not _has_ended(row):
            raise StillOpenError(row["request_id"])
        if not trail.verify().intact:
            raise BrokenTrailError(row["request_id"])


def _has_ended(row: Columns) -> bool:
    """Whether the workflow writes no more facts. HR requests continue after their approval."""
    match row["kind"]:
        case "order":
            return row["status"] in ENDED
        case "hr":
            return json.loads(row["face"])["ended_at"] is not None
        case _:
            return row["status"] not in OPEN


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
            or (wanted.field in _FREE_TEXT_FIELDS and texts & _copyable_texts(field, text))
        }
        if not fields:
            continue
        await _write(connection, without_texts(fact, frozenset(fields)))
        rows = [
            _row(fact, field, text, wanted, row["chain_hash"]) for field, text in fields.items()
        ]
        await connection.execute(insert(redactions), rows)
        redacted += [
            RedactedField(request_id=fact.request_id, sequence=fact.sequence, field=field)
            for field in fields
        ]
    return redacted


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


def _copyable_texts(field: str, text: str) -> frozenset[str]:
    return _texts_in(field, text) if field in _FREE_TEXT_FIELDS else frozenset()


def _texts_in(field: str, text: str) -> frozenset[str]:
    """Return the texts to search for: the text itself or, for the request's content, each part of it."""
    if field != data_field("content") or not text:
        return frozenset({text} - {""})
    content = json.loads(text)
    fields = content["fields"]
    joined: dict[str, list[str]] = {}
    for item in fields:
        joined.setdefault(item["label"], []).append(item["value"])
    parts = {content["title"], content["text"], *content["links"], "\n".join(content["links"])}
    parts |= {item["value"] for item in fields} | {"\n".join(values) for values in joined.values()}
    parts |= {*joined, *(f"field:{label}" for label in joined)}
    return frozenset(parts - {""})


def _without(value: Any, texts: frozenset[str], key: str = "", within: str = "") -> Any:
    """Return a JSON value of a snapshot without those of `texts` that people wrote."""
    match value:
        case dict():
            return {name: _without(item, texts, name, key) for name, item in value.items()}
        case list():
            return [_without(item, texts, key, within) for item in value]
        case str() if value in texts and (
            key in _SNAPSHOT_TEXTS or (key == "title" and within in _TITLED)
        ):
            return ""
        case str() if value in texts and key in _DAYS and within == "request":
            return None
        case _:
            return value
