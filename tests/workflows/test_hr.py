"""HrRequestWorkflow: approved level by level, provisioned as approved, undone, told, and restarted."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.afresh import FEW, run_id
from tests.workflows.fakes import World
from tests.workflows.history import kinds
from tests.workflows.hr_office import (
    FIRST,
    HrHandle,
    amend,
    approve_all,
    awaiting,
    expense,
    time_off,
)
from tests.workflows.office import CLOSE, EXPIRE, Office, new_id, office_of, refused
from tests.workflows.weather import Weather
from workflows.hr_request import HrRequestWorkflow
from workflows.hr_saga import RETRY_COMPENSATION_AFTER
from workflows.payloads import data_converter
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.hr.request import HrRequest, HrType, content_of
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.messages import HrInput
from workflows.rules.shared.saga import StepStatus


async def test_two_levels_approve_then_it_is_provisioned(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    snapshot = await office.end(handle)

    assert snapshot.status is Status.APPROVED
    assert snapshot.provisioning is Provisioning.DONE
    assert world.provision.done == ["book_days", "register"]
    assert [step.reference for step in snapshot.steps] == ["book_days-1", "register-1"]
    assert world.audit.kinds(handle.id) == [
        "HrRequestReceived",
        "ApprovalEnded",
        *("StepStarted", "StepCompleted"),
        *("StepStarted", "StepCompleted"),
        "HrRequestEnded",
    ]


async def test_the_employee_is_told_how_it_ended_once(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    await office.end(handle)

    told = [notice for notice in world.notices.told if notice.kind == "outcome"]
    assert [(notice.person, notice.face.kind) for notice in told] == [("UANA", "hr")]
    (snapshot,) = (notice.face for notice in told)
    assert isinstance(snapshot, HrSnapshot)
    assert snapshot.provisioning is Provisioning.DONE


async def test_while_its_approval_is_open_nothing_is_provisioned(
    office: Office, world: World
) -> None:
    handle, approval = await awaiting(office)
    await office.decide(approval, "UBORIS")
    await office.until_idle(approval)

    snapshot = await handle.query(HrRequestWorkflow.state)

    assert snapshot.provisioning is Provisioning.WAITING
    assert await handle.query(HrRequestWorkflow.status) == "pending"
    assert world.provision.done == []


async def test_approvers_read_the_request_and_it_may_be_amended(
    office: Office, world: World
) -> None:
    _, approval = await awaiting(office)

    shown = world.cards.shown(approval.id)

    assert shown.amendable
    assert shown.content == content_of(time_off(shown.request_id.removesuffix(".approval")))


async def test_a_rejection_at_the_second_level_ends_it_with_its_reason(
    office: Office, world: World
) -> None:
    handle, approval = await awaiting(office)
    await office.decide(approval, "UBORIS")
    await office.until_idle(approval)

    await office.decide(approval, "UCLARA", Verdict.REJECT, reason="too many away", level=2)
    snapshot = await office.end(handle)

    assert snapshot.status is Status.REJECTED
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert snapshot.approval is not None
    assert snapshot.approval.closing_reason == "too many away"
    assert world.provision.done == []


async def test_the_employee_may_take_it_back(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await office.withdraw(approval)
    snapshot = await office.end(handle)

    assert snapshot.status is Status.WITHDRAWN
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert world.provision.done == []


async def test_what_nobody_decides_expires(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await office.pass_time(approval, EXPIRE + CLOSE)
    snapshot = await office.end(handle)

    assert snapshot.status is Status.EXPIRED
    assert world.provision.done == []


async def test_what_was_amended_and_approved_is_what_is_provisioned(
    office: Office, world: World
) -> None:
    handle, approval = await awaiting(office)
    await office.decide(approval, "UBORIS")
    await office.until_idle(approval)
    shorter = time_off(handle.id, ends=date(2027, 3, 2))

    await amend(office, approval, shorter)
    await office.until_idle(approval)
    await approve_all(office, approval, revision=2)
    snapshot = await office.end(handle)

    assert world.provision.requests["book_days"] == shorter
    assert world.provision.requests["register"] == shorter
    assert snapshot.request == shorter


async def test_an_amendment_must_stay_an_hr_request_of_its_type(
    office: Office, world: World
) -> None:
    handle, approval = await awaiting(office)
    backwards = time_off(handle.id, ends=FIRST - timedelta(days=1))
    other = replace(expense(), request_id=handle.id)

    refusals = [await refused(amend(office, approval, one)) for one in (backwards, other)]

    assert [one.type for one in refusals] == [
        "rejected.ends_before_start",
        "rejected.other_hr_type",
    ]
    assert world.cards.shown(approval.id).content_revision == 1


async def test_a_step_that_fails_for_good_books_nothing(office: Office, world: World) -> None:
    world.provision.declines = {"book_days"}
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    snapshot = await office.end(handle)

    assert snapshot.status is Status.APPROVED
    assert snapshot.provisioning is Provisioning.FAILED
    assert snapshot.failure is not None
    assert (snapshot.failure.code, snapshot.failure.data["left"]) == ("not_enough_days", "2")
    assert world.provision.done == ["undo book_days"]  # it may have acted all the same
    assert world.provision.tries["book_days"] == 1


async def test_a_later_step_that_fails_has_the_earlier_undone(office: Office, world: World) -> None:
    world.provision.declines = {"register"}
    handle, approval = await awaiting(office, expense())

    await approve_all(office, approval)
    snapshot = await office.end(handle)

    assert world.provision.done == ["queue_payout", "undo register", "undo queue_payout"]
    assert [step.status for step in snapshot.steps] == [StepStatus.COMPENSATED, StepStatus.FAILED]
    assert snapshot.provisioning is Provisioning.FAILED
    assert len({key.partition(":")[0] for key in world.provision.keys.values()}) == 1


async def test_a_step_that_stumbles_is_tried_again(office: Office, world: World) -> None:
    world.provision.stumbles["register"] = 2
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    snapshot = await office.end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert world.provision.tries["register"] == 3


async def test_a_step_is_written_down_before_it_is_done(office: Office, world: World) -> None:
    world.provision.held = {"book_days"}
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    await world.until(lambda: world.provision.tries["book_days"] == 1)
    written = world.audit.kinds(handle.id)
    world.provision.let("book_days")
    await office.end(handle)

    assert written == ["HrRequestReceived", "ApprovalEnded", "StepStarted"]


async def test_an_undo_that_nobody_can_do_is_told_to_the_admins_and_done_later(
    office: Office, world: World
) -> None:
    world.provision.declines = {"register", "undo book_days"}
    handle, approval = await awaiting(office)
    await approve_all(office, approval)
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(handle.id))
    await world.until(lambda: ("attention", "#approvals-admin") in world.notices.summary())
    await office.until_idle(handle)
    stuck = await handle.query(HrRequestWorkflow.state)

    world.provision.declines = set()
    await office.pass_time(handle, RETRY_COMPENSATION_AFTER + CLOSE)
    snapshot = await office.end(handle)

    failed, ended = [
        world.audit.fact(handle.id, kind).at for kind in ("CompensationFailed", "HrRequestEnded")
    ]
    assert timedelta(0) <= ended - failed - RETRY_COMPENSATION_AFTER < timedelta(seconds=5)
    assert stuck.provisioning is Provisioning.COMPENSATING
    assert stuck.stuck is not None
    assert snapshot.provisioning is Provisioning.FAILED
    assert snapshot.stuck is None
    assert world.provision.done == ["book_days", "undo register", "undo book_days"]


async def test_a_terminated_approval_is_no_yes(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await approval.terminate("an operator's mistake")
    snapshot = await office.end(handle)

    assert snapshot.status is Status.ADMIN_CLOSED
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert snapshot.failure is not None
    assert world.provision.done == []


@pytest.mark.parametrize(
    ("request_", "steps"),
    [
        (expense(), ["queue_payout", "register"]),
        (
            HrRequest(request_id=new_id("HR"), type=HrType.EQUIPMENT, title="x", item="DESK-1"),
            ["reserve_item", "register"],
        ),
        (
            HrRequest(request_id=new_id("HR"), type=HrType.PROMOTION, title="x", new_role="Lead"),
            ["register"],
        ),
        (
            HrRequest(request_id=new_id("HR"), type=HrType.TRANSFER, title="x", new_team="Rail"),
            ["register"],
        ),
    ],
    ids=lambda value: value.type.value if isinstance(value, HrRequest) else "",
)
async def test_each_type_is_provisioned_by_its_own_steps(
    office: Office, world: World, request_: HrRequest, steps: list[str]
) -> None:
    handle, approval = await awaiting(office, replace(request_, request_id=new_id("HR")))

    await approve_all(office, approval)
    snapshot = await office.end(handle)

    assert world.provision.done == steps
    assert snapshot.provisioning is Provisioning.DONE


async def test_the_card_changes_hands_and_counts_on(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)

    await approve_all(office, approval)
    await office.end(handle)

    assert len({card.copies[0].key for card in world.cards.asked}) == 1
    assert world.cards.published[-1].face.kind == "hr"
    assert world.cards.versions == sorted(set(world.cards.versions))


async def test_with_slack_down_it_is_provisioned_in_time(office: Office, world: World) -> None:
    handle, approval = await awaiting(office)
    world.slack.weather = Weather.REFUSING

    await approve_all(office, approval)
    await world.until(lambda: "HrRequestEnded" in world.audit.kinds(handle.id))

    assert world.provision.done == ["book_days", "register"]
    world.slack.answer()
    assert (await office.end(handle)).provisioning is Provisioning.DONE


async def test_another_worker_goes_on_in_the_middle_of_a_step(
    temporal: WorkflowEnvironment, world: World
) -> None:
    """The second worker has nothing in memory: it replays all of the history."""
    queue = new_id("test")
    async with office_of(temporal, world, queue=queue) as office:
        world.provision.held = {"register"}
        handle, approval = await awaiting(office)
        await approve_all(office, approval)
        await world.until(lambda: world.provision.tries["register"] == 1)
        await office.until_idle(handle, but="provision")
        world.provision.let("register")

    async with office_of(temporal, world, queue=queue) as office:
        snapshot = await office.end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert world.provision.done.count("book_days") == 1
    facts = world.audit.of(handle.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))


async def _continue_as_new(office: Office, handle: HrHandle) -> None:
    first = await run_id(handle)
    sent = kinds(await office.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    for _ in range(FEW - sent):
        if await run_id(handle) != first:
            return
        await handle.execute_update(HrRequestWorkflow.republish)
        await office.until_idle(handle)
    assert await run_id(handle) != first, "it never continued as new"


async def test_a_stuck_request_goes_on_in_a_new_run(narrow_office: Office, world: World) -> None:
    world.provision.declines = {"register", "undo book_days"}
    handle, approval = await awaiting(narrow_office)
    await approve_all(narrow_office, approval)
    await world.until(lambda: "CompensationFailed" in world.audit.kinds(handle.id))
    await narrow_office.until_idle(handle)
    before = await handle.query(HrRequestWorkflow.state)
    await _continue_as_new(narrow_office, handle)

    after = await handle.query(HrRequestWorkflow.state)
    started = (await narrow_office.history(handle))[0].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [HrInput])
    world.provision.declines = set()
    await narrow_office.pass_time(handle, RETRY_COMPENSATION_AFTER + CLOSE)
    snapshot = await narrow_office.end(handle)

    assert after == before
    assert given.carried is not None
    assert given.carried.card.copies[0].ts == "1.0"
    assert snapshot.provisioning is Provisioning.FAILED
    assert world.provision.done == ["book_days", "undo register", "undo book_days"]
    facts = world.audit.of(handle.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    assert world.notices.summary().count(("outcome", "UANA")) == 1


async def test_what_is_owed_after_the_end_goes_along_into_a_new_run_and_is_told_once(
    narrow_office: Office, world: World
) -> None:
    """A long outage of Slack after the end must not fill the history."""
    handle, approval = await awaiting(narrow_office)
    world.slack.weather = Weather.REFUSING
    await approve_all(narrow_office, approval)
    await world.until(lambda: "HrRequestEnded" in world.audit.kinds(handle.id))
    await narrow_office.until_idle(handle)
    await _continue_as_new(narrow_office, handle)

    world.slack.answer()
    snapshot = await narrow_office.end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert [kind for kind, _ in world.notices.summary()].count("outcome") == 1
    assert world.provision.done == ["book_days", "register"]
