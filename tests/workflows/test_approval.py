"""ApprovalWorkflow on the real server: approvals, rejections, levels and quorums."""

from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import BOTH, FINANCE, SALES, Harness, level
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import Status, Verdict

THREE = level("board", "UBORIS", "UCLARA", "UDORA", quorum=2, reject_quorum=2)


async def test_one_approval_approves_the_request(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()

    answer = await harness.decide(handle, "UBORIS")
    outcome = await handle.result()

    assert answer.status is Status.APPROVED
    assert outcome.face.status is Status.APPROVED
    assert ports.audit.kinds(handle.id) == [
        "RequestSubmitted",
        "LevelOpened",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]
    assert ports.cards.versions[-1] == outcome.card.version
    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_a_rejection_with_a_reason_rejects_the_request(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()

    answer = await harness.decide(handle, "UCLARA", Verdict.REJECT, reason="too dear")
    outcome = await handle.result()

    assert answer.status is Status.REJECTED
    assert outcome.face.closing_reason == "too dear"
    assert outcome.face.closed_by is not None
    assert outcome.face.closed_by.person == "UCLARA"
    assert ports.audit.fact(handle.id, "DecisionRecorded").reason == "too dear"


async def test_two_of_three_approvers_meet_a_quorum_of_two(harness: Harness) -> None:
    handle = await harness.open_request(THREE)

    first = await harness.decide(handle, "UBORIS")
    second = await harness.decide(handle, "UDORA")

    assert first.status is Status.PENDING
    assert second.status is Status.APPROVED


async def test_one_rejection_does_not_meet_a_reject_quorum_of_two(harness: Harness) -> None:
    handle = await harness.open_request(THREE)

    first = await harness.decide(handle, "UBORIS", Verdict.REJECT, reason="no")
    second = await harness.decide(handle, "UDORA", Verdict.REJECT, reason="no")

    assert first.status is Status.PENDING
    assert second.status is Status.REJECTED
    assert second.closing_rule == "reject_quorum"


async def test_a_rejection_that_makes_the_quorum_unreachable_rejects_the_request(
    harness: Harness,
) -> None:
    everybody = level("both", "UBORIS", "UCLARA", quorum=2, reject_quorum=2)
    handle = await harness.open_request(everybody)

    answer = await harness.decide(handle, "UBORIS", Verdict.REJECT, reason="no")

    assert answer.status is Status.REJECTED
    assert answer.closing_rule == "quorum_out_of_reach"


async def test_levels_open_in_order(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(SALES, FINANCE)

    between = await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)
    after = await harness.decide(handle, "UDORA", level=2)
    await handle.result()

    assert between.status is Status.PENDING
    assert after.status is Status.APPROVED
    assert ports.audit.kinds(handle.id) == [
        "RequestSubmitted",
        "LevelOpened",
        "DecisionRecorded",
        "LevelPassed",
        "LevelOpened",
        "DecisionRecorded",
        "LevelPassed",
        "RequestApproved",
    ]


async def test_the_clock_of_the_second_level_starts_when_the_level_opens(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(SALES, FINANCE)
    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    snapshot = await handle.query(ApprovalWorkflow.state)

    passed = ports.audit.fact(handle.id, "LevelPassed").at
    assert snapshot.levels[1].expires_at is not None
    assert snapshot.levels[1].expires_at >= passed + FINANCE.expire_after  # type: ignore[operator]


async def test_a_request_that_needs_no_level_is_approved_without_a_card(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.start_request(amount="1000.00")

    outcome = await handle.result()

    assert outcome.face.status is Status.APPROVED
    assert outcome.face.closing_rule == "no_level_needed"
    assert ports.cards.attempts == []


async def test_the_query_returns_the_same_as_the_update(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)
    answer = await harness.decide(handle, "UBORIS")

    shown = await handle.query(ApprovalWorkflow.state)

    assert shown == answer
