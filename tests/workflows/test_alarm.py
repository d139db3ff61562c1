"""One timer: whatever a request waits for, never are two armed at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows import acts
from tests.workflows.fakes import World
from tests.workflows.history import kinds, most_armed
from tests.workflows.office import CLOSE, ApprovalHandle, Office, level
from tests.workflows.weather import Weather
from workflows.rules.approvals.policy import Escalation
from workflows.rules.people.actors import Absence

SPELL = timedelta(seconds=15)
BUSY = level(
    "busy",
    "UBORIS",
    "UCLARA",
    quorum=2,
    remind_after=(SPELL, 2 * SPELL, 3 * SPELL),
    escalate=(Escalation(after=2 * SPELL, to=acts.sources("UDORA"), replace=True),),
    expire=8 * SPELL,
)


async def _slack_is_down(office: Office, handle: ApprovalHandle) -> None:
    office.world.slack.weather = Weather.REFUSING
    await office.do(handle, acts.comment("UBORIS"))
    await office.pass_time(handle, 4 * SPELL)
    office.world.slack.answer()


async def _directory_is_down(office: Office, handle: ApprovalHandle) -> None:
    office.world.directory.slack.weather = Weather.REFUSING
    await office.pass_time(handle, 4 * SPELL)
    office.world.directory.slack.answer()


async def _nobody_is_there(office: Office, handle: ApprovalHandle) -> None:
    office.world.directory.empty = True
    await office.do(handle, acts.reassign("UDORA", "UEMIL"))
    await office.pass_time(handle, 4 * SPELL)
    office.world.directory.empty = False


async def _people_click(office: Office, handle: ApprovalHandle) -> None:
    for _ in range(3):
        await office.do(handle, acts.comment("UBORIS"))
        await office.pass_time(handle, CLOSE)
    await office.click(handle, "UBORIS")
    await office.pass_time(handle, 2 * CLOSE)
    await office.do(handle, acts.amend())
    await office.until_idle(handle)
    await office.click(handle, "UBORIS", revision=2)


async def _somebody_leaves(office: Office, handle: ApprovalHandle) -> None:
    now = datetime.now(UTC)
    away = Absence(person="UBORIS", delegate="UDORA", starts=now + SPELL / 2, ends=now + 3 * SPELL)
    office.world.directory.absences = (away,)
    await office.do(handle, acts.REFRESH_BY_SLACK)
    await office.until_idle(handle)
    await office.pass_time(handle, 2 * SPELL)


@pytest.mark.parametrize(
    "happens",
    [_slack_is_down, _directory_is_down, _nobody_is_there, _people_click, _somebody_leaves],
    ids=lambda happens: happens.__name__.strip("_"),
)
async def test_never_are_two_timers_armed(
    office: Office, happens: Callable[[Office, ApprovalHandle], Awaitable[None]]
) -> None:
    handle = await office.open_request(BUSY)

    await happens(office, handle)
    await office.end(handle)

    assert most_armed(await office.history(handle)) == 1


async def test_waiting_for_a_reminder_costs_one_timer_and_nothing_else(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BUSY)
    before = kinds(await office.history(handle))

    await office.pass_time(handle, SPELL - 5 * CLOSE)

    assert kinds(await office.history(handle)) == before
    assert before.count("TIMER_STARTED") == 1


async def test_clicks_one_after_the_other_arm_no_timer_each(office: Office) -> None:
    crowd = [f"U{number}" for number in range(6)]
    handle = await office.open_request(level("crowd", *crowd, quorum=6))

    for person in crowd[:5]:
        await office.click(handle, person)
        await office.until_idle(handle)

    events = kinds(await office.history(handle))
    assert events.count("TIMER_STARTED") <= 3  # the expiry's, the settling's, the next one's


async def test_a_reminder_costs_one_timer(office: Office, world: World) -> None:
    handle = await office.open_request(BUSY)

    await office.pass_time(handle, SPELL + CLOSE)

    events = kinds(await office.until_idle(handle))
    assert events.count("TIMER_STARTED") == 2
    assert world.audit.kinds(handle.id).count("LevelReminded") == 1
