"""When the card is published: after the inline response to a click, within six seconds, once."""

from datetime import timedelta

from tests.time_skipping import ANY
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import BOTH, CLOSE, Harness, level
from tests.workflows.history import scheduled_at, when
from workflows.approval import ApprovalWorkflow
from workflows.rules.shared.card import LONG_RETRY, MAX_PUBLISH_DELAY, SETTLE_TIME

CROWD = tuple(f"U{number:02}" for number in range(20))
ADMINS = ("card_not_posted", "#approvals-admin")
EVERYONE = level("everyone", *CROWD, quorum=20)


async def test_a_slack_click_is_published_three_seconds_later(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)

    await harness.click_decide(handle, "UBORIS")
    await harness.fast_forward(handle, 2 * MAX_PUBLISH_DELAY)

    events = await harness.until_idle(handle)
    (clicked,) = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = scheduled_at(events, "publish")[1:]
    assert len(published) == 1
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE


async def test_a_decision_from_the_cli_is_published_at_once(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)

    await harness.decide(handle, "UBORIS")

    events = await harness.until_idle(handle)
    (decided,) = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    assert scheduled_at(events, "publish")[1] - decided < CLOSE


async def test_a_change_soon_after_a_click_waits_until_the_click_has_settled(
    harness: Harness,
) -> None:
    handle = await harness.open_request(EVERYONE)
    await harness.click_decide(handle, CROWD[0])
    await harness.fast_forward(handle, CLOSE)

    await harness.decide(handle, CROWD[1])
    await harness.fast_forward(handle, MAX_PUBLISH_DELAY, timers=ANY)

    events = await harness.until_idle(handle)
    clicked, _ = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = scheduled_at(events, "publish")[1:]
    assert len(published) == 1
    assert SETTLE_TIME - CLOSE / 10 <= published[0] - clicked < SETTLE_TIME + CLOSE


async def test_a_burst_of_clicks_delays_the_publish_for_six_seconds_at_most(
    harness: Harness,
) -> None:
    handle = await harness.open_request(EVERYONE)

    for person in CROWD[:6]:
        await harness.click_decide(handle, person)
        await harness.fast_forward(handle, 2 * CLOSE, timers=ANY)

    events = await harness.until_idle(handle)
    first = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[0]
    published = scheduled_at(events, "publish")[1]
    assert MAX_PUBLISH_DELAY - CLOSE / 10 <= published - first < MAX_PUBLISH_DELAY + CLOSE


async def test_twenty_clicks_cause_one_publish_and_few_timers(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(EVERYONE)

    for person in CROWD[:19]:
        await harness.click_decide(handle, person)
    await harness.fast_forward(handle, 2 * MAX_PUBLISH_DELAY)

    events = await harness.until_idle(handle)
    assert 1 <= len(ports.cards.published) - 1 <= 2
    assert ports.cards.versions[-1] == 20
    assert len(when(events, "TIMER_STARTED")) <= 1 + 2 * 2


async def test_a_change_during_a_publish_is_published_after_it(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(EVERYONE)
    ports.slack.mode = SlackMode.HANGING
    await harness.decide(handle, CROWD[0])
    await ports.until(lambda: len(ports.cards.attempts) == 2)

    await harness.decide(handle, CROWD[1])
    await harness.decide(handle, CROWD[2])

    assert len(ports.cards.attempts) == 2
    ports.slack.recover()
    await harness.until_idle(handle)
    assert ports.cards.versions == [1, 2, 4]


async def test_republish_writes_the_same_card_again(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request()

    version = await handle.execute_update(ApprovalWorkflow.republish)
    await harness.until_idle(handle)

    assert ports.cards.versions == [version, version]
    assert ports.cards.published[0].face == ports.cards.published[1].face


async def test_republish_waits_until_the_last_click_has_settled(harness: Harness) -> None:
    handle = await harness.open_request(BOTH)
    await harness.click_decide(handle, "UBORIS")

    await handle.execute_update(ApprovalWorkflow.republish)
    await harness.fast_forward(handle, MAX_PUBLISH_DELAY)

    events = await harness.until_idle(handle)
    clicked, _ = when(events, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    published = scheduled_at(events, "publish")[1:]
    assert len(published) == 1
    assert published[0] - clicked >= SETTLE_TIME - CLOSE / 10


async def test_a_copy_keeps_the_message_of_its_first_post(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)

    await harness.decide(handle, "UBORIS")
    await harness.until_idle(handle)

    first, second = (card.copies[0] for card in ports.cards.attempts)
    assert (first.ts, second.ts) == ("", "1.0")
    assert first.key == second.key
    assert not second.doubtful


async def test_a_failed_post_is_searched_for_before_the_next(
    harness: Harness, ports: FakePorts
) -> None:
    ports.slack.mode = SlackMode.FAILING
    handle = await harness.open_request()
    ports.slack.recover()

    await harness.fast_forward(handle, 3 * CLOSE, timers=ANY)

    first, second = (card.copies[0] for card in ports.cards.attempts)
    assert not first.doubtful
    assert second.doubtful
    assert second.key == first.key
    assert second.intended_at == first.intended_at


async def test_a_hanging_post_is_searched_for_before_the_next(
    short_timeout_harness: Harness, ports: FakePorts
) -> None:
    ports.slack.mode = SlackMode.HANGING
    handle = await short_timeout_harness.open_request()
    ports.slack.recover()

    await short_timeout_harness.fast_forward(handle, 3 * CLOSE, timers=ANY)

    first, second = (card.copies[0] for card in ports.cards.attempts)
    assert second.doubtful
    assert second.intended_at == first.intended_at


async def test_requester_and_admins_are_notified_once_of_a_channel_without_the_bot(
    harness: Harness, ports: FakePorts
) -> None:
    ports.cards.problem = "not_in_channel"
    handle = await harness.open_request()

    await harness.fast_forward(handle, timedelta(minutes=3), timers=ANY)

    assert len(ports.cards.attempts) > 3
    assert ports.notices.summary() == [("card_not_posted", "UANA"), ADMINS]
    assert {notice.problem for notice in ports.notices.sent} == {"not_in_channel"}
    assert ports.notices.sent[1].people == ("UGUS",)


async def test_a_card_is_posted_soon_after_the_bot_was_invited(
    harness: Harness, ports: FakePorts
) -> None:
    ports.cards.problem = "not_in_channel"
    handle = await harness.open_request()
    ports.cards.problem = ""

    await harness.fast_forward(handle, LONG_RETRY + CLOSE, timers=ANY)

    assert ports.cards.versions == [1]


async def test_the_last_state_is_published_again_although_the_card_was_refused(
    harness: Harness, ports: FakePorts
) -> None:
    ports.cards.problem = "not_in_channel"
    handle = await harness.open_request()
    ports.cards.problem = ""
    await harness.decide(handle, "UBORIS")

    outcome = await harness.run_to_end(handle)

    assert ports.cards.versions == [outcome.card.version]


async def test_a_card_that_cannot_be_written_does_not_keep_a_request_running_forever(
    harness: Harness, ports: FakePorts, short_finish: None
) -> None:
    ports.cards.problem = "is_archived"
    handle = await harness.open_request()
    await harness.decide(handle, "UBORIS")

    await harness.run_to_end(handle)

    assert ports.notices.summary() == [("card_not_posted", "UANA"), ADMINS, ("outcome", "UANA")]
