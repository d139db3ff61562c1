"""A long history starts afresh and forgets nothing: state, card, click ids, what is still owed."""

import asyncio
from datetime import timedelta

from tests.workflows import acts
from tests.workflows.afresh import carried, run_id, start_afresh, use_up_updates
from tests.workflows.fakes import World
from tests.workflows.office import (
    BOTH,
    CLOSE,
    EXPIRE,
    FINANCE,
    SALES,
    ApprovalHandle,
    Office,
    level,
)
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Status
from workflows.rules.messages import CarriedApproval

MINUTE = timedelta(minutes=1)


async def test_a_new_run_goes_on_where_the_last_one_stood(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    before = await narrow_office.decide(handle, "UBORIS")
    await start_afresh(narrow_office, handle)

    after = await handle.query(ApprovalWorkflow.state)
    closed = await narrow_office.decide(handle, "UCLARA")
    outcome = await handle.result()

    assert after == before
    assert closed.status is Status.APPROVED
    assert outcome.card.copies[0].ts == "1.0"
    assert len({card.copies[0].key for card in world.cards.asked}) == 1
    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]


async def test_a_known_click_is_still_one_fact_in_the_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    before = await narrow_office.click(handle, "UBORIS", click="one")
    await start_afresh(narrow_office, handle)

    again = await narrow_office.click(handle, "UBORIS", click="one")
    await narrow_office.until_idle(handle)

    assert again == before
    assert world.audit.kinds(handle.id).count("DecisionRecorded") == 1


async def test_the_deadline_of_a_level_survives_a_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    due = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    await start_afresh(narrow_office, handle)

    await narrow_office.pass_time(handle, EXPIRE)
    await world.until(lambda: "RequestExpired" in world.audit.kinds(handle.id))

    expired = world.audit.fact(handle.id, "RequestExpired").at
    assert due is not None
    assert timedelta(0) <= expired - due < timedelta(seconds=1)


async def test_a_card_that_slack_refuses_does_not_hold_up_a_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await narrow_office.decide(handle, "UBORIS")
    await narrow_office.until_idle(handle)

    await start_afresh(narrow_office, handle)
    world.slack.answer()
    await narrow_office.pass_time(handle, timedelta(seconds=15))
    await narrow_office.until_idle(handle)

    assert world.cards.versions == [1, 2]


async def test_facts_that_the_database_holds_up_are_written_before_a_new_run(
    narrow_office: Office, world: World
) -> None:
    handle = await narrow_office.open_request(BOTH)
    first = await run_id(handle)
    world.audit.held = True
    await narrow_office.decide(handle, "UBORIS")
    await use_up_updates(narrow_office, handle)
    meanwhile = await run_id(handle)

    world.audit.let()
    await narrow_office.until_idle(handle)
    await narrow_office.decide(handle, "UCLARA")
    await narrow_office.end(handle)

    assert meanwhile == first
    assert await run_id(handle) != first
    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3, 4, 5, 6]


async def test_facts_and_notices_of_the_last_moment_go_along(
    narrow_office: Office, world: World
) -> None:
    """A reading of the approvers ends: that was all that held up the new run."""
    world.directory.groups = {"leads": ("UBORIS",)}
    handle = await narrow_office.open_request(level("leads", "group:leads"))
    first = await run_id(handle)
    world.directory.groups = {"leads": ("UBORIS", "UCLARA")}
    world.directory.slack.weather = Weather.HANGING
    await narrow_office.do(handle, acts.REFRESH_BY_SLACK)
    await use_up_updates(narrow_office, handle)
    await narrow_office.until_idle(handle, but="approvers")
    meanwhile = await run_id(handle)

    world.directory.slack.answer()
    await world.until(lambda: world.notices.told)
    await narrow_office.until_idle(handle)

    given = await carried(narrow_office, handle)
    assert meanwhile == first
    assert [fact.kind.value for fact in given.facts] == ["ApproversChanged"]
    assert [notice.kind.value for notice in given.notices] == ["asked"]
    assert [fact.sequence for fact in world.audit.of(handle.id)] == [1, 2, 3]
    assert world.notices.summary() == [("asked", "UCLARA")]


