"""When the card is written: not into a click's inline answer, not later than six seconds, not twice."""

from datetime import timedelta

from tests.workflows.fakes import World
from tests.workflows.history import asked, when
from tests.workflows.office import BOTH, CLOSE, Office, level
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.rules.shared.card import LONG_RETRY, MAX_PUBLISH_DELAY, SETTLE_TIME

CROWD = tuple(f"U{number:02}" for number in range(20))
ADMINS = ("card_not_posted", "#approvals-admin")
EVERYBODY = level("everybody", *CROWD, quorum=20)


async def test_a_slack_click_is_published_three_seconds_later(office: Office) -> None:
    handle = await office.open_request(BOTH)

    await office.click(handle, "UBORIS")
    await office.pass_time(handle, 2 * MAX_PUBLISH_DELAY)

    events = await office.until_idle(handle)
    (clicked,) = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = asked(events, "publish")[1:]
    assert len(published) == 1
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE


async def test_a_decision_by_command_line_is_published_at_once(office: Office) -> None:
    handle = await office.open_request(BOTH)

    await office.decide(handle, "UBORIS")

    events = await office.until_idle(handle)
    (decided,) = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    assert asked(events, "publish")[1] - decided < CLOSE


async def test_a_change_soon_after_a_click_waits_until_the_click_has_settled(
    office: Office,
) -> None:
    handle = await office.open_request(EVERYBODY)
    await office.click(handle, CROWD[0])
    await office.pass_time(handle, CLOSE)

    await office.decide(handle, CROWD[1])
    await office.pass_time(handle, MAX_PUBLISH_DELAY)

    events = await office.until_idle(handle)
    clicked, _ = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = asked(events, "publish")[1:]
    assert len(published) == 1
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE


async def test_a_burst_of_clicks_delays_the_publish_for_six_seconds_at_most(
    office: Office,
) -> None:
    handle = await office.open_request(EVERYBODY)

    for person in CROWD[:6]:
        await office.click(handle, person)
        await office.pass_time(handle, 2 * CLOSE)

    events = await office.until_idle(handle)
    first = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[0]
    published = asked(events, "publish")[1]
    assert MAX_PUBLISH_DELAY - CLOSE / 10 <= published - first < MAX_PUBLISH_DELAY + CLOSE


async def test_twenty_clicks_are_one_publish_and_few_timers(office: Office, world: World) -> None:
    handle = await office.open_request(EVERYBODY)

    for person in CROWD[:19]:
        await office.click(handle, person)
    await office.pass_time(handle, 2 * MAX_PUBLISH_DELAY)

    events = await office.until_idle(handle)
    assert 1 <= len(world.cards.published) - 1 <= 2
    assert world.cards.versions[-1] == 20
    assert len(when(events, "TIMER_STARTED")) <= 1 + 2 * 2


async def test_a_change_during_a_publish_is_published_after_it(
    office: Office, world: World
) -> None:
    handle = await office.open_request(EVERYBODY)
    world.slack.weather = Weather.HANGING
    await office.decide(handle, CROWD[0])
    await world.until(lambda: len(world.cards.asked) == 2)

    await office.decide(handle, CROWD[1])
    await office.decide(handle, CROWD[2])

    assert len(world.cards.asked) == 2
    world.slack.answer()
    await office.until_idle(handle)
    assert world.cards.versions == [1, 2, 4]


async def test_republish_writes_the_same_card_once_more(office: Office, world: World) -> None:
    handle = await office.open_request()

    version = await handle.execute_update(ApprovalWorkflow.republish)
    await office.until_idle(handle)

    assert world.cards.versions == [version, version]
    assert world.cards.published[0].face == world.cards.published[1].face


async def test_republish_also_waits_until_the_last_click_has_settled(office: Office) -> None:
    handle = await office.open_request(BOTH)
    await office.click(handle, "UBORIS")

    await handle.execute_update(ApprovalWorkflow.republish)
    await office.pass_time(handle, MAX_PUBLISH_DELAY)

    events = await office.until_idle(handle)
    clicked, _ = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = asked(events, "publish")[1:]
    assert len(published) == 1
    assert published[0] - clicked >= SETTLE_TIME - CLOSE / 10


async def test_the_copys_place_is_kept_from_the_first_post_on(office: Office, world: World) -> None:
    handle = await office.open_request(BOTH)

    await office.decide(handle, "UBORIS")
    await office.until_idle(handle)

    first, second = (card.copies[0] for card in world.cards.asked)
    assert (first.ts, second.ts) == ("", "1.0")
    assert first.key == second.key
    assert not second.doubtful


async def test_a_post_that_broke_is_looked_for_before_the_next(
    office: Office, world: World
) -> None:
    world.slack.weather = Weather.BREAKING
    handle = await office.open_request()
    world.slack.answer()

    await office.pass_time(handle, 3 * CLOSE)

    first, second = (card.copies[0] for card in world.cards.asked)
    assert not first.doubtful
    assert second.doubtful
    assert second.key == first.key
    assert second.intended_at == first.intended_at


async def test_a_post_that_hangs_is_looked_for_before_the_next(
    impatient_office: Office, world: World
) -> None:
    world.slack.weather = Weather.HANGING
    handle = await impatient_office.open_request()
    world.slack.answer()

    await impatient_office.pass_time(handle, 3 * CLOSE)

    first, second = (card.copies[0] for card in world.cards.asked)
    assert second.doubtful
    assert second.intended_at == first.intended_at


async def test_a_channel_without_the_bot_is_told_to_requester_and_admins_once(
    office: Office, world: World
) -> None:
    world.cards.problem = "not_in_channel"
    handle = await office.open_request()

    await office.pass_time(handle, timedelta(minutes=3))

    assert len(world.cards.asked) > 3
    assert world.notices.summary() == [("card_not_posted", "UANA"), ADMINS]
    assert {one.problem for one in world.notices.told} == {"not_in_channel"}
    assert world.notices.told[1].people == ("UGUS",)


async def test_a_card_is_posted_soon_after_the_bot_was_invited(
    office: Office, world: World
) -> None:
    world.cards.problem = "not_in_channel"
    handle = await office.open_request()
    world.cards.problem = ""

    await office.pass_time(handle, LONG_RETRY + CLOSE)

    assert world.cards.versions == [1]


async def test_the_last_state_is_tried_once_more_although_the_card_was_refused(
    office: Office, world: World
) -> None:
    world.cards.problem = "not_in_channel"
    handle = await office.open_request()
    world.cards.problem = ""
    await office.decide(handle, "UBORIS")

    outcome = await office.end(handle)

    assert world.cards.versions == [outcome.card.version]


async def test_a_card_that_cannot_be_written_does_not_keep_a_request_for_ever(
    office: Office, world: World
) -> None:
    world.cards.problem = "is_archived"
    handle = await office.open_request()
    await office.decide(handle, "UBORIS")

    await office.end(handle)

    assert world.notices.summary() == [("card_not_posted", "UANA"), ADMINS, ("outcome", "UANA")]
