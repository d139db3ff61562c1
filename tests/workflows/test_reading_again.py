"""The approvers are read again when something may have changed them; the last answer counts."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows import acts
from tests.workflows.acts import Act
from tests.workflows.fakes import World
from tests.workflows.office import BOTH, CLOSE, EXPIRE, Office, level, refused
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Absence

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEADS = level("leads", "group:leads", quorum=2, remind_after=(2 * MINUTE,))


@pytest.fixture
def leads(world: World) -> None:
    world.directory.groups = {"leads": ("UBORIS", "UCLARA", "UDORA")}


def _change_leads(world: World) -> None:
    world.directory.groups = {"leads": ("UCLARA", "UDORA", "UEMIL")}


def more(*people: str, after: timedelta, instead: bool = False) -> Escalation:
    return Escalation(after=after, to=acts.sources(*people), replace=instead)


async def test_a_reminder_reads_a_group_again(office: Office, world: World, leads: None) -> None:
    handle = await office.open_request(LEADS)
    _change_leads(world)

    await office.pass_time(handle, 3 * MINUTE)
    await office.until_idle(handle)

    gone = await refused(office.decide(handle, "UBORIS"))
    here = await office.decide(handle, "UEMIL")
    assert gone.type == "rejected.not_an_approver"
    assert here.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")
    assert world.audit.fact(handle.id, "ApproversChanged").data["eligible"] == "UCLARA,UDORA,UEMIL"
    assert world.notices.summary() == [("reminded", "UBORIS,UCLARA,UDORA"), ("asked", "UEMIL")]


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        (acts.REFRESH_BY_SLACK, ["ApproversChanged"]),
        (acts.refresh(), ["RefreshAsked", "ApproversChanged"]),
    ],
    ids=["slack", "admin"],
)
async def test_a_refresh_reads_a_group_again(
    office: Office, world: World, leads: None, act: Act, facts: list[str]
) -> None:
    handle = await office.open_request(LEADS)
    _change_leads(world)

    await office.do(handle, act)
    await office.until_idle(handle)

    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")
    assert world.audit.kinds(handle.id)[2:] == facts


async def test_what_slack_reports_is_no_fact_where_it_changes_nothing(
    office: Office, world: World, leads: None
) -> None:
    handle = await office.open_request(LEADS)

    await office.do(handle, acts.REFRESH_BY_SLACK)
    await office.until_idle(handle)

    assert world.directory.reads == 2
    assert world.audit.kinds(handle.id) == ["RequestSubmitted", "LevelOpened"]
    assert world.cards.versions == [1]


@pytest.mark.parametrize(
    ("act", "reads"),
    [(acts.delegate("UBORIS", "UDORA"), 2), (acts.reassign("UDORA", "UEMIL"), 2)],
    ids=["delegate", "reassign"],
)
async def test_new_people_are_read_at_once(
    office: Office, world: World, act: Act, reads: int
) -> None:
    handle = await office.open_request(BOTH)

    await office.do(handle, act)
    await office.until_idle(handle)

    assert world.directory.reads == reads
    answer = await office.decide(handle, "UDORA")
    assert len(answer.levels[0].decisions) == 1


@pytest.mark.parametrize(
    "act", [acts.refresh(), acts.REFRESH_BY_SLACK, acts.reassign("UDORA", "UEMIL"), acts.amend()]
)
async def test_a_blocked_level_is_read_at_once_when_somebody_helps(
    office: Office, world: World, act: Act
) -> None:
    """Its next reading was put off for a minute."""
    world.directory.empty = True
    handle = await office.open_request(BOTH)
    world.directory.empty = False

    await office.do(handle, act)
    await office.until_idle(handle)

    assert world.audit.kinds(handle.id)[-1] == "LevelOpened"


async def test_a_reminder_reads_a_blocked_level_at_once(office: Office, world: World) -> None:
    world.directory.empty = True
    urged = level("urged", "UBORIS", remind_after=(MINUTE / 2,))
    handle = await office.open_request(urged)
    world.directory.empty = False

    await office.pass_time(handle, MINUTE / 2)
    await world.until(lambda: "LevelReminded" in world.audit.kinds(handle.id))
    await office.until_idle(handle)

    assert world.audit.kinds(handle.id)[-1] == "LevelOpened"


async def test_an_amendment_during_the_calendars_answer_counts_its_own_time(
    office: Office, world: World
) -> None:
    world.calendar.held = True
    handle = await office.request(BOTH)
    await world.until(lambda: world.calendar.tries == 2)
    await office.do(handle, acts.amend())

    world.calendar.let()
    await office.until_idle(handle)

    level_ = (await handle.query(ApprovalWorkflow.state)).levels[0]
    assert level_.expires_at is not None
    assert level_.expires_at >= world.audit.fact(handle.id, "RequestAmended").at + EXPIRE


async def test_an_answer_that_is_overtaken_is_read_once_more(
    office: Office, world: World, leads: None
) -> None:
    """The group changes while its earlier reading is still under way."""
    handle = await office.open_request(LEADS)
    world.directory.slack.weather = Weather.HANGING
    await office.do(handle, acts.REFRESH_BY_SLACK)
    await world.until(lambda: world.directory.reads == 2)
    _change_leads(world)
    await office.do(handle, acts.REFRESH_BY_SLACK)

    world.directory.slack.answer()
    await office.until_idle(handle)

    assert world.directory.reads == 3
    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.levels[0].eligible == ("UCLARA", "UDORA", "UEMIL")


async def test_an_answer_about_people_who_were_replaced_opens_nothing(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    world.directory.slack.weather = Weather.HANGING
    await office.do(handle, acts.refresh())
    await world.until(lambda: world.directory.reads == 2)
    await office.do(handle, acts.reassign("UDORA", "UEMIL"))

    world.directory.slack.answer()
    await office.until_idle(handle)

    assert world.audit.kinds(handle.id)[2:] == ["RefreshAsked", "LevelReassigned", "LevelOpened"]
    refusal = await refused(office.decide(handle, "UBORIS"))
    assert refusal.type == "rejected.not_an_approver"


async def test_an_open_level_stays_as_it_is_while_slack_is_down(
    office: Office, world: World, leads: None
) -> None:
    handle = await office.open_request(LEADS)
    world.directory.slack.weather = Weather.REFUSING
    _change_leads(world)
    await office.do(handle, acts.refresh())
    await world.until(lambda: world.directory.reads == 3)
    await office.until_idle(handle)

    answer = await office.decide(handle, "UBORIS")

    assert len(answer.levels[0].decisions) == 1
    assert answer.levels[0].blocked == ""
    assert "LevelBlocked" not in world.audit.kinds(handle.id)


async def test_an_open_level_stays_as_it_is_when_its_group_is_gone(
    office: Office, world: World, leads: None
) -> None:
    handle = await office.open_request(LEADS)
    world.directory.groups = {}

    await office.do(handle, acts.REFRESH_BY_SLACK)
    await office.until_idle(handle)

    answer = await office.decide(handle, "UBORIS")
    assert answer.levels[0].eligible == ("UBORIS", "UCLARA", "UDORA")


async def test_a_stand_in_decides_only_while_somebody_is_away(office: Office, world: World) -> None:
    now = datetime.now(UTC)
    away = Absence(person="UBORIS", delegate="UDORA", starts=now + HOUR, ends=now + 3 * HOUR)
    world.directory.absences = (away,)
    slow = level("slow", "UBORIS", "UCLARA", quorum=2, expire=24 * HOUR)
    early, late = [await office.open_request(slow) for _ in range(2)]

    before = await refused(office.decide(early, "UDORA"))
    await office.pass_time(early, HOUR)
    await office.until_idle(early)
    within = await office.decide(early, "UDORA")
    await office.pass_time(late, 3 * HOUR + CLOSE)
    after = await refused(office.decide(late, "UDORA"))

    assert (before.type, after.type) == ("rejected.not_an_approver",) * 2
    assert [said.seat for said in within.levels[0].decisions] == ["UBORIS"]
    assert world.notices.summary()[0] == ("asked", "UDORA")


async def test_nobody_decides_between_being_replaced_and_the_next_reading(
    office: Office, world: World
) -> None:
    handle = await office.open_request(
        level("slow", "UBORIS", escalate=(more("UDORA", after=MINUTE, instead=True),))
    )
    world.directory.slack.weather = Weather.REFUSING
    await office.pass_time(handle, MINUTE)
    await world.until(lambda: "LevelEscalated" in world.audit.kinds(handle.id))

    unread = [await refused(office.decide(handle, who)) for who in ("UBORIS", "UDORA")]
    world.directory.slack.answer()
    await office.pass_time(handle, 15 * CLOSE)
    await office.until_idle(handle)
    replaced = await refused(office.decide(handle, "UBORIS"))
    answer = await office.decide(handle, "UDORA")

    assert [one.type for one in unread] == ["rejected.level_not_open"] * 2
    assert replaced.type == "rejected.not_an_approver"
    assert answer.status is Status.APPROVED


async def test_who_was_asked_first_decides_on_while_others_are_added(
    office: Office, world: World
) -> None:
    handle = await office.open_request(
        level("slow", "UBORIS", escalate=(more("manager", after=MINUTE),))
    )
    world.directory.slack.weather = Weather.REFUSING
    await office.pass_time(handle, MINUTE)
    await world.until(lambda: "LevelEscalated" in world.audit.kinds(handle.id))

    answer = await office.decide(handle, "UBORIS")

    assert answer.status is Status.APPROVED


async def test_a_replacement_that_cannot_be_read_blocks_the_level(
    office: Office, world: World
) -> None:
    handle = await office.open_request(
        level("slow", "UBORIS", escalate=(more("group:gone", after=MINUTE, instead=True),))
    )

    await office.pass_time(handle, MINUTE + CLOSE)
    await office.until_idle(handle)

    assert world.audit.fact(handle.id, "LevelBlocked").rule == "approvers_unreadable"
    assert world.notices.summary() == [("blocked", "#approvals-admin")]
