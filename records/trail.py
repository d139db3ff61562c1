"""One request's stored trail, and its verification by recomputing the hash chain."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import (
    GENESIS,
    AuditEvent,
    Fact,
    chain_digest,
    chain_hash,
    redactable_texts,
)

Columns = Mapping[str, Any]
"""One row, by column name."""

ROW_ERRORS = (ValueError, KeyError, TypeError, AttributeError)
"""The exceptions that reading a corrupt or tampered row can raise."""


class Flaw(StrEnum):
    """The kinds of damage to a trail."""

    NOTHING_WRITTEN = "nothing_written"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    REDACTION = "redaction"
    CUT_SHORT = "cut_short"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """The number of facts in a trail, and its first flaw with the number of the fact concerned."""

    request_id: str
    facts: int
    flaw: Flaw | None = None
    sequence: int = 0

    @property
    def intact(self) -> bool:
        """Whether every fact is there and unchanged."""
        return self.flaw is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """The raw rows about one request's facts, read at the same moment.

    `rows` are from `audit_events`, in order. `redactions` are from `redactions`, and `head` is the
    row of `requests`, or None. `is_referenced` is set if there are neither rows nor a head, although
    another record is about this request.
    """

    request_id: str
    rows: tuple[Columns, ...]
    redactions: tuple[Columns, ...] = ()
    head: Columns | None = None
    is_referenced: bool = False

    def kept(self, sequence: int) -> dict[str, str]:
        """Return the digests of a fact's redacted texts, by field."""
        return {
            redaction["field"]: redaction["digest"]
            for redaction in self.redactions
            if redaction["sequence"] == sequence
        }

    def verify(self) -> Verification:
        """Recompute the hash chain byte by byte and return the first flaw."""
        flaw, sequence = self._first_flaw()
        return Verification(
            request_id=self.request_id, facts=len(self.rows), flaw=flaw, sequence=sequence
        )

    def _first_flaw(self) -> tuple[Flaw | None, int]:
        if not self.rows and self.head is None:
            return (Flaw.DELETED, 1) if self.is_referenced else (Flaw.NOTHING_WRITTEN, 0)
        previous = GENESIS
        for number, row in enumerate(self.rows, 1):
            if flaw := self._flaw(row, number, previous):
                return flaw, number
            previous = row["chain_hash"]
        stray = [redaction["sequence"] for redaction in self.redactions]
        if stray and not 1 <= min(stray) <= max(stray) <= len(self.rows):
            return Flaw.REDACTION, next(n for n in stray if not 1 <= n <= len(self.rows))
        if self.head is None or self.head["sequence"] > len(self.rows):
            return Flaw.CUT_SHORT, len(self.rows) + 1
        if (self.head["sequence"], self.head["chain_hash"]) != (len(self.rows), previous):
            return Flaw.ALTERED, len(self.rows)
        return None, 0

    def _flaw(self, row: Columns, number: int, previous: str) -> Flaw | None:
        if row["sequence"] != number:
            return Flaw.MISSING
        try:
            fact = fact_of(row)
            digest = chain_hash(previous, fact, self.kept(number))
            expected = columns_of(fact) | {"chain_hash": digest}
        except ROW_ERRORS:
            return Flaw.UNREADABLE
        if expected != dict(row):
            return Flaw.ALTERED
        texts = redactable_texts(fact)
        for redaction in self.redactions:
            if redaction["sequence"] == number and (
                texts.get(redaction["field"]) != "" or redaction["seal"] != seal(redaction, digest)
            ):
                return Flaw.REDACTION
        return None


def seal(redaction: Columns, fact_hash: str) -> str:
    """Return the hex digest over every column of a redaction and the hash of its fact."""
    return chain_digest(
        fact_hash, {name: value for name, value in redaction.items() if name != "seal"}
    )


def facts_of(rows: Sequence[Columns]) -> tuple[AuditEvent, ...]:
    """Return the facts in these rows. Redacted texts are empty."""
    return tuple(fact_of(row) for row in rows)


def columns_of(fact: AuditEvent) -> dict[str, object]:
    """Return the row of a fact, without its hash."""
    return {
        "request_id": fact.request_id,
        "sequence": fact.sequence,
        "kind": fact.kind.value,
        "at": instant_text(fact.at),
        "actor": actor_text(fact.actor),
        "content_revision": fact.content_revision,
        "level": fact.level,
        "rule": fact.rule,
        "reason": fact.reason,
        "data": data_text(fact.data),
    }


def fact_of(row: Columns) -> AuditEvent:
    """Return the fact in a row. Raises one of ROW_ERRORS if the row is not readable."""
    return AuditEvent(
        request_id=row["request_id"],
        sequence=row["sequence"],
        kind=Fact(row["kind"]),
        at=datetime.fromisoformat(row["at"]),
        actor=actor_of(row["actor"]),
        content_revision=row["content_revision"],
        level=row["level"],
        rule=row["rule"],
        reason=row["reason"],
        data=json.loads(row["data"]),
    )


def instant_text(at: datetime) -> str:
    """Return an instant in the form that is hashed. A naive one is a programming error (ValueError)."""
    if at.tzinfo is None:
        raise ValueError("the instant has no time zone")
    return at.astimezone(UTC).isoformat()


def data_text(data: Mapping[str, str]) -> str:
    """Return a fact's data in the form that is stored and hashed."""
    return json.dumps(data, sort_keys=True)


def actor_text(actor: Actor) -> str:
    """Return an actor in the form that is stored and hashed."""
    return json.dumps(asdict(actor), sort_keys=True)


def actor_of(text: str) -> Actor:
    """Return the actor that was stored as `text`."""
    parts = json.loads(text)
    return Actor(person=parts["person"], origin=Origin(parts["origin"]), operator=parts["operator"])
