"""Fourteen days without a decision: the instant of each event, and the notices."""

from datetime import datetime, timedelta

import pytest

from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.harness import Harness, level
from tests.workflows.history import kinds, most_armed
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Escalation

DAY = timedelta(days=1)

FORTNIGHT = level(
    "fortnight",
    "UBORIS",
    "UCLARA",
    quorum=2,
    remind_after=(1 * DAY, 3 * DAY, 9 * DAY, 13 * DAY),
    escalate=(
        Escalation(after=4 * DAY, to=updates.sources("group:leads")),
        Escalation(after=7 * DAY, to=updates.sources("manager")),
        Escalation(after=10 * DAY, to=updates.sources("group:board"), replace=True),
    ),
    expire=14 * DAY,
)


@pytest.fixture(autouse=True)
def _all_approvers_are_known(ports: FakePorts) -> None:
    ports.directory.groups = {"leads": ("UDORA",), "board": ("UEMIL", "UFINN")}
    ports.directory.managers = ("UHANA",)


async def test_fourteen_days_of_reminders_escalations_and_the_end(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(FORTNIGHT)

    outcome = await harness.run_to_end(handle)

    start = outcome.face.submitted_at
    facts = [
        (_days(fact.at, start), fact.kind.value, fact.data.get("eligible", ""))
        for fact in ports.audit.of(handle.id)
    ]
    assert facts == [
        (0, "RequestSubmitted", ""),
        (0, "LevelOpened", "UBORIS,UCLARA"),
        (1, "LevelReminded", ""),
        (3, "LevelReminded", ""),
        (4, "LevelEscalated", ""),
        (4, "ApproversChanged", "UBORIS,UCLARA,UDORA"),
        (7, "LevelEscalated", ""),
        (7, "ApproversChanged", "UBORIS,UCLARA,UDORA,UHANA"),
        (9, "LevelReminded", ""),
        (10, "LevelEscalated", ""),
        (10, "LevelOpened", "UEMIL,UFINN"),
        (13, "LevelReminded", ""),
        (14, "RequestExpired", ""),
    ]
    notices = [
        (
            _days(notice.intended_at or start, start),
            notice.kind.value,
            ",".join(notice.people) or notice.person,
        )
        for notice in ports.notices.sent
    ]
    assert notices == [
        (1, "reminded", "UBORIS,UCLARA"),
        (3, "reminded", "UBORIS,UCLARA"),
        (4, "asked", "UDORA"),
        (7, "asked", "UHANA"),
        (9, "reminded", "UBORIS,UCLARA,UDORA,UHANA"),
        (10, "asked", "UEMIL,UFINN"),
        (13, "reminded", "UEMIL,UFINN"),
        (14, "outcome", "UANA"),
    ]
    events = await harness.history(handle)
    assert kinds(events).count("TIMER_STARTED") == 8
    assert most_armed(events) == 1


def _days(at: datetime, start: datetime) -> float:
    """Return the days since the start, rounded: the level opens a moment later."""
    return round((at - start) / DAY, 3)


async def test_a_clock_keeps_its_instants_to_the_microsecond(
    harness: Harness, ports: FakePorts
) -> None:
    """A fact has its due instant, however late the workflow woke; delays do not accumulate."""
    handle = await harness.open_request(FORTNIGHT)

    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at

    await harness.run_to_end(handle)

    assert due is not None
    reached = due - 14 * DAY
    facts = ports.audit.of(handle.id)
    reminders = [fact.at for fact in facts if fact.kind.value == "LevelReminded"]
    assert reminders == [reached + after for after in FORTNIGHT.remind_after]
    assert facts[-1].at == due


async def test_a_requested_expiry_shortens_the_earlier_deadlines(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.start_request(FORTNIGHT, expire_after=5 * DAY)

    outcome = await harness.run_to_end(handle)

    assert ports.audit.kinds(handle.id)[2:] == [
        "LevelReminded",
        "LevelReminded",
        "LevelEscalated",
        "ApproversChanged",
        "RequestExpired",
    ]
    closed_at = outcome.face.closed_at
    assert closed_at is not None
    assert _days(closed_at, outcome.face.submitted_at) == 5
