"""Verifies a request's audit trail: its hash chain, and its facts against the workflow's history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.service import RPCError

from bot.temporal.history_replay import NotReplayableError, ReplayedFacts, replay_facts
from records.audit import AuditTrail
from records.snapshots import decode_snapshot, snapshot_to_json
from records.trail import Flaw, Trail, fact_of
from workflows.ports.approvals import AuditBatch
from workflows.rules.ended_outside import RunEnd
from workflows.rules.journeys import JOURNEYS
from workflows.rules.shared.audit import (
    AuditEvent,
    Fact,
    redactable_texts,
    text_digest,
    without_texts,
)
from workflows.rules.shared.ids import approval_id


class Compared(StrEnum):
    """The result of the comparison with Temporal's history."""

    NOT_ASKED = "not_asked"
    AGREES = "agrees"
    AGREES_IN_PART = "agrees_in_part"
    FORGOTTEN = "forgotten"
    NOT_REPLAYABLE = "not_replayable"
    WAS_RESET = "was_reset"
    UNREACHABLE = "unreachable"
    FACT_DIFFERS = "fact_differs"
    FACT_INVENTED = "fact_invented"
    FACT_LOST = "fact_lost"
    STATE_DIFFERS = "state_differs"


_DISAGREES = frozenset(
    {
        Compared.FACT_DIFFERS,
        Compared.FACT_INVENTED,
        Compared.FACT_LOST,
        Compared.STATE_DIFFERS,
    }
)
_UNKNOWN = frozenset({Compared.NOT_REPLAYABLE, Compared.WAS_RESET, Compared.UNREACHABLE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The verification of one trail: the `flaw` of its chain, if any, and the comparison.

    `sequence` is the number of the fact with the flaw or difference. If the comparison was not
    possible, `why` is the reason.
    """

    request_id: str
    facts: int
    redacted: int = 0
    flaw: Flaw | None = None
    compared: Compared = Compared.NOT_ASKED
    sequence: int = 0
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether no flaw or difference was found in what could be verified."""
        return self.flaw is None and self.compared not in _DISAGREES

    @property
    def is_known(self) -> bool:
        """Whether everything could be verified."""
        return self.compared not in _UNKNOWN


async def check(trails: AuditTrail, client: Client | None, request_id: str) -> Checked:
    """Verify a request's chain and, given a client, compare it with the workflow's history.

    The records are read before the history, so the history of an open request can only have more
    facts. If it has, and the records have more by then too, both are read again.
    """
    trail = await trails.trail(request_id)
    found = trail.verify()
    checked = Checked(
        request_id=request_id,
        facts=found.facts,
        redacted=len(trail.redactions),
        flaw=found.flaw,
        sequence=found.sequence,
    )
    if client is None or found.flaw not in (None, Flaw.NOTHING_WRITTEN, Flaw.DELETED):
        return checked
    try:
        derived = await replay_facts(client, request_id)
    except NotReplayableError as error:
        return replace(checked, compared=Compared.NOT_REPLAYABLE, why=str(error))
    except RPCError as error:
        return replace(checked, compared=Compared.UNREACHABLE, why=error.status.name)
    if derived is None:
        return replace(checked, compared=Compared.FORGOTTEN)
    blanks = bool(trail.redactions)
    if trail.head and JOURNEYS[trail.head["kind"]].has_child_approval:
        # its snapshot contains its approval's texts
        approval = await trails.trail(approval_id(request_id))
        blanks = blanks or bool(approval.redactions)
    compared, sequence = compare(trail, derived, blanks=blanks)
    if compared is Compared.FACT_LOST:
        now = await trails.trail(request_id)
        if len(now.rows) > len(trail.rows):  # facts were added between the two reads
            return await check(trails, client, request_id)
    if found.flaw is Flaw.DELETED and compared is Compared.AGREES:  # its first append is under way
        checked = replace(checked, flaw=Flaw.NOTHING_WRITTEN, sequence=0)
    return replace(checked, compared=compared, sequence=sequence)


def compare(trail: Trail, derived: ReplayedFacts, *, blanks: bool) -> tuple[Compared, int]:
    """Compare an intact trail with the history; return the result and the first fact that differs.

    `blanks`: texts were redacted, so the last public snapshot has gaps.
    """
    if derived.was_reset and _was_reset(trail):
        return Compared.WAS_RESET, 0
    first = min(derived.facts, default=1)
    for row in trail.rows:
        fact = fact_of(row)
        if fact.sequence < first:
            continue
        if fact.sequence not in derived.facts:
            if derived.cut_off and fact.kind is Fact.ENDED_OUTSIDE:
                continue  # recorded in place of the workflow
            return Compared.FACT_INVENTED, fact.sequence
        if not _is_same(fact, derived.facts[fact.sequence], trail.kept(fact.sequence)):
            return Compared.FACT_DIFFERS, fact.sequence
    stored, certain = len(trail.rows), derived.acknowledged
    if derived.finished:
        certain = max(derived.facts, default=0)
    if stored < certain:
        return Compared.FACT_LOST, stored + 1
    batch = derived.batches.get(stored)
    if batch is not None and not _is_state(trail, batch, blanks=blanks):
        return Compared.STATE_DIFFERS, stored
    return (Compared.AGREES if first == 1 else Compared.AGREES_IN_PART), 0


def _was_reset(trail: Trail) -> bool:
    """Return whether the workflow was reset, so that its last run produced other facts."""
    if not trail.rows:
        return False
    last = fact_of(trail.rows[-1])
    return last.kind is Fact.ENDED_OUTSIDE and last.data.get("how") == RunEnd.RESET


def _is_same(stored: AuditEvent, derived: AuditEvent, kept: Mapping[str, str]) -> bool:
    texts = redactable_texts(derived)
    if any(text_digest(texts.get(field, "")) != digest for field, digest in kept.items()):
        return False
    return stored == without_texts(derived, frozenset(kept))


def _is_state(trail: Trail, batch: AuditBatch, *, blanks: bool) -> bool:
    """Return whether the recorded public snapshot is the snapshot of the newest fact."""
    head, snapshot = trail.head or {}, batch.face
    plain = (snapshot.kind, snapshot.requester.person, snapshot.status.value, batch.owner_id)
    if tuple(head.get(name) for name in ("kind", "requester", "status", "owner_id")) != plain:
        return False
    try:
        stored = decode_snapshot(head["face"])
    except ValidationError:
        return False
    if not blanks:
        return stored == snapshot
    return all(
        left in (right, "", None)
        for left, right in _leaves(snapshot_to_json(stored), snapshot_to_json(snapshot))
    )


def _leaves(left: Any, right: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of leaf values of two JSON documents with the same structure."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for key in left:
            yield from _leaves(left[key], right[key])
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for pair in zip(left, right, strict=True):
            yield from _leaves(*pair)
    else:
        yield left, right
