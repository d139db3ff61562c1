"""Continue-as-new keeps everything: state, card, click ids, pending facts and notices."""

import asyncio
from datetime import timedelta

from tests.time_skipping import ANY
from tests.workflows import updates
from tests.workflows.continued_runs import carried_input, continue_as_new, run_id, use_up_updates
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import (
    BOTH,
    CLOSE,
    EXPIRE,
    FINANCE,
    SALES,
    ApprovalHandle,
    Harness,
    level,
)
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status
from workflows.rules.messages import CarriedApproval

MINUTE = timedelta(minutes=1)


async def test_a_new_run_continues_with_the_state_of_the_previous_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    before = await low_limit_harness.decide(handle, "UBORIS")
    await continue_as_new(low_limit_harness, handle)

    after = await handle.query(ApprovalWorkflow.state)
    closed = await low_limit_harness.decide(handle, "UCLARA")
    outcome = await handle.result()

    assert after == before
    assert closed.status is Status.APPROVED
    assert outcome.card.copies[0].ts == "1.0"
    assert len({card.copies[0].key for card in ports.cards.attempts}) == 1
    assert [fact.sequence for fact in ports.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]


async def test_a_repeated_click_is_one_fact_across_runs(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    before = await low_limit_harness.click_decide(handle, "UBORIS", click="one")
    await continue_as_new(low_limit_harness, handle)

    again = await low_limit_harness.click_decide(handle, "UBORIS", click="one")
    await low_limit_harness.until_idle(handle)

    assert again == before
    assert ports.audit.kinds(handle.id).count("DecisionRecorded") == 1


async def test_the_deadline_of_a_level_survives_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    await continue_as_new(low_limit_harness, handle)

    await low_limit_harness.fast_forward(handle, EXPIRE)
    await ports.until(lambda: "RequestExpired" in ports.audit.kinds(handle.id))

    expired = ports.audit.fact(handle.id, "RequestExpired").at
    assert due is not None
    assert timedelta(0) <= expired - due < timedelta(seconds=1)


async def test_a_refused_card_does_not_delay_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    await low_limit_harness.decide(handle, "UBORIS")
    await low_limit_harness.until_idle(handle)

    await continue_as_new(low_limit_harness, handle)
    ports.slack.recover()
    await low_limit_harness.fast_forward(handle, timedelta(seconds=15), timers=ANY)
    await low_limit_harness.until_idle(handle)

    assert ports.cards.versions == [1, 2]


async def test_delayed_facts_are_appended_before_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    handle = await low_limit_harness.open_request(BOTH)
    first = await run_id(handle)
    ports.audit.held = True
    await low_limit_harness.decide(handle, "UBORIS")
    await use_up_updates(low_limit_harness, handle)
    while_blocked = await run_id(handle)

    ports.audit.unblock()
    await low_limit_harness.until_idle(handle)
    await low_limit_harness.decide(handle, "UCLARA")
    await low_limit_harness.run_to_end(handle)

    assert while_blocked == first
    assert await run_id(handle) != first
    assert [fact.sequence for fact in ports.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]


async def test_late_facts_and_notices_are_carried_into_the_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    """The new run only waited for a reading of the approvers to end."""
    ports.directory.groups = {"leads": ("UBORIS",)}
    handle = await low_limit_harness.open_request(level("leads", "group:leads"))
    first = await run_id(handle)
    ports.directory.groups = {"leads": ("UBORIS", "UCLARA")}
    ports.directory.slack.mode = SlackMode.HANGING
    await low_limit_harness.send(handle, updates.REFRESH_BY_SLACK)
    await use_up_updates(low_limit_harness, handle)
    await low_limit_harness.until_idle(handle, but="approvers")
    while_blocked = await run_id(handle)

    ports.directory.slack.recover()
    await ports.until(lambda: ports.notices.sent)
    await low_limit_harness.until_idle(handle)

    given = await carried_input(low_limit_harness, handle)
    assert while_blocked == first
    assert [fact.kind.value for fact in given.facts] == ["ApproversChanged"]
    assert [notice.kind.value for notice in given.notices] == ["asked"]
    assert [fact.sequence for fact in ports.audit.of(handle.id)] == [1, 2, 3]
    assert ports.notices.summary() == [("asked", "UCLARA")]


async def test_copies_and_pending_notices_survive_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    ports.directory.outside = ("UCLARA",)
    handle = await low_limit_harness.open_request(SALES, FINANCE)
    before = ports.cards.published[-1].copies
    ports.slack.mode = SlackMode.REFUSING
    await low_limit_harness.decide(handle, "UBORIS")
    await low_limit_harness.until_idle(handle)
    await continue_as_new(low_limit_harness, handle)

    ports.slack.recover()
    await low_limit_harness.fast_forward(handle, 15 * CLOSE, timers=ANY)
    await low_limit_harness.until_idle(handle)

    last = ports.cards.published[-1]
    assert [(copy.person, copy.key) for copy in last.copies] == [
        (copy.person, copy.key) for copy in before
    ]
    assert [copy.ts for copy in last.copies] == ["1.0", "1.0"]
    assert ports.notices.summary() == [("asked", "UDORA")]
    assert len({notice.key for notice in ports.notices.attempts}) == 1


async def test_past_and_future_clock_ticks_survive_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    more = Escalation(after=2 * MINUTE, to=updates.sources("UEMIL"))
    rule = level(
        "busy", "UBORIS", "UCLARA", quorum=2, remind_after=(MINUTE, 3 * MINUTE), escalate=(more,)
    )
    handle = await low_limit_harness.open_request(rule)
    await low_limit_harness.send(handle, updates.delegate("UBORIS", "UDORA"))
    await low_limit_harness.fast_forward(handle, 2 * MINUTE + CLOSE, timers=ANY)
    await low_limit_harness.until_idle(handle)
    before = await handle.query(ApprovalWorkflow.state)
    await continue_as_new(low_limit_harness, handle)

    after = await handle.query(ApprovalWorkflow.state)
    await low_limit_harness.run_to_end(handle)

    assert after == before
    assert (after.levels[0].reminders, after.levels[0].escalations) == (1, 1)
    assert [(delegate.person, delegate.seat) for delegate in after.levels[0].delegates] == [
        ("UDORA", "UBORIS")
    ]
    due = [f for f in ports.audit.of(handle.id) if f.kind in {"LevelReminded", "RequestExpired"}]
    assert [fact.at - due[0].at for fact in due] == [0 * MINUTE, 2 * MINUTE, 4 * MINUTE]


async def _comment(harness: Harness, handle: ApprovalHandle, runs: int) -> CarriedApproval:
    """Fill this many runs with eighteen comments each, and return the input of the next run."""
    remark = updates.comment("UBORIS", "x" * 1000)
    for _ in range(runs):
        for _ in range(2):
            await asyncio.gather(*(harness.send(handle, remark) for _ in range(9)))
        await harness.until_idle(handle)
    return await carried_input(harness, handle)


async def test_many_comments_do_not_grow_the_state(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    """The audit trail has their texts; the state only counts them and keeps up to 500 click ids."""
    handle = await low_limit_harness.open_request(BOTH)

    few = await _comment(low_limit_harness, handle, 2)
    many = await _comment(low_limit_harness, handle, 4)

    assert (few.state.comments, many.state.comments) == (36, 108)
    sizes = [
        len(data_converter.payload_converter.to_payload(carried.state).data)
        for carried in (few, many)
    ]
    assert sizes[1] - sizes[0] < 10
    assert ports.audit.kinds(handle.id).count("CommentAdded") == 108


async def test_a_closed_request_continues_as_new_and_sends_the_outcome_once(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    """A long Slack outage after the end must not fill the history."""
    handle = await low_limit_harness.open_request(BOTH)
    ports.slack.mode = SlackMode.REFUSING
    await low_limit_harness.withdraw(handle)
    await continue_as_new(low_limit_harness, handle)

    ports.slack.recover()
    outcome = await low_limit_harness.run_to_end(handle)

    assert outcome.face.status is Status.WITHDRAWN
    assert ports.notices.summary() == [("outcome", "UANA")]
    assert ports.cards.versions[-1] == outcome.card.version


async def test_a_reported_card_problem_is_not_reported_again_in_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    ports.cards.problem = "not_in_channel"
    handle = await low_limit_harness.open_request(BOTH)
    reported = [("card_not_posted", "UANA"), ("card_not_posted", "#approvals-admin")]
    await ports.until(lambda: ports.notices.summary() == reported)

    await continue_as_new(low_limit_harness, handle)
    await low_limit_harness.fast_forward(handle, timedelta(minutes=2))

    assert ports.notices.summary() == reported
