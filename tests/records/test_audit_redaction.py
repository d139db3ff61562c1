"""Redaction: every copy of a text is removed, the chain stays intact, and changes are detected."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from records.audit import AuditTrail
from records.database import Database
from records.redactions import (
    BrokenTrailError,
    NoSuchTextError,
    Redaction,
    Redactions,
    StillOpenError,
)
from records.requests import Requests
from records.schema import audit_events, redactions, requests
from records.snapshots import decode_snapshot
from records.trail import Flaw
from tests.records.builders import facts, order, state
from tests.records.stories import (
    FIELD,
    LINK,
    REASON,
    REMARK,
    SECRET,
    WRITTEN,
    change,
    contents,
    public,
    rejected,
)
from tests.rules.builders import NOON, actor, level, policy, request
from views import cards
from workflows.rules.approvals import approval
from workflows.rules.approvals.request import Status, Withdrawal
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.hr import saga as hr_saga
from workflows.rules.hr.request import HrRequest, HrType, content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, hr_snapshot
from workflows.rules.journeys import JOURNEYS
from workflows.rules.orders import order as order_rules
from workflows.rules.orders import saga as order_saga
from workflows.rules.people.actors import Origin
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.failure import recorded_failure
from workflows.rules.shared.ids import approval_id

FAY = actor("UFAY", Origin.CLI, operator="root")
COLUMNS = ("request_id", "field", "digest", "at", "actor", "why", "seal")


def wish(sequence: int, field: str = "reason", request_id: str = "APR-1") -> Redaction:
    return Redaction(
        request_id=request_id,
        sequence=sequence,
        field=field,
        actor=FAY,
        why="the works council has asked for it",
        at=NOON + timedelta(days=1),
    )


@pytest.fixture
async def trail(database: Database) -> AuditTrail:
    """The trails of a rejected request and of another request."""
    trail = AuditTrail(database)
    for request_id in ("APR-1", "APR-2"):
        written, public_state = rejected(request_id)
        await trail.append(written, public_state)
    return trail


async def number_of(trail: AuditTrail, kind: Fact) -> int:
    return next(fact.sequence for fact in await trail.facts("APR-1") if fact.kind is kind)


@pytest.mark.parametrize(
    ("kind", "field", "gone"),
    [
        (Fact.DECISION_RECORDED, "reason", {REASON}),
        (Fact.REQUEST_REJECTED, "reason", {REASON}),
        (Fact.COMMENT_ADDED, "reason", {REMARK}),
        (Fact.REQUEST_SUBMITTED, "data.content", {SECRET, FIELD, LINK}),
        (Fact.REQUEST_AMENDED, "data.content", {SECRET, FIELD, LINK}),
    ],
)
async def test_a_redacted_text_is_gone_and_the_trail_is_intact(
    database: Database, trail: AuditTrail, kind: Fact, field: str, gone: set[str]
) -> None:
    async with database.writing() as connection:  # the other request keeps its texts
        for table in (audit_events, requests):
            await connection.execute(delete(table).where(table.c.request_id == "APR-2"))
    before = await contents(database)
    assert [text for text in WRITTEN if text not in before] == []

    places = await Redactions(database).redact(wish(await number_of(trail, kind), field))

    left = await contents(database)
    assert {text for text in WRITTEN if text not in left} == gone
    assert (await trail.verify("APR-1")).intact
    assert len(places) == (1 if gone == {REMARK} else 2)


async def test_the_snapshot_can_still_be_read_and_rendered(
    database: Database, trail: AuditTrail
) -> None:
    for kind, field in ((Fact.REQUEST_SUBMITTED, "data.content"), (Fact.COMMENT_ADDED, "reason")):
        await Redactions(database).redact(wish(await number_of(trail, kind), field))

    record = await Requests(database).get("APR-1")

    assert record is not None
    snapshot = decode_snapshot(record.face)
    assert isinstance(snapshot, ApprovalSnapshot)
    assert (snapshot.content.text, snapshot.content.links, snapshot.remarks[0].text) == (
        "",
        ("",),
        "",
    )
    assert (snapshot.closing_reason, snapshot.content.title) == (REASON, "Two desks")
    assert cards.build(snapshot, CardCopy(channel="#approvals", key="k-1")).blocks
    assert await Requests(database).overview(policy=snapshot.policy)


async def test_other_requests_keep_their_texts(database: Database, trail: AuditTrail) -> None:
    number = await number_of(trail, Fact.COMMENT_ADDED)
    await Redactions(database).redact(wish(number))

    assert (await trail.facts("APR-2"))[number - 1].reason == REMARK
    assert (await trail.verify("APR-2")).intact


async def test_a_second_redaction_and_a_late_append_change_nothing(
    database: Database, trail: AuditTrail
) -> None:
    written, public_state = rejected()
    number = await number_of(trail, Fact.DECISION_RECORDED)
    assert await Redactions(database).redact(wish(number))
    before = await contents(database)

    assert await Redactions(database).redact(wish(number)) == ()
    await trail.append(written, public_state)
    await trail.append(written[-1:], public_state)

    assert await contents(database) == before


async def test_several_texts_of_a_fact_can_be_redacted(
    database: Database, trail: AuditTrail
) -> None:
    number = await number_of(trail, Fact.DECISION_RECORDED)
    for field in ("reason", "data.member_by", "data.content_digest"):
        (place, *_) = await Redactions(database).redact(wish(number, field))
        assert (place.sequence, place.field) == (number, field)

    fact = (await trail.facts("APR-1"))[number - 1]
    assert (fact.reason, fact.data["member_by"], fact.data["verdict"]) == ("", "", "reject")
    assert (await trail.verify("APR-1")).intact


@pytest.mark.parametrize("kind", JOURNEYS)
async def test_a_running_request_of_any_journey_is_not_redacted(
    database: Database, kind: str
) -> None:
    running = replace(state(kind=kind), goes_on=True)
    await AuditTrail(database).append(facts(1, 2), running)
    before = await contents(database)

    with pytest.raises(StillOpenError) as refused:
        await Redactions(database).redact(wish(1, request_id="ORD-1"))

    assert refused.value.request_id == "ORD-1"
    assert await contents(database) == before


@pytest.mark.parametrize(
    ("sequence", "field", "fields"),
    [(9, "reason", ()), (1, "reason", ("data.content",)), (2, "data.nothing", ("reason",))],
)
async def test_a_missing_text_is_reported(
    database: Database, trail: AuditTrail, sequence: int, field: str, fields: tuple[str, ...]
) -> None:
    with pytest.raises(NoSuchTextError) as refused:
        await Redactions(database).redact(wish(sequence, field))

    assert refused.value.fields[: len(fields)] == fields
    with pytest.raises(NoSuchTextError):
        await Redactions(database).redact(wish(1, request_id="APR-404"))


async def test_a_flawed_trail_is_not_changed(database: Database, trail: AuditTrail) -> None:
    number = await number_of(trail, Fact.COMMENT_ADDED)
    await change(
        database,
        "UPDATE audit_events SET rule = 'x' WHERE request_id = 'APR-1' AND sequence = 1",
    )

    with pytest.raises(BrokenTrailError):
        await Redactions(database).redact(wish(number))
    assert (await trail.facts("APR-1"))[number - 1].reason == REMARK


async def test_an_orders_approval_and_the_order_are_redacted_together(database: Database) -> None:
    """The order's snapshot contains its approval's. A running order would store it again."""
    trail, child_id = AuditTrail(database), approval_id("ORD-1")
    written, public_state = rejected(child_id)
    await trail.append(written, replace(public_state, owner_id="ORD-1"))
    snapshot = decode_snapshot(public_state.face)
    assert isinstance(snapshot, ApprovalSnapshot)
    received = order_saga.receive(order(), actor("UANA"), policy(), NOON, needs_approval=True)
    ended = order_saga.approval_ended(received.state, snapshot, NOON)
    shown = public(order_rules.order_snapshot(ended.state, 1), "ORD-1")
    await trail.append(received.facts, replace(shown, goes_on=True))
    number = next(fact.sequence for fact in written if fact.kind is Fact.DECISION_RECORDED)
    with pytest.raises(StillOpenError):
        await Redactions(database).redact(wish(number, request_id=child_id))

    await trail.append(ended.facts, shown)
    await Redactions(database).redact(wish(number, request_id=child_id))

    assert REASON not in await contents(database)
    for request_id in ("ORD-1", child_id):
        assert (await trail.verify(request_id)).intact


async def test_an_order_steps_message_is_redacted_in_its_approval_too(
    database: Database,
) -> None:
    trail, child_id = AuditTrail(database), approval_id("ORD-1")
    written, public_state = rejected(child_id)
    await trail.append(written, replace(public_state, owner_id="ORD-1"))
    received = order_saga.receive(order(), actor("UANA"), policy(), NOON, needs_approval=False)
    failed = order_saga.step_failed(
        received.state, order_rules.StepName.PAY, recorded_failure(REMARK), NOON
    )
    ended = order_saga.compensated(failed.state, NOON)
    shown = public(order_rules.order_snapshot(ended.state, 1), "ORD-1")
    await trail.append((*received.facts, *failed.facts, *ended.facts), shown)
    assert (await contents(database)).count(REMARK) == 5  # three of them in snapshots

    places = await Redactions(database).redact(wish(2, "data.error", "ORD-1"))

    assert {(place.request_id, place.field) for place in places} == {
        ("ORD-1", "data.error"),
        (child_id, "reason"),
    }
    assert REMARK not in await contents(database)


async def test_the_content_of_an_hr_request_is_redacted_in_its_snapshot_too(
    database: Database,
) -> None:
    """The request's snapshot repeats its approval's content, and stays readable without it."""
    trail, child_id = AuditTrail(database), approval_id("HR-1")
    sea = HrRequest(
        request_id="HR-1",
        type=HrType.TIME_OFF,
        title="A cure",
        description=SECRET,
        starts=date(2027, 3, 1),
        ends=date(2027, 3, 5),
        link=LINK,
    )
    asked = replace(
        request(level("UBORIS")), request_id=child_id, content=content_from_request(sea)
    )
    submitted = approval.submit(asked, NOON)
    taken_back = Withdrawal(actor=submitted.state.request.requester)
    withdrawn = approval.withdraw(submitted.state, taken_back, NOON)
    snapshot = approval_snapshot(withdrawn.state, 1)
    received = hr_saga.receive(sea, actor("UANA"), policy(), NOON)
    ended = hr_saga.approval_ended(received.state, snapshot, NOON)
    await trail.append((*submitted.facts, *withdrawn.facts), public(snapshot, child_id, "HR-1"))
    await trail.append((*received.facts, *ended.facts), public(hr_snapshot(ended.state, 1), "HR-1"))

    await Redactions(database).redact(wish(1, "data.content", child_id))

    left = await contents(database)
    assert not [
        text for text in (SECRET, LINK, "A cure", "2027-03-01", "2027-03-05") if text in left
    ]
    record = await Requests(database).get("HR-1")
    assert record is not None
    shown = decode_snapshot(record.face)
    assert isinstance(shown, HrSnapshot)
    assert (shown.request.starts, shown.request.description) == (None, "")
    for request_id in ("HR-1", child_id):
        assert (await trail.verify(request_id)).intact


async def test_an_hr_request_that_is_still_being_provisioned_is_not_redacted(
    database: Database,
) -> None:
    trail = AuditTrail(database)
    sea = HrRequest(request_id="HR-1", type=HrType.PROMOTION, title="Up", new_role="Lead")
    received = hr_saga.receive(sea, actor("UANA"), policy(), NOON)
    approved = replace(received.state, status=Status.APPROVED)
    await trail.append(received.facts, public(hr_snapshot(approved, 1), "HR-1"))

    with pytest.raises(StillOpenError):
        await Redactions(database).redact(wish(1, "data.type", "HR-1"))


_CHANGES = st.tuples(
    st.sampled_from(COLUMNS),
    st.integers(0, 200),
    st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.just("")),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(forgery=_CHANGES)
async def test_every_changed_character_of_a_redaction_is_detected(
    database: Database, forgery: tuple[str, int, str]
) -> None:
    column, position, character = forgery
    trail = AuditTrail(database)
    async with database.writing() as connection:  # the database is shared by the examples
        for table in (redactions, audit_events, requests):
            await connection.execute(delete(table))
    await trail.append(*rejected())
    number = await number_of(trail, Fact.COMMENT_ADDED)
    await Redactions(database).redact(wish(number))
    async with database.writing() as connection:
        right = await connection.scalar(select(redactions.c[column]))
        at = position % len(right)
        forged = right[:at] + character + right[at + 1 :]
        assume(forged != right)
        await connection.execute(update(redactions).values({column: forged}))

    verification = await trail.verify("APR-1")

    assert (verification.intact, verification.sequence) == (False, number)


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        ("UPDATE audit_events SET reason = :removed WHERE sequence = :it", Flaw.REDACTION),
        ("UPDATE audit_events SET reason = 'x' || :removed WHERE sequence = :it", Flaw.REDACTION),
        ("DELETE FROM redactions WHERE sequence = :it AND :removed <> ''", Flaw.ALTERED),
        (
            "UPDATE redactions SET sequence = 99 WHERE sequence = :it AND :removed <> ''",
            Flaw.ALTERED,
        ),
    ],
)
async def test_a_restored_text_and_a_deleted_redaction_are_detected(
    database: Database, statement: str, flaw: Flaw
) -> None:
    trail = AuditTrail(database)
    await trail.append(*rejected())
    number = await number_of(trail, Fact.COMMENT_ADDED)
    await Redactions(database).redact(wish(number))

    await change(database, statement, removed=REMARK, it=number)
    verification = await trail.verify("APR-1")

    assert (verification.flaw, verification.sequence) == (flaw, number)


async def test_a_redaction_without_a_fact_is_detected(database: Database) -> None:
    trail = AuditTrail(database)
    await trail.append(*rejected())
    count = len(await trail.facts("APR-1"))
    row = {"request_id": "APR-1", "sequence": count + 1, "field": "reason", "digest": "0" * 64}
    written = {"at": "x", "actor": json.dumps({}), "why": "", "seal": "0" * 64}
    async with database.writing() as connection:
        await connection.execute(redactions.insert().values(row | written))

    verification = await trail.verify("APR-1")

    assert (verification.flaw, verification.sequence) == (Flaw.REDACTION, count + 1)
