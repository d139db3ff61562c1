"""One request's trail as it was written down, and what is wrong with it: the chain recomputed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import GENESIS, AuditEvent, Fact, bound, chain_hash, texts_of

Columns = Mapping[str, Any]
"""One row, by the names of its columns."""

ROW_ERRORS = (ValueError, KeyError, TypeError, AttributeError)
"""What reading a row raises that somebody has written into."""


class Flaw(StrEnum):
    """What can be wrong with a trail."""

    NOTHING_WRITTEN = "nothing_written"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    REDACTION = "redaction"
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """Everything that is written down of one request's facts, raw, read at one instant.

    `rows` are those of `audit_events` in order, `redactions` those of `redactions`, `head` is the
    one of `requests`, or None.
    """

    request_id: str
    rows: tuple[Columns, ...]
    redactions: tuple[Columns, ...] = ()
    head: Columns | None = None

    def kept(self, sequence: int) -> dict[str, str]:
        """Return the digests that were kept of a fact's redacted texts, by field."""
        return {
            one["field"]: one["digest"] for one in self.redactions if one["sequence"] == sequence
        }

    def verify(self) -> Verification:
        """Recompute the chain of hashes, byte by byte, and say where it breaks first."""
        flaw, sequence = self._first_flaw()
        return Verification(
            request_id=self.request_id, facts=len(self.rows), flaw=flaw, sequence=sequence
        )

    def _first_flaw(self) -> tuple[Flaw | None, int]:
        if not self.rows and self.head is None:
            return Flaw.NOTHING_WRITTEN, 0
        previous = GENESIS
        for number, row in enumerate(self.rows, 1):
            if flaw := self._flaw(row, number, previous):
                return flaw, number
            previous = row["chain_hash"]
        stray = [one["sequence"] for one in self.redactions]
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
            written = columns_of(fact) | {"chain_hash": digest}
        except ROW_ERRORS:
            return Flaw.UNREADABLE
        if written != dict(row):
            return Flaw.ALTERED
        texts = texts_of(fact)
        for one in self.redactions:
            if one["sequence"] == number and (
                texts.get(one["field"]) != "" or one["seal"] != seal(one, digest)
            ):
                return Flaw.REDACTION
        return None


def seal(redaction: Columns, fact_hash: str) -> str:
    """Return the hex digest that binds every column of a redaction to the fact that it is about."""
    return bound(fact_hash, {name: one for name, one in redaction.items() if name != "seal"})


def facts_of(rows: Sequence[Columns]) -> tuple[AuditEvent, ...]:
    """Return what the rows say, redacted texts as empty ones."""
    return tuple(fact_of(row) for row in rows)


def columns_of(fact: AuditEvent) -> dict[str, object]:
    """Return the row of a fact, but for its hash."""
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
    """Return what one row says; raises one of NO_FACT where that is nothing."""
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
    """Return an instant as it is hashed. A naive one is a programming error (ValueError)."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).isoformat()


def data_text(data: Mapping[str, str]) -> str:
    """Return a fact's data as it is written."""
    return json.dumps(data, sort_keys=True)


def actor_text(actor: Actor) -> str:
    """Return an actor as it is hashed."""
    return json.dumps(asdict(actor), sort_keys=True)


def actor_of(written: str) -> Actor:
    """Return the actor that was written so."""
    parts = json.loads(written)
    return Actor(person=parts["person"], origin=Origin(parts["origin"]), operator=parts["operator"])
