"""The audit chain: any changed byte breaks it, and a redacted text does not."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import NOON, actor
from tests.rules.hypothesis_settings import QUICK_PROPERTY
from workflows.rules.people.actors import Origin
from workflows.rules.shared.audit import GENESIS, AuditEvent, Fact, chain_hash, text_digest

DECISION = AuditEvent(
    request_id="APR-1",
    sequence=4,
    kind=Fact.DECISION_RECORDED,
    at=NOON,
    actor=actor("UBORIS", Origin.CLI, operator="root"),
    content_revision=1,
    level=1,
    rule="sales",
    reason="too dear",
    data={"verdict": "reject"},
)
BEFORE = "ab" * 32

CHANGES: dict[str, list[dict[str, Any]]] = {
    "request_id": [{"request_id": "APR-2"}],
    "sequence": [{"sequence": 5}],
    "kind": [{"kind": Fact.LEVEL_PASSED}],
    "at": [{"at": NOON + timedelta(microseconds=1)}],
    "actor": [
        {"actor": actor("UCLARA", Origin.CLI, operator="root")},
        {"actor": actor("UBORIS", Origin.API, operator="root")},
        {"actor": actor("UBORIS", Origin.CLI, operator="guest")},
    ],
    "content_revision": [{"content_revision": 2}],
    "level": [{"level": 2}],
    "rule": [{"rule": "hr"}],
    "reason": [{"reason": "too dear!"}, {"reason": ""}],
    "data": [
        {"data": {"verdict": "approve"}},
        {"data": {"verdicts": "reject"}},
        {"data": {}},
        {"data": {"verdict": "reject", "more": ""}},
    ],
}


def test_every_field_of_a_fact_is_in_this_table() -> None:
    names = {field.name for field in fields(AuditEvent)}

    assert names == set(CHANGES)


@pytest.mark.parametrize(
    "change", [change for several in CHANGES.values() for change in several], ids=str
)
def test_any_changed_field_changes_the_hash(change: dict[str, Any]) -> None:
    changed = chain_hash(BEFORE, replace(DECISION, **change))

    assert changed != chain_hash(BEFORE, DECISION)


def test_another_fact_before_it_changes_the_hash() -> None:
    first = chain_hash(GENESIS, DECISION)

    assert first != chain_hash(BEFORE, DECISION)


def test_the_hash_is_the_same_in_every_process() -> None:
    digest = chain_hash(GENESIS, DECISION)

    # A constant, because a changed hash would make every existing trail invalid.
    assert digest == "1399f7066eeb5bd5c9509f4d5685e5bc65d1d6f73c869740841be6b0bad33d45"


def test_the_same_instant_in_another_time_zone_has_the_same_hash() -> None:
    berlin = replace(DECISION, at=NOON.astimezone(timezone(timedelta(hours=1))))

    assert chain_hash(BEFORE, berlin) == chain_hash(BEFORE, DECISION)


def test_the_order_of_the_data_does_not_matter() -> None:
    one = replace(DECISION, data={"a": "1", "b": "2"})
    other = replace(DECISION, data={"b": "2", "a": "1"})

    assert chain_hash(BEFORE, one) == chain_hash(BEFORE, other)


def test_a_redacted_fact_keeps_its_hash_by_the_digests_of_its_texts() -> None:
    """After a redaction the trail has the digests of the texts instead of the texts."""
    kept = asdict(DECISION) | {
        "at": DECISION.at.isoformat(),
        "reason": text_digest("too dear"),
        "data": {"verdict": text_digest("reject")},
    }

    line = f"{BEFORE}\n{json.dumps(kept, sort_keys=True)}"

    assert hashlib.sha256(line.encode()).hexdigest() == chain_hash(BEFORE, DECISION)


def test_the_digest_of_a_text_is_its_sha256() -> None:
    digest = text_digest("è")

    assert digest == hashlib.sha256("è".encode()).hexdigest()


def chain(facts: Sequence[AuditEvent]) -> list[str]:
    hashes = [GENESIS]
    for fact in facts:
        hashes.append(chain_hash(hashes[-1], fact))
    return hashes[1:]


@QUICK_PROPERTY
@given(st.data(), st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_an_edit_anywhere_breaks_the_chain_from_there_on(
    data: st.DataObject, reasons: list[str]
) -> None:
    facts = [
        replace(DECISION, sequence=number, reason=reason)
        for number, reason in enumerate(reasons, start=1)
    ]
    at = data.draw(st.integers(min_value=0, max_value=len(facts) - 1))
    edited = [*facts]
    edited[at] = replace(edited[at], reason=edited[at].reason + "x")

    before, now = chain(facts), chain(edited)

    assert before[:at] == now[:at]
    assert all(old != new for old, new in zip(before[at:], now[at:], strict=True))
