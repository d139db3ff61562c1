"""Slack never blocks: during an outage, decisions, audit and deadlines are in time."""

import itertools
from datetime import timedelta

import pytest

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import BOTH, CLOSE, Harness, level
from tests.workflows.history import scheduled_at, when
from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status


async def test_a_decision_is_audited_while_a_publish_hangs(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    ports.slack.mode = SlackMode.HANGING
    await handle.execute_update(ApprovalWorkflow.republish)
    await ports.until(lambda: len(ports.cards.attempts) == 2)

    answer = await harness.decide(handle, "UBORIS")
    await ports.until(lambda: "RequestApproved" in ports.audit.kinds(handle.id))

    assert answer.status is Status.APPROVED
    assert len(ports.cards.published) == 1
    ports.slack.recover()
    outcome = await handle.result()
    assert ports.cards.versions[-1] == outcome.card.version


async def test_a_request_expires_in_time_while_a_publish_hangs(
    harness: Harness, ports: FakePorts
) -> None:
    """The publish hangs from before the deadline until after the expiry is audited.

    A running activity stops the virtual clock, so the last part of the wait takes real time. A
    publish that delayed the expiry would have timed out by then.
    """
    minute = timedelta(minutes=1)
    handle = await harness.open_request(level("brisk", "UBORIS", expire=minute))
    due = ports.audit.fact(handle.id, "LevelOpened").at + minute
    ports.slack.mode = SlackMode.HANGING
    left = due - await harness.workflow_time(handle)
    await harness.fast_forward(handle, left - timedelta(seconds=0.3))
    await handle.execute_update(ApprovalWorkflow.republish)

    await ports.until(lambda: "RequestExpired" in ports.audit.kinds(handle.id))

    assert not when(await harness.history(handle), "ACTIVITY_TASK_TIMED_OUT")
    assert len(ports.cards.published) == 1
    ports.slack.recover()
    await handle.result()


@pytest.mark.parametrize("mode", [SlackMode.REFUSING, SlackMode.FAILING])
async def test_a_request_expires_in_time_while_slack_fails(
    harness: Harness, ports: FakePorts, mode: SlackMode
) -> None:
    minute = timedelta(minutes=1)
    handle = await harness.open_request(level("brisk", "UBORIS", expire=minute))
    opened = ports.audit.fact(handle.id, "LevelOpened").at
    ports.slack.mode = mode
    await handle.execute_update(ApprovalWorkflow.republish)

    await harness.fast_forward(handle, minute + CLOSE, timers=ANY)
    await ports.until(lambda: "RequestExpired" in ports.audit.kinds(handle.id))

    assert ports.audit.fact(handle.id, "RequestExpired").at - opened < minute + CLOSE


async def test_a_decision_is_audited_at_once_while_slack_fails(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    ports.slack.mode = SlackMode.FAILING

    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: "RequestApproved" in ports.audit.kinds(handle.id))

    assert len(ports.cards.published) == 1


async def test_the_card_and_the_outcome_follow_when_slack_is_back(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    ports.slack.mode = SlackMode.REFUSING
    await harness.decide(handle, "UBORIS")
    await harness.fast_forward(handle, timedelta(minutes=1), timers=ANY)
    ports.slack.recover()

    outcome = await harness.run_to_end(handle)

    assert ports.cards.versions == [1, outcome.card.version]
    assert ports.cards.published[-1].face == outcome.face
    assert ports.notices.summary() == [("outcome", "UANA")]


async def test_the_card_is_current_within_fifteen_seconds_of_slacks_return(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    await harness.decide(handle, "UBORIS")
    await harness.fast_forward(handle, timedelta(minutes=1), timers=ANY)
    ports.slack.recover()

    await harness.fast_forward(handle, timedelta(seconds=15), timers=ANY)

    assert ports.cards.versions == [1, 2]


async def test_retry_intervals_grow_to_ten_seconds(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    await handle.execute_update(ApprovalWorkflow.republish)

    await harness.fast_forward(handle, timedelta(seconds=40), timers=ANY)

    tries = scheduled_at(await harness.history(handle), "publish")[1:]
    gaps = [round((b - a).total_seconds()) for a, b in itertools.pairwise(tries)]
    assert gaps == [2, 4, 8, 10, 10]


async def test_a_failing_slack_costs_one_timer_for_each_try(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    await handle.execute_update(ApprovalWorkflow.republish)

    await harness.fast_forward(handle, timedelta(seconds=30), timers=ANY)

    events = await harness.until_idle(handle)
    retries = len(ports.cards.attempts) - 2
    assert (
        len(when(events, "TIMER_STARTED")) == 1 + retries + 1
    )  # the expiry, each retry, the next retry


async def test_slacks_retry_after_is_obeyed(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    ports.cards.retry_after = timedelta(seconds=25)
    await handle.execute_update(ApprovalWorkflow.republish)
    await harness.until_idle(handle)

    await harness.fast_forward(handle, timedelta(seconds=30), timers=ANY)

    _, first, second = scheduled_at(await harness.history(handle), "publish")
    assert timedelta(seconds=25) <= second - first < timedelta(seconds=25) + CLOSE


async def test_a_failed_notice_is_searched_for_before_it_is_sent_again(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request()
    ports.slack.mode = SlackMode.FAILING
    await harness.decide(handle, "UBORIS")
    await ports.until(lambda: ports.notices.attempts)
    ports.slack.recover()

    await harness.run_to_end(handle)

    first, second = ports.notices.attempts
    assert (first.doubtful, second.doubtful) == (False, True)
    assert (first.key, first.intended_at) == (second.key, second.intended_at)


async def test_a_reminder_that_is_due_while_an_earlier_one_hangs_is_merged_with_it(
    short_timeout_harness: Harness, ports: FakePorts
) -> None:
    """The earlier notice may have arrived: it is searched for, not sent a second time."""
    real = timedelta(seconds=0.8)  # Slack hangs before the first is due, even on a busy machine
    handle = await short_timeout_harness.open_request(
        level("urged", "UBORIS", remind_after=(real, 2 * real))
    )
    ports.slack.mode = SlackMode.HANGING
    await ports.until(lambda: ports.notices.attempts)
    await ports.until(lambda: ports.audit.kinds(handle.id).count("LevelReminded") == 2)

    await short_timeout_harness.until_idle(handle)
    ports.slack.recover()
    await short_timeout_harness.fast_forward(handle, 10 * CLOSE, timers=ANY)
    await short_timeout_harness.until_idle(handle)

    first, *_, last = ports.notices.attempts
    assert {notice.key for notice in ports.notices.attempts} == {first.key}
    assert last.doubtful


async def test_after_an_outage_of_slack_the_card_and_the_notices_follow_at_once(
    harness: Harness, ports: FakePorts
) -> None:
    """The retries stay ten seconds apart, so two minutes of outage are like ten."""
    second = timedelta(seconds=1)
    more = Escalation(after=100 * second, to=updates.sources("UDORA"))
    urged = level(
        "urged",
        *("UBORIS", "UCLARA"),
        quorum=2,
        remind_after=(30 * second, 70 * second),
        escalate=(more,),
        expire=timedelta(hours=1),
    )
    handle = await harness.open_request(urged)
    ports.slack.mode = SlackMode.REFUSING
    await harness.send(handle, updates.comment("UBORIS"))
    for _ in range(3):
        await harness.fast_forward(handle, 40 * second, timers=ANY)
    down = (ports.cards.versions, ports.notices.summary())

    ports.slack.recover()
    await harness.fast_forward(handle, timedelta(seconds=15), timers=ANY)

    began = ports.audit.fact(handle.id, "RequestSubmitted").at
    assert ports.audit.fact(handle.id, "LevelEscalated").at == began + 100 * second
    assert down == ([1], [])
    assert ports.cards.shown(handle.id).levels[0].escalations == 1
    assert sorted(ports.notices.summary()) == [("asked", "UDORA"), ("reminded", "UBORIS,UCLARA")]
