"""A level opens when enough approvers are known who may decide; until then it is blocked."""

from datetime import timedelta

import pytest

from tests.time_skipping import ANY
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import CLOSE, Harness, level
from tests.workflows.history import scheduled_at
from workflows.approval import ApprovalWorkflow
from workflows.directory_reader import READ_AGAIN
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import Standing


async def test_a_level_without_approvers_is_blocked_and_opens_when_one_is_found(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    # Nothing else is due: on a busy machine the clock may advance further than requested.
    handle = await harness.open_request(level("lead", "UBORIS", "UCLARA", expire=None))
    ports.directory.empty = False

    await harness.fast_forward(handle, READ_AGAIN)

    await ports.until(lambda: "LevelOpened" in ports.audit.kinds(handle.id))
    assert ports.audit.fact(handle.id, "LevelBlocked").rule == "no_eligible_approver"
    answer = await harness.decide(handle, "UBORIS")
    assert answer.status is Status.APPROVED


async def test_a_level_of_deactivated_accounts_is_blocked(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.standings = {
        "UBORIS": Standing.DEACTIVATED,
        "UCLARA": Standing.DEACTIVATED,
    }

    handle = await harness.open_request()

    snapshot = await handle.query(ApprovalWorkflow.state)
    assert snapshot.status is Status.PENDING
    assert snapshot.levels[0].blocked == "no_eligible_approver"
    assert ports.cards.published[-1].face == snapshot


@pytest.mark.parametrize("mode", [SlackMode.REFUSING, SlackMode.FAILING])
async def test_an_unreadable_level_opens_when_slack_is_back(
    harness: Harness, ports: FakePorts, mode: SlackMode
) -> None:
    ports.directory.slack.mode = mode
    handle = await harness.start_request()
    await ports.until(lambda: "LevelBlocked" in ports.audit.kinds(handle.id))
    blocked = ports.audit.fact(handle.id, "LevelBlocked")
    ports.directory.slack.recover()

    await harness.fast_forward(handle, 15 * CLOSE, timers=ANY)
    await ports.until(lambda: "LevelOpened" in ports.audit.kinds(handle.id))

    assert blocked.rule == "approvers_unreadable"
    assert ports.audit.fact(handle.id, "LevelOpened").at - blocked.at < 15 * CLOSE


async def test_a_single_failed_reading_is_repeated_before_the_level_is_blocked(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.slack.mode = SlackMode.FAILING
    handle = await harness.start_request()
    await ports.until(lambda: ports.directory.reads == 1)
    ports.directory.slack.recover()

    await harness.until_idle(handle)

    assert ports.audit.kinds(handle.id) == ["RequestSubmitted", "LevelOpened"]


async def test_a_level_that_stays_unreadable_expires_in_time(
    harness: Harness, ports: FakePorts
) -> None:
    ports.slack.mode = ports.directory.slack.mode = SlackMode.REFUSING
    minute = timedelta(minutes=1)
    handle = await harness.start_request(level("brisk", "UBORIS", expire=minute))
    await ports.until(lambda: "LevelBlocked" in ports.audit.kinds(handle.id))
    snapshot = await handle.query(ApprovalWorkflow.state)

    await harness.fast_forward(handle, minute, timers=ANY)

    await ports.until(lambda: "RequestExpired" in ports.audit.kinds(handle.id))
    due = snapshot.levels[0].expires_at
    assert due is not None
    assert due <= ports.audit.fact(handle.id, "RequestExpired").at < due + CLOSE


async def test_a_level_without_approvers_is_read_at_growing_intervals(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.open_request(level("lost", "UBORIS", expire=None))
    begun = await harness.workflow_time(handle)

    await harness.fast_forward(handle, timedelta(hours=4), timers=ANY)

    reads = scheduled_at(await harness.history(handle), "approvers")
    minutes = [round((at - begun) / timedelta(minutes=1)) for at in reads]
    assert minutes == [1, 3, 7, 15, 31, 63, 123, 183]


async def test_an_unknown_group_is_read_at_growing_intervals(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(level("lost", "group:gone"))
    await harness.fast_forward(handle, 3 * CLOSE)  # one failed attempt means little
    before = ports.directory.reads

    await harness.fast_forward(handle, 3 * READ_AGAIN, timers=ANY)

    assert ports.directory.reads - before == 2


async def test_a_blocked_level_is_one_fact_however_often_it_is_read(
    harness: Harness, ports: FakePorts
) -> None:
    ports.directory.empty = True
    handle = await harness.open_request()

    await harness.fast_forward(handle, 3 * READ_AGAIN + CLOSE)

    assert ports.audit.kinds(handle.id) == ["RequestSubmitted", "LevelBlocked"]
    assert len(ports.cards.published) == 1
