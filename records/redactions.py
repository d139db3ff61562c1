"""Redaction: a text is taken out of the facts for good, and its digest keeps the chain whole."""

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
from workflows.rules.orders.order import ENDED, approval_id
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import (
    AuditEvent,
    data_field,
    text_digest,
    texts_of,
    without_texts,
)

_WRITTEN_BY_PEOPLE = frozenset({"reason", data_field("content"), data_field("error")})
"""Fields of facts that hold what somebody wrote; the others hold what the rules wrote."""
_SNAPSHOT_TEXTS = frozenset(
    {
        *("reason", "closing_reason", "text", "label", "value", "links", "before", "after"),
        *("part", "note", "customer", "error", "failure"),
        *("description", "item", "new_role", "new_team", "link"),
    }
)
"""Keys of a face under which people's words stand, as does `title` within these:"""
_TITLED = ("content", "request")
_DAYS = ("starts", "ends")
"""Keys of an HR request in a face that hold a day, or nothing."""


class RedactionError(Exception):
    """A text cannot be taken out. Says of which request."""

    def __init__(self, request_id: str) -> None:
        super().__init__(request_id)
        self.request_id = request_id


class NoSuchTextError(RedactionError):
    """There is no such fact, or it has no text in that field; `fields` are those that it has."""

    def __init__(self, request_id: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(request_id)
        self.fields = fields


class StillOpenError(RedactionError):
    """The request goes on: its workflow would write the text again."""


class BrokenTrailError(RedactionError):
    """The trail is not whole; a redaction would hide how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redaction:
    """One text to take out: of which fact, which field (as `texts_of` names it), by whom and why."""

    request_id: str
    sequence: int
    field: str
    actor: Actor
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a text was taken out."""

    request_id: str
    sequence: int
    field: str


class Redactions:
    """Takes texts out of trails that have ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def redact(self, wanted: Redaction) -> tuple[Place, ...]:
        """Take a text out of its fact, and out of wherever this request repeats it.

        That is in other facts, in those of the order that it belongs to, and in the last public
        states. Returns the emptied places; none where it was redacted before. Safe to repeat.

        Raises:
            NoSuchTextError, StillOpenError, BrokenTrailError: see each.

        """
        async with self._database.writing("redactions") as connection:
            family = await _family(connection, wanted.request_id)
            trails = [await read_trail(connection, row["request_id"]) for row in family]
            trail = next((one for one in trails if one.request_id == wanted.request_id), None)
            if trail is None:
                raise NoSuchTextError(wanted.request_id)
            fact = _require_text(trail, wanted)
            if wanted.field in trail.kept(wanted.sequence):
                return ()
            _require_ended_and_whole(family, trails)
            texts = _words(wanted.field, texts_of(fact)[wanted.field])
            places: list[Place] = []
            for one in trails:
                places += await _empty(connection, one, wanted, texts)
            for row in family:
                snapshot = _without(json.loads(row["face"]), texts)
                written = json.dumps(snapshot, ensure_ascii=False, separators=(",", ":"))
                await connection.execute(
                    update(requests).filter_by(request_id=row["request_id"]).values(face=written)
                )
            return tuple(places)


async def _family(connection: Transaction, request_id: str) -> Sequence[Columns]:
    """Return the last states of a request and of the order that it belongs to, or its approval."""
    owner = select(requests.c.owner_id).where(requests.c.request_id == request_id)
    ids = requests.c.request_id.in_([request_id, approval_id(request_id)])
    found = await connection.execute(
        select(requests).where(or_(ids, requests.c.request_id.in_(owner)))
    )
    return [dict(row) for row in found.mappings()]


def _require_text(trail: Trail, wanted: Redaction) -> AuditEvent:
    row = next((one for one in trail.rows if one["sequence"] == wanted.sequence), None)
    if row is None:
        raise NoSuchTextError(wanted.request_id)
    try:
        fact = fact_of(row)
    except ROW_ERRORS:
        raise BrokenTrailError(wanted.request_id) from None
    texts = texts_of(fact)
    if not texts.get(wanted.field) and wanted.field not in trail.kept(wanted.sequence):
        raise NoSuchTextError(wanted.request_id, tuple(one for one in texts if texts[one]))
    return fact


def _require_ended_and_whole(family: Sequence[Columns], trails: Sequence[Trail]) -> None:
    for row, trail in zip(family, trails, strict=True):
        if not _has_ended(row):
            raise StillOpenError(row["request_id"])
        if not trail.verify().intact:
            raise BrokenTrailError(row["request_id"])


def _has_ended(row: Columns) -> bool:
    """Whether its workflow writes nothing more. HR requests go on after their approval."""
    match row["kind"]:
        case "order":
            return row["status"] in ENDED
        case "hr":
            return json.loads(row["face"])["ended_at"] is not None
        case _:
            return row["status"] not in OPEN


async def _empty(
    connection: Transaction, trail: Trail, wanted: Redaction, texts: frozenset[str]
) -> list[Place]:
    """Empty every field of a trail's facts that holds one of the texts."""
    places = []
    for row in trail.rows:
        fact = fact_of(row)
        itself = (wanted.request_id, wanted.sequence) == (fact.request_id, fact.sequence)
        fields = {
            field: text
            for field, text in texts_of(fact).items()
            if (itself and field == wanted.field)
            or (wanted.field in _WRITTEN_BY_PEOPLE and texts & _repeatable(field, text))
        }
        if not fields:
            continue
        await _write(connection, without_texts(fact, frozenset(fields)))
        rows = [
            _row(fact, field, text, wanted, row["chain_hash"]) for field, text in fields.items()
        ]
        await connection.execute(insert(redactions), rows)
        places += [
            Place(request_id=fact.request_id, sequence=fact.sequence, field=one) for one in fields
        ]
    return places


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


def _repeatable(field: str, text: str) -> frozenset[str]:
    return _words(field, text) if field in _WRITTEN_BY_PEOPLE else frozenset()


def _words(field: str, text: str) -> frozenset[str]:
    """Return what to look for of a text: itself or, of what was asked, each of its parts."""
    if field != data_field("content") or not text:
        return frozenset({text} - {""})
    content = json.loads(text)
    fields = content["fields"]
    joined: dict[str, list[str]] = {}
    for one in fields:
        joined.setdefault(one["label"], []).append(one["value"])
    parts = {content["title"], content["text"], *content["links"], "\n".join(content["links"])}
    parts |= {one["value"] for one in fields} | {"\n".join(values) for values in joined.values()}
    parts |= {*joined, *(f"field:{label}" for label in joined)}
    return frozenset(parts - {""})


def _without(value: Any, texts: frozenset[str], key: str = "", within: str = "") -> Any:
    """Return a face's JSON value with nothing where people's words are among `texts`."""
    match value:
        case dict():
            return {name: _without(one, texts, name, key) for name, one in value.items()}
        case list():
            return [_without(one, texts, key, within) for one in value]
        case str() if value in texts and (
            key in _SNAPSHOT_TEXTS or (key == "title" and within in _TITLED)
        ):
            return ""
        case str() if value in texts and key in _DAYS and within == "request":
            return None
        case _:
            return value