async def test_copies_and_a_notice_that_waits_survive_a_new_run(
    narrow_office: Office, world: World
) -> None:
    world.directory.outside = ("UCLARA",)
    handle = await narrow_office.open_request(SALES, FINANCE)
    before = world.cards.published[-1].copies
    world.slack.weather = Weather.REFUSING
    await narrow_office.decide(handle, "UBORIS")
    await narrow_office.until_idle(handle)
    await start_afresh(narrow_office, handle)

    world.slack.answer()
    await narrow_office.pass_time(handle, 15 * CLOSE)
    await narrow_office.until_idle(handle)

    last = world.cards.published[-1]
    assert [(copy.person, copy.key) for copy in last.copies] == [
        (copy.person, copy.key) for copy in before
    ]
    assert [copy.ts for copy in last.copies] == ["1.0", "1.0"]
    assert world.notices.summary() == [("asked", "UDORA")]
    assert len({notice.key for notice in world.notices.asked}) == 1


async def test_what_the_clock_has_done_and_will_do_survives_a_new_run(
    narrow_office: Office, world: World
) -> None:
    more = Escalation(after=2 * MINUTE, to=acts.sources("UEMIL"))
    rule = level(
        "busy", "UBORIS", "UCLARA", quorum=2, remind_after=(MINUTE, 3 * MINUTE), escalate=(more,)
    )
    handle = await narrow_office.open_request(rule)
    await narrow_office.do(handle, acts.delegate("UBORIS", "UDORA"))
    await narrow_office.pass_time(handle, 2 * MINUTE + CLOSE)
    await narrow_office.until_idle(handle)
    before = await handle.query(ApprovalWorkflow.state)
    await start_afresh(narrow_office, handle)

    after = await handle.query(ApprovalWorkflow.state)
    await narrow_office.end(handle)

    assert after == before
    assert (after.levels[0].reminders, after.levels[0].escalations) == (1, 1)
    assert [(one.person, one.seat) for one in after.levels[0].delegates] == [("UDORA", "UBORIS")]
    due = [f for f in world.audit.of(handle.id) if f.kind in {"LevelReminded", "RequestExpired"}]
    assert [fact.at - due[0].at for fact in due] == [0 * MINUTE, 2 * MINUTE, 4 * MINUTE]


async def _comment(office: Office, handle: ApprovalHandle, runs: int) -> CarriedApproval:
    """Fill so many runs with eighteen comments each, and return what the next run was given."""
    remark = acts.comment("UBORIS", "x" * 1000)
    for _ in range(runs):
        for _ in range(2):
            await asyncio.gather(*(office.do(handle, remark) for _ in range(9)))
        await office.until_idle(handle)
    return await carried(office, handle)


async def test_comments_by_the_hundred_do_not_grow_the_state(
    narrow_office: Office, world: World
) -> None:
    """Their texts are in the audit; the state counts them, and click ids are kept up to 500."""
    handle = await narrow_office.open_request(BOTH)

    few = await _comment(narrow_office, handle, 3)
    many = await _comment(narrow_office, handle, 14)

    assert (few.state.comments, many.state.comments) == (54, 306)
    sizes = [
        len(data_converter.payload_converter.to_payload(one.state).data) for one in (few, many)
    ]
    assert sizes[1] - sizes[0] < 10
    assert world.audit.kinds(handle.id).count("CommentAdded") == 306


async def test_a_finished_request_starts_afresh_too_and_tells_the_outcome_once(
    narrow_office: Office, world: World
) -> None:
    """A long outage of Slack after the end must not fill the history."""
    handle = await narrow_office.open_request(BOTH)
    world.slack.weather = Weather.REFUSING
    await narrow_office.withdraw(handle)
    await start_afresh(narrow_office, handle)

    world.slack.answer()
    outcome = await narrow_office.end(handle)

    assert outcome.face.status is Status.WITHDRAWN
    assert world.notices.summary() == [("outcome", "UANA")]
    assert world.cards.versions[-1] == outcome.card.version


async def test_what_was_told_of_a_card_that_is_not_posted_is_not_told_again(
    narrow_office: Office, world: World
) -> None:
    world.cards.problem = "not_in_channel"
    handle = await narrow_office.open_request(BOTH)
    told = [("card_not_posted", "UANA"), ("card_not_posted", "#approvals-admin")]
    await world.until(lambda: world.notices.summary() == told)

    await start_afresh(narrow_office, handle)
    await narrow_office.pass_time(handle, timedelta(minutes=2))

    assert world.notices.summary() == told
