"""The approvers are read again when they may have changed; the last reading counts."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import BOTH, CLOSE, EXPIRE, Harness, level, refused
from tests.workflows.updates import Update
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Absence

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEADS = level("leads", "group:leads", quorum=2, remind_after=(2 * MINUTE,))


@pytest.fixture
def leads(ports: FakePorts) -> None:
    ports.directory.groups = {"leads": ("UBORIS", "UCLARA", "UDORA")}


def _change_leads(ports: FakePorts) -> None:
    ports.directory.groups = {"leads": ("UCLARA", "UDORA", "UEMIL")}


def escalation(*people: str, after: timedelta, instead: bool = False) -> Escalation:
    return Escalation(after=after, to=updates.sources(*people), replace=instead)


async def test_a_reminder_reads_a_group_again(
    harness: Harness, ports: FakePorts, leads: None
) -> None:
    handle = await harness.open_request(LEADS)
    _change_leads(ports)

    await harness.fast_forward(handle, 3 * MINUTE)
    await harness.until_idle(handle)

    removed = await refused(harness.decide(handle, "UBORIS"))
    added = await harness.decide(handle, "UEMIL")
    assert removed.type == "rejected.not_an_approver"
    assert added.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")
    assert ports.audit.fact(handle.id, "ApproversChanged").data["eligible"] == "UCLARA,UDORA,UEMIL"
    assert ports.notices.summary() == [("reminded", "UBORIS,UCLARA,UDORA"), ("asked", "UEMIL")]


@pytest.mark.parametrize(
    ("update", "facts"),
    [
        (updates.REFRESH_BY_SLACK, ["ApproversChanged"]),
        (updates.refresh(), ["RefreshAsked", "ApproversChanged"]),
    ],
    ids=["slack", "admin"],
)
async def test_a_refresh_reads_a_group_again(
    harness: Harness, ports: FakePorts, leads: None, update: Update, facts: list[str]
) -> None:
    handle = await harness.open_request(LEADS)
    _change_leads(ports)

    await harness.send(handle, update)
    await harness.until_idle(handle)

    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")
    assert ports.audit.kinds(handle.id)[2:] == facts


async def test_a_slack_event_that_changes_nothing_is_not_recorded(
    harness: Harness, ports: FakePorts, leads: None
) -> None:
    handle = await harness.open_request(LEADS)

    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)

    assert ports.directory.reads == 2
    assert ports.audit.kinds(handle.id) == ["RequestSubmitted", "LevelOpened"]
    assert ports.cards.versions == [1]


@pytest.mark.parametrize(
    ("update", "reads"),
    [(updates.delegate("UBORIS", "UDORA"), 2), (updates.reassign("UDORA", "UEMIL"), 2)],
    ids=["delegate", "reassign"],
)
async def test_new_approvers_are_read_at_once(
    harness: Harness, ports: FakePorts, update: Update, reads: int
) -> None:
    handle = await harness.open_request(BOTH)

    await harness.send(handle, update)
    await harness.until_idle(handle)

    assert ports.directory.reads == reads
    answer = await harness.decide(handle, "UDORA")
    assert len(answer.levels[0].decisions) == 1


@pytest.mark.parametrize(
    "update",
    [
        updates.refresh(),
        updates.REFRESH_BY_SLACK,
        updates.reassign("UDORA", "UEMIL"),
        updates.amend(),
    ],
)
async def test_a_blocked_level_is_read_at_once_after_an_update(
    harness: Harness, ports: FakePorts, update: Update
) -> None:
    """Without the update, the next reading would come after a minute."""
    ports.directory.empty = True
    handle = await harness.open_request(BOTH)
    ports.directory.empty = False

    await harness.send(handle, update)
    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id)[-1] == "LevelOpened"


async def test_a_reminder_reads_a_blocked_level_at_once(harness: Harness, ports: FakePorts) -> None:
    ports.directory.empty = True
    urged = level("urged", "UBORIS", remind_after=(MINUTE / 2,))
    handle = await harness.open_request(urged)
    ports.directory.empty = False

    await harness.fast_forward(handle, MINUTE / 2)
    await ports.until(lambda: "LevelReminded" in ports.audit.kinds(handle.id))
    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id)[-1] == "LevelOpened"


async def test_an_amendment_during_a_calendar_call_gets_its_own_deadlines(
    harness: Harness, ports: FakePorts
) -> None:
    ports.calendar.held = True
    handle = await harness.start_request(BOTH)
    await ports.until(lambda: ports.calendar.tries == 2)
    await harness.send(handle, updates.amend())

    ports.calendar.unblock()
    await harness.until_idle(handle)

    level_ = (await handle.query(ApprovalWorkflow.state)).levels[0]
    assert level_.expires_at is not None
    assert level_.expires_at >= ports.audit.fact(handle.id, "RequestAmended").at + EXPIRE


async def test_an_outdated_reading_is_repeated(
    harness: Harness, ports: FakePorts, leads: None
) -> None:
    """The group changes while an earlier reading is still under way."""
    handle = await harness.open_request(LEADS)
    ports.directory.slack.mode = SlackMode.HANGING
    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await ports.until(lambda: ports.directory.reads == 2)
    _change_leads(ports)
    await harness.send(handle, updates.REFRESH_BY_SLACK)

    ports.directory.slack.recover()
    await harness.until_idle(handle)

    assert ports.directory.reads == 3
    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")


async def test_a_reading_of_replaced_approvers_opens_nothing(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    ports.directory.slack.mode = SlackMode.HANGING
    await harness.send(handle, updates.refresh())
    await ports.until(lambda: ports.directory.reads == 2)
    await harness.send(handle, updates.reassign("UDORA", "UEMIL"))

    ports.directory.slack.recover()
    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id)[2:] == ["RefreshAsked", "LevelReassigned", "LevelOpened"]
    refusal = await refused(harness.decide(handle, "UBORIS"))
    assert refusal.type == "rejected.not_an_approver"


async def test_an_open_level_is_unchanged_while_slack_is_down(
    harness: Harness, ports: FakePorts, leads: None
) -> None:
    handle = await harness.open_request(LEADS)
    ports.directory.slack.mode = SlackMode.REFUSING
    _change_leads(ports)
    await harness.send(handle, updates.refresh())
    await ports.until(lambda: ports.directory.reads == 3)
    await harness.until_idle(handle)

    answer = await harness.decide(handle, "UBORIS")

    assert len(answer.levels[0].decisions) == 1
    assert answer.levels[0].blocked == ""
    assert "LevelBlocked" not in ports.audit.kinds(handle.id)


async def test_an_open_level_is_unchanged_when_its_group_disappears(
    harness: Harness, ports: FakePorts, leads: None
) -> None:
    handle = await harness.open_request(LEADS)
    ports.directory.groups = {}

    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)

    answer = await harness.decide(handle, "UBORIS")
    assert answer.levels[0].eligible == ("UBORIS", "UCLARA", "UDORA")


async def test_a_delegate_decides_only_during_the_absence(
    harness: Harness, ports: FakePorts
) -> None:
    now = datetime.now(UTC)
    away = Absence(person="UBORIS", delegate="UDORA", starts=now + HOUR, ends=now + 3 * HOUR)
    ports.directory.absences = (away,)
    slow = level("slow", "UBORIS", "UCLARA", quorum=2, expire=24 * HOUR)
    early, late = [await harness.open_request(slow) for _ in range(2)]

    before = await refused(harness.decide(early, "UDORA"))
    await harness.fast_forward(early, HOUR, timers=ANY)
    await harness.until_idle(early)
    within = await harness.decide(early, "UDORA")
    await harness.fast_forward(late, 3 * HOUR + CLOSE, timers=ANY)
    after = await refused(harness.decide(late, "UDORA"))

    assert (before.type, after.type) == ("rejected.not_an_approver",) * 2
    assert [decision.seat for decision in within.levels[0].decisions] == ["UBORIS"]
    assert ports.notices.summary()[0] == ("asked", "UDORA")


async def test_no_one_decides_between_a_replacement_and_the_next_reading(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(
        level("slow", "UBORIS", escalate=(escalation("UDORA", after=MINUTE, instead=True),))
    )
    ports.directory.slack.mode = SlackMode.REFUSING
    await harness.fast_forward(handle, MINUTE)
    await ports.until(lambda: "LevelEscalated" in ports.audit.kinds(handle.id))

    unread = [await refused(harness.decide(handle, person)) for person in ("UBORIS", "UDORA")]
    ports.directory.slack.recover()
    await harness.fast_forward(handle, 15 * CLOSE, timers=ANY)
    await harness.until_idle(handle)
    replaced = await refused(harness.decide(handle, "UBORIS"))
    answer = await harness.decide(handle, "UDORA")

    assert [refusal.type for refusal in unread] == ["rejected.level_not_open"] * 2
    assert replaced.type == "rejected.not_an_approver"
    assert answer.status is Status.APPROVED


async def test_the_first_approvers_may_decide_while_others_are_added(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(
        level("slow", "UBORIS", escalate=(escalation("manager", after=MINUTE),))
    )
    ports.directory.slack.mode = SlackMode.REFUSING
    await harness.fast_forward(handle, MINUTE)
    await ports.until(lambda: "LevelEscalated" in ports.audit.kinds(handle.id))

    answer = await harness.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_an_unreadable_replacement_blocks_the_level(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(
        level("slow", "UBORIS", escalate=(escalation("group:gone", after=MINUTE, instead=True),))
    )

    await harness.fast_forward(handle, MINUTE + CLOSE)
    await harness.until_idle(handle)

    assert ports.audit.fact(handle.id, "LevelBlocked").rule == "approvers_unreadable"
    assert ports.notices.summary() == [("blocked", "#approvals-admin")]
