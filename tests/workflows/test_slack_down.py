"""Slack never blocks: with Slack down, decisions, audit and deadlines happen in time."""

import itertools
from datetime import timedelta

import pytest

from tests.workflows import acts
from tests.workflows.fakes import World
from tests.workflows.history import asked, when
from tests.workflows.office import BOTH, CLOSE, Office, level
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status


async def test_a_decision_is_written_down_while_a_publish_hangs(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    world.slack.weather = Weather.HANGING
    await handle.execute_update(ApprovalWorkflow.republish)
    await world.until(lambda: len(world.cards.asked) == 2)

    answer = await office.decide(handle, "UBORIS")
    await world.until(lambda: "RequestApproved" in world.audit.kinds(handle.id))

    assert answer.status is Status.APPROVED
    assert len(world.cards.published) == 1
    world.slack.answer()
    outcome = await handle.result()
    assert world.cards.versions[-1] == outcome.card.version


async def test_a_request_expires_in_time_while_a_publish_hangs(
    office: Office, world: World
) -> None:
    handle = await office.open_request(level("brisk", "UBORIS", expire=timedelta(seconds=0.5)))
    world.slack.weather = Weather.HANGING
    await handle.execute_update(ApprovalWorkflow.republish)

    await world.until(lambda: "RequestExpired" in world.audit.kinds(handle.id))

    submitted = world.audit.fact(handle.id, "RequestSubmitted").at
    expired = world.audit.fact(handle.id, "RequestExpired").at
    assert expired - submitted < timedelta(seconds=0.5) + CLOSE
    assert len(world.cards.published) == 1
    world.slack.answer()
    await handle.result()


@pytest.mark.parametrize("weather", [Weather.REFUSING, Weather.BREAKING])
async def test_a_request_expires_in_time_while_slack_fails(
    office: Office, world: World, weather: Weather
) -> None:
    minute = timedelta(minutes=1)
    handle = await office.open_request(level("brisk", "UBORIS", expire=minute))
    opened = world.audit.fact(handle.id, "LevelOpened").at
    world.slack.weather = weather
    await handle.execute_update(ApprovalWorkflow.republish)

    await office.pass_time(handle, minute + CLOSE)
    await world.until(lambda: "RequestExpired" in world.audit.kinds(handle.id))

    assert world.audit.fact(handle.id, "RequestExpired").at - opened < minute + CLOSE


async def test_a_decision_is_written_down_at_once_while_slack_fails(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    world.slack.weather = Weather.BREAKING

    await office.decide(handle, "UBORIS")
    await world.until(lambda: "RequestApproved" in world.audit.kinds(handle.id))

    assert len(world.cards.published) == 1


async def test_card_and_requester_catch_up_once_slack_is_back(office: Office, world: World) -> None:
    handle = await office.open_request()
    world.slack.weather = Weather.REFUSING
    await office.decide(handle, "UBORIS")
    await office.pass_time(handle, timedelta(minutes=1))
    world.slack.answer()

    outcome = await office.end(handle)

    assert world.cards.versions == [1, outcome.card.version]
    assert world.cards.published[-1].face == outcome.face
    assert world.notices.summary() == [("outcome", "UANA")]


async def test_the_card_is_current_within_fifteen_seconds_of_slacks_return(
    office: Office, world: World
) -> None:
    handle = await office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await office.decide(handle, "UBORIS")
    await office.pass_time(handle, timedelta(minutes=1))
    world.slack.answer()

    await office.pass_time(handle, timedelta(seconds=15))

    assert world.cards.versions == [1, 2]


async def test_tries_grow_apart_to_ten_seconds(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await handle.execute_update(ApprovalWorkflow.republish)

    await office.pass_time(handle, timedelta(seconds=40))

    tries = asked(await office.history(handle), "publish")[1:]
    gaps = [round((b - a).total_seconds()) for a, b in itertools.pairwise(tries)]
    assert gaps == [2, 4, 8, 10, 10]


async def test_a_failing_slack_costs_one_timer_for_each_try(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await handle.execute_update(ApprovalWorkflow.republish)

    await office.pass_time(handle, timedelta(seconds=30))

    events = await office.until_idle(handle)
    retries = len(world.cards.asked) - 2
    assert len(when(events, "TIMER_STARTED")) == 1 + retries + 1  # expiry, each retry, the next


async def test_slacks_retry_after_is_obeyed(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    world.cards.retry_after = timedelta(seconds=25)
    await handle.execute_update(ApprovalWorkflow.republish)
    await office.until_idle(handle)

    await office.pass_time(handle, timedelta(seconds=30))

    _, first, second = asked(await office.history(handle), "publish")
    assert timedelta(seconds=25) <= second - first < timedelta(seconds=25) + CLOSE


async def test_a_notice_whose_sending_broke_is_looked_for_before_it_is_sent_again(
    office: Office, world: World
) -> None:
    handle = await office.open_request()
    world.slack.weather = Weather.BREAKING
    await office.decide(handle, "UBORIS")
    await world.until(lambda: world.notices.asked)
    world.slack.answer()

    await office.end(handle)

    first, second = world.notices.asked
    assert (first.doubtful, second.doubtful) == (False, True)
    assert (first.key, first.intended_at) == (second.key, second.intended_at)


async def test_a_reminder_that_falls_due_while_an_earlier_one_hangs_is_told_as_one_with_it(
    impatient_office: Office, world: World
) -> None:
    """The earlier one may have arrived all the same: it is looked for, and not sent beside it."""
    real = timedelta(seconds=0.8)  # Slack hangs before the first falls due, on a busy machine too
    handle = await impatient_office.open_request(
        level("urged", "UBORIS", remind_after=(real, 2 * real))
    )
    world.slack.weather = Weather.HANGING
    await world.until(lambda: world.notices.asked)
    await world.until(lambda: world.audit.kinds(handle.id).count("LevelReminded") == 2)

    await impatient_office.until_idle(handle)
    world.slack.answer()
    await impatient_office.pass_time(handle, 10 * CLOSE)
    await impatient_office.until_idle(handle)

    first, *_, last = world.notices.asked
    assert {one.key for one in world.notices.asked} == {first.key}
    assert last.doubtful


async def test_after_ten_minutes_without_slack_card_and_people_catch_up_at_once(
    office: Office, world: World
) -> None:
    minute = timedelta(minutes=1)
    more = Escalation(after=8 * minute, to=acts.sources("UDORA"))
    urged = level(
        "urged",
        *("UBORIS", "UCLARA"),
        quorum=2,
        remind_after=(3 * minute, 6 * minute),
        escalate=(more,),
        expire=timedelta(hours=1),
    )
    handle = await office.open_request(urged)
    world.slack.weather = Weather.REFUSING
    await office.do(handle, acts.comment("UBORIS"))
    for _ in range(5):
        await office.pass_time(handle, 2 * minute)
    down = (world.cards.versions, world.notices.summary())

    world.slack.answer()
    await office.pass_time(handle, timedelta(seconds=15))

    began = world.audit.fact(handle.id, "RequestSubmitted").at
    assert world.audit.fact(handle.id, "LevelEscalated").at == began + 8 * minute
    assert down == ([1], [])
    assert world.cards.shown(handle.id).levels[0].escalations == 1
    assert sorted(world.notices.summary()) == [("asked", "UDORA"), ("reminded", "UBORIS,UCLARA")]
