"""One timer: a request never has two timers armed, whatever it waits for."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows import updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import CLOSE, ApprovalHandle, Harness, level
from tests.workflows.history import kinds, most_armed
from workflows.rules.approvals.policy import Escalation
from workflows.rules.people.actors import Absence

STEP = timedelta(seconds=15)
BUSY = level(
    "busy",
    "UBORIS",
    "UCLARA",
    quorum=2,
    remind_after=(STEP, 2 * STEP, 3 * STEP),
    escalate=(Escalation(after=2 * STEP, to=updates.sources("UDORA"), replace=True),),
    expire=8 * STEP,
)


async def _slack_is_down(harness: Harness, handle: ApprovalHandle) -> None:
    harness.ports.slack.mode = SlackMode.REFUSING
    await harness.send(handle, updates.comment("UBORIS"))
    await harness.fast_forward(handle, 4 * STEP)
    harness.ports.slack.recover()


async def _directory_is_down(harness: Harness, handle: ApprovalHandle) -> None:
    harness.ports.directory.slack.mode = SlackMode.REFUSING
    await harness.fast_forward(handle, 4 * STEP)
    harness.ports.directory.slack.recover()


async def _no_approvers(harness: Harness, handle: ApprovalHandle) -> None:
    harness.ports.directory.empty = True
    await harness.send(handle, updates.reassign("UDORA", "UEMIL"))
    await harness.fast_forward(handle, 4 * STEP)
    harness.ports.directory.empty = False


async def _people_click(harness: Harness, handle: ApprovalHandle) -> None:
    for _ in range(3):
        await harness.send(handle, updates.comment("UBORIS"))
        await harness.fast_forward(handle, CLOSE)
    await harness.click_decide(handle, "UBORIS")
    await harness.fast_forward(handle, 2 * CLOSE)
    await harness.send(handle, updates.amend())
    await harness.until_idle(handle)
    await harness.click_decide(handle, "UBORIS", revision=2)


async def _an_approver_leaves(harness: Harness, handle: ApprovalHandle) -> None:
    now = datetime.now(UTC)
    away = Absence(person="UBORIS", delegate="UDORA", starts=now + STEP / 2, ends=now + 3 * STEP)
    harness.ports.directory.absences = (away,)
    await harness.send(handle, updates.REFRESH_BY_SLACK)
    await harness.until_idle(handle)
    await harness.fast_forward(handle, 2 * STEP)


@pytest.mark.parametrize(
    "events",
    [_slack_is_down, _directory_is_down, _no_approvers, _people_click, _an_approver_leaves],
    ids=lambda events: events.__name__.strip("_"),
)
async def test_two_timers_are_never_armed_at_once(
    harness: Harness, events: Callable[[Harness, ApprovalHandle], Awaitable[None]]
) -> None:
    handle = await harness.open_request(BUSY)

    await events(harness, handle)
    await harness.run_to_end(handle)

    assert most_armed(await harness.history(handle)) == 1


async def test_waiting_for_a_reminder_costs_only_one_timer(
    harness: Harness, ports: FakePorts
) -> None:
    handle = await harness.open_request(BUSY)
    before = kinds(await harness.history(handle))

    await harness.fast_forward(handle, STEP - 5 * CLOSE)

    assert kinds(await harness.history(handle)) == before
    assert before.count("TIMER_STARTED") == 1


async def test_successive_clicks_do_not_arm_a_timer_each(harness: Harness) -> None:
    crowd = [f"U{number}" for number in range(6)]
    handle = await harness.open_request(level("crowd", *crowd, quorum=6))

    for person in crowd[:5]:
        await harness.click_decide(handle, person)
        await harness.until_idle(handle)

    events = kinds(await harness.history(handle))
    assert events.count("TIMER_STARTED") <= 3  # the expiry, the settling time, the next deadline


async def test_a_reminder_costs_one_timer(harness: Harness, ports: FakePorts) -> None:
    handle = await harness.open_request(BUSY)

    await harness.fast_forward(handle, STEP + CLOSE)

    events = kinds(await harness.until_idle(handle))
    assert events.count("TIMER_STARTED") == 2
    assert ports.audit.kinds(handle.id).count("LevelReminded") == 1
