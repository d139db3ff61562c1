"""Comparing a trail with the facts in its workflow's history: every possible difference."""

from dataclasses import replace
from typing import Any, cast

import pytest
from temporalio.client import Client

from bot.actions import audit_verification
from bot.actions.audit_verification import Compared, compare
from bot.temporal.history_replay import ReplayedFacts
from records.audit import AuditTrail
from records.snapshots import decode_snapshot
from records.trail import Trail, columns_of, seal
from tests.records.stories import REASON, REMARK, public, rejected
from workflows.ports.approvals import AuditBatch
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.audit import GENESIS, AuditEvent, chain_hash, text_digest, without_texts

FACTS, STATE = rejected()
SNAPSHOT = decode_snapshot(STATE.face)
assert isinstance(SNAPSHOT, ApprovalSnapshot)
LAST = len(FACTS)


def history(facts: tuple[AuditEvent, ...] = FACTS, **changes: Any) -> ReplayedFacts:
    """Return the replayed facts of a workflow that recorded all of them in one batch."""
    assert isinstance(SNAPSHOT, ApprovalSnapshot)
    batch = AuditBatch(request_id="APR-1", owner_id="APR-1", facts=facts, face=SNAPSHOT)
    derived = ReplayedFacts(
        facts={fact.sequence: fact for fact in facts},
        batches={facts[-1].sequence: batch},
        acknowledged=facts[-1].sequence,
        finished=True,
    )
    return replace(derived, **changes)


def trail(
    facts: tuple[AuditEvent, ...] = FACTS, snapshot: str = STATE.face, **head: object
) -> Trail:
    """Return a trail with an intact chain."""
    rows, previous = [], GENESIS
    for fact in facts:
        previous = chain_hash(previous, fact)
        rows.append(columns_of(fact) | {"chain_hash": previous})
    row = {
        "request_id": "APR-1",
        "owner_id": "APR-1",
        "kind": "approval",
        "requester": STATE.requester,
        "status": STATE.status,
        "face": snapshot,
        "sequence": len(facts),
        "chain_hash": previous,
    }
    made = Trail(request_id="APR-1", rows=tuple(rows), head=row | head)
    assert made.verify().intact
    return made


def test_an_intact_trail_matches_the_history() -> None:
    assert compare(trail(), history(), blanks=False) == (Compared.AGREES, 0)


@pytest.mark.parametrize("number", range(1, LAST + 1))
def test_a_rewritten_fact_differs(number: int) -> None:
    changes: list[dict[str, Any]] = [{"reason": "x"}, {"rule": "x"}, {"data": {}}, {"level": 7}]
    for change in changes:
        facts = tuple(
            replace(fact, **change) if fact.sequence == number else fact for fact in FACTS
        )

        found = compare(trail(facts), history(), blanks=False)

        expected = (Compared.AGREES, 0) if facts == FACTS else (Compared.FACT_DIFFERS, number)
        assert found == expected


@pytest.mark.parametrize("finished", [True, False])
def test_an_extra_fact_is_reported_as_never_happened(*, finished: bool) -> None:
    fewer = history(FACTS[:-1], finished=finished)

    assert compare(trail(), fewer, blanks=False) == (Compared.FACT_INVENTED, LAST)


@pytest.mark.parametrize(
    ("changes", "compared"),
    [
        ({"finished": False, "acknowledged": LAST - 1}, Compared.AGREES),
        ({"finished": False}, Compared.FACT_LOST),
        ({"acknowledged": LAST - 1}, Compared.FACT_LOST),
    ],
)
def test_a_confirmed_fact_must_be_in_the_records(
    changes: dict[str, Any], compared: Compared
) -> None:
    found, sequence = compare(trail(FACTS[:-1]), history(**changes), blanks=False)

    assert (found, sequence) == (compared, LAST if compared is Compared.FACT_LOST else 0)


@pytest.mark.parametrize(
    "head",
    [{"status": "approved"}, {"owner_id": "ORD-1"}, {"requester": "UGUS"}, {"kind": "order"}],
    ids=str,
)
def test_a_changed_final_state_differs(head: dict[str, Any]) -> None:
    assert compare(trail(**head), history(), blanks=False) == (Compared.STATE_DIFFERS, LAST)


def test_a_changed_final_snapshot_differs() -> None:
    for snapshot in (STATE.face.replace(REASON, "No money"), STATE.face.replace(REASON, ""), "{}"):
        found = compare(trail(face=snapshot), history(), blanks=False)
        assert found == (Compared.STATE_DIFFERS, LAST)


def test_only_the_chain_covers_deleted_runs() -> None:
    late = history(FACTS[2:])

    assert compare(trail(), late, blanks=False) == (Compared.AGREES_IN_PART, 0)


def redacted(digest: str) -> Trail:
    """Return the trail with its remark redacted and this digest recorded."""
    whole = trail(face=STATE.face.replace(REMARK, ""))
    number = next(fact.sequence for fact in FACTS if fact.reason == REMARK)
    row = whole.rows[number - 1]
    gone = columns_of(without_texts(FACTS[number - 1], frozenset({"reason"})))
    kept = {"request_id": "APR-1", "sequence": number, "field": "reason", "digest": digest}
    kept |= {"at": "", "actor": "{}", "why": ""}
    rows = list(whole.rows)
    rows[number - 1] = gone | {"chain_hash": row["chain_hash"]}
    sealed = kept | {"seal": seal(kept, str(row["chain_hash"]))}
    return replace(whole, rows=tuple(rows), redactions=(sealed,))


def test_a_redacted_fact_is_compared_by_its_digest() -> None:
    right = redacted(text_digest(REMARK))

    assert right.verify().intact
    assert compare(right, history(), blanks=True) == (Compared.AGREES, 0)
    found, _ = compare(redacted(text_digest("x")), history(), blanks=True)
    assert found is Compared.FACT_DIFFERS


def test_a_redaction_excuses_no_other_difference_in_the_final_state() -> None:
    right = redacted(text_digest(REMARK))
    assert right.head is not None
    forged = replace(right, head={**right.head, "face": STATE.face.replace(REASON, "No money")})

    assert compare(forged, history(), blanks=True) == (Compared.STATE_DIFFERS, LAST)


def test_the_fixture_trail_has_the_expected_facts() -> None:
    assert isinstance(SNAPSHOT, ApprovalSnapshot)
    assert public(SNAPSHOT, "APR-1") == STATE


class StillRunning(AuditTrail):
    """The records of a running request: each read finds one more fact."""

    def __init__(self) -> None:
        self.readings = LAST - 3

    async def trail(self, request_id: str) -> Trail:  # noqa: ARG002 - the same for every request
        self.readings = min(self.readings + 1, LAST)
        return trail(FACTS[: self.readings])


async def test_a_fact_written_between_the_two_reads_is_not_reported_as_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the second read, the result is FACT_LOST."""

    async def replayed(*_: object) -> ReplayedFacts:
        return history()

    monkeypatch.setattr(audit_verification, "replay_facts", replayed)

    found = await audit_verification.check(StillRunning(), cast("Client", object()), "APR-1")

    assert (found.compared, found.facts, found.is_whole) == (Compared.AGREES, LAST, True)
