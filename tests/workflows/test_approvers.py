"""A level opens for people who are known and may decide; until then it is blocked, and says so."""

from datetime import timedelta

import pytest

from tests.workflows.fakes import World
from tests.workflows.history import asked
from tests.workflows.office import CLOSE, Office, level
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.directory_reader import READ_AGAIN
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Standing


async def test_a_level_without_people_is_blocked_and_opens_by_itself(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    # Nothing else falls due: on a busy machine time may pass further than it was asked to.
    handle = await office.open_request(level("lead", "UBORIS", "UCLARA", expire=None))
    world.directory.empty = False

    await office.pass_time(handle, READ_AGAIN)

    await world.until(lambda: "LevelOpened" in world.audit.kinds(handle.id))
    assert world.audit.fact(handle.id, "LevelBlocked").rule == "no_eligible_approver"
    answer = await office.decide(handle, "UBORIS")
    assert answer.status is Status.APPROVED


async def test_a_level_of_deactivated_people_is_blocked(office: Office, world: World) -> None:
    world.directory.standings = {
        "UBORIS": Standing.DEACTIVATED,
        "UCLARA": Standing.DEACTIVATED,
    }

    handle = await office.open_request()

    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.status is Status.PENDING
    assert snapshot.levels[0].blocked == "no_eligible_approver"
    assert world.cards.published[-1].face == snapshot


@pytest.mark.parametrize("weather", [Weather.REFUSING, Weather.BREAKING])
async def test_an_unreadable_level_opens_when_slack_is_back(
    office: Office, world: World, weather: Weather
) -> None:
    world.directory.slack.weather = weather
    handle = await office.request()
    await world.until(lambda: "LevelBlocked" in world.audit.kinds(handle.id))
    blocked = world.audit.fact(handle.id, "LevelBlocked")
    world.directory.slack.answer()

    await office.pass_time(handle, 15 * CLOSE)
    await world.until(lambda: "LevelOpened" in world.audit.kinds(handle.id))

    assert blocked.rule == "approvers_unreadable"
    assert world.audit.fact(handle.id, "LevelOpened").at - blocked.at < 15 * CLOSE


async def test_one_failed_reading_is_repeated_before_anybody_hears_of_it(
    office: Office, world: World
) -> None:
    world.directory.slack.weather = Weather.BREAKING
    handle = await office.request()
    await world.until(lambda: world.directory.reads == 1)
    world.directory.slack.answer()

    await office.until_idle(handle)

    assert world.audit.kinds(handle.id) == ["RequestSubmitted", "LevelOpened"]


async def test_a_level_that_stays_unreadable_expires_in_time(office: Office, world: World) -> None:
    world.slack.weather = world.directory.slack.weather = Weather.REFUSING
    minute = timedelta(minutes=1)
    handle = await office.request(level("brisk", "UBORIS", expire=minute))
    await world.until(lambda: "LevelBlocked" in world.audit.kinds(handle.id))
    snapshot = await handle.query(ApprovalWorkflow.state)

    await office.pass_time(handle, minute)

    await world.until(lambda: "RequestExpired" in world.audit.kinds(handle.id))
    due = snapshot.levels[0].expires_at
    assert due is not None
    assert due <= world.audit.fact(handle.id, "RequestExpired").at < due + CLOSE


async def test_a_level_without_people_is_read_again_less_and_less_often(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.open_request(level("lost", "UBORIS", expire=None))
    begun = await office.clock(handle)

    await office.pass_time(handle, timedelta(hours=4))

    reads = asked(await office.history(handle), "approvers")
    minutes = [round((at - begun) / timedelta(minutes=1)) for at in reads]
    assert minutes == [1, 3, 7, 15, 31, 63, 123, 183]


async def test_a_group_that_slack_does_not_know_is_read_again_as_patiently(
    office: Office, world: World
) -> None:
    handle = await office.open_request(level("lost", "group:gone"))
    await office.pass_time(handle, 3 * CLOSE)  # one try alone says little
    before = world.directory.reads

    await office.pass_time(handle, 3 * READ_AGAIN)

    assert world.directory.reads - before == 2


async def test_being_blocked_is_one_fact_however_often_it_is_read(
    office: Office, world: World
) -> None:
    world.directory.empty = True
    handle = await office.open_request()

    await office.pass_time(handle, 3 * READ_AGAIN + CLOSE)

    assert world.audit.kinds(handle.id) == ["RequestSubmitted", "LevelBlocked"]
    assert len(world.cards.published) == 1
