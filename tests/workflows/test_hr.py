"""HrRequestWorkflow: approval, provisioning, compensation, notices, and new runs."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.time_skipping import ANY
from tests.workflows.continued_runs import UPDATE_LIMIT, run_id
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import CLOSE, EXPIRE, Harness, new_id, refused, run_harness
from tests.workflows.history import kinds
from tests.workflows.hr_requests import (
    FIRST,
    HrHandle,
    amend,
    approve_all,
    awaiting,
    expense,
    time_off,
)
from workflows.hr_request import HrRequestWorkflow
from workflows.hr_saga import RETRY_COMPENSATION_AFTER
from workflows.payloads import data_converter
from workflows.rules.approvals.request import Status, Verdict
from workflows.rules.hr.request import HrRequest, HrType, content_from_request
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.messages import HrInput
from workflows.rules.shared.saga import StepStatus


async def test_a_request_approved_on_two_levels_is_provisioned(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.APPROVED
    assert snapshot.provisioning is Provisioning.DONE
    assert ports.provisioning.done == ["book_days", "register"]
    assert [step.reference for step in snapshot.steps] == ["book_days-1", "register-1"]
    assert ports.audit.kinds(handle.id) == [
        "HrRequestReceived",
        "ApprovalEnded",
        *("StepStarted", "StepCompleted"),
        *("StepStarted", "StepCompleted"),
        "HrRequestEnded",
    ]


async def test_the_employee_is_notified_of_the_outcome_once(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    await harness.run_to_end(handle)

    outcomes = [notice for notice in ports.notices.sent if notice.kind == "outcome"]
    assert [(notice.person, notice.face.kind) for notice in outcomes] == [("UANA", "hr")]
    (snapshot,) = (notice.face for notice in outcomes)
    assert isinstance(snapshot, HrSnapshot)
    assert snapshot.provisioning is Provisioning.DONE


async def test_nothing_is_provisioned_while_the_approval_is_open(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)
    await harness.decide(approval, "UBORIS")
    await harness.until_idle(approval)

    snapshot = await handle.query(HrRequestWorkflow.state)

    assert snapshot.provisioning is Provisioning.WAITING
    assert await handle.query(HrRequestWorkflow.status) == "pending"
    assert ports.provisioning.done == []


async def test_approvers_read_the_request_and_it_may_be_amended(
    harness: Harness, ports: FakePorts
) -> None:
    _, approval = await awaiting(harness)

    shown = ports.cards.shown(approval.id)

    assert shown.amendable
    assert shown.content == content_from_request(
        time_off(shown.request_id.removesuffix(".approval"))
    )


async def test_a_rejection_on_the_second_level_ends_the_request_with_its_reason(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)
    await harness.decide(approval, "UBORIS")
    await harness.until_idle(approval)

    await harness.decide(approval, "UCLARA", Verdict.REJECT, reason="too many away", level=2)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.REJECTED
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert snapshot.approval is not None
    assert snapshot.approval.closing_reason == "too many away"
    assert ports.provisioning.done == []


async def test_the_employee_may_withdraw_the_request(harness: Harness, ports: FakePorts) -> None:
    handle, approval = await awaiting(harness)

    await harness.withdraw(approval)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.WITHDRAWN
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert ports.provisioning.done == []


async def test_an_undecided_request_expires(harness: Harness, ports: FakePorts) -> None:
    handle, approval = await awaiting(harness)

    await harness.fast_forward(approval, EXPIRE + CLOSE)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.EXPIRED
    assert ports.provisioning.done == []


async def test_the_request_is_provisioned_as_amended(harness: Harness, ports: FakePorts) -> None:
    handle, approval = await awaiting(harness)
    await harness.decide(approval, "UBORIS")
    await harness.until_idle(approval)
    shorter = time_off(handle.id, ends=date(2027, 3, 2))

    await amend(harness, approval, shorter)
    await harness.until_idle(approval)
    await approve_all(harness, approval, revision=2)
    snapshot = await harness.run_to_end(handle)

    assert ports.provisioning.requests["book_days"] == shorter
    assert ports.provisioning.requests["register"] == shorter
    assert snapshot.request == shorter


async def test_an_amendment_must_stay_an_hr_request_of_its_type(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)
    backwards = time_off(handle.id, ends=FIRST - timedelta(days=1))
    other = replace(expense(), request_id=handle.id)

    refusals = [await refused(amend(harness, approval, request)) for request in (backwards, other)]

    assert [refusal.type for refusal in refusals] == [
        "rejected.ends_before_start",
        "rejected.other_hr_type",
    ]
    assert ports.cards.shown(approval.id).content_revision == 1


async def test_a_permanently_failed_step_is_undone(harness: Harness, ports: FakePorts) -> None:
    ports.provisioning.permanent_failures = {"book_days"}
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.APPROVED
    assert snapshot.provisioning is Provisioning.FAILED
    assert snapshot.failure is not None
    assert (snapshot.failure.code, snapshot.failure.data["left"]) == ("not_enough_days", "2")
    assert ports.provisioning.done == ["undo book_days"]  # it may have acted although it failed
    assert ports.provisioning.tries["book_days"] == 1


async def test_a_failed_step_undoes_the_earlier_steps(harness: Harness, ports: FakePorts) -> None:
    ports.provisioning.permanent_failures = {"register"}
    handle, approval = await awaiting(harness, expense())

    await approve_all(harness, approval)
    snapshot = await harness.run_to_end(handle)

    assert ports.provisioning.done == ["queue_payout", "undo register", "undo queue_payout"]
    assert [step.status for step in snapshot.steps] == [StepStatus.COMPENSATED, StepStatus.FAILED]
    assert snapshot.provisioning is Provisioning.FAILED
    assert len({key.partition(":")[0] for key in ports.provisioning.keys.values()}) == 1


async def test_a_transient_failure_is_retried(harness: Harness, ports: FakePorts) -> None:
    ports.provisioning.transient_failures["register"] = 2
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    snapshot = await harness.run_to_end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert ports.provisioning.tries["register"] == 3


async def test_a_step_is_audited_before_it_runs(harness: Harness, ports: FakePorts) -> None:
    ports.provisioning.held = {"book_days"}
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    await ports.until(lambda: ports.provisioning.tries["book_days"] == 1)
    written = ports.audit.kinds(handle.id)
    ports.provisioning.unblock("book_days")
    await harness.run_to_end(handle)

    assert written == ["HrRequestReceived", "ApprovalEnded", "StepStarted"]


async def test_a_failed_compensation_is_reported_to_the_admins_and_retried_later(
    harness: Harness, ports: FakePorts
) -> None:
    ports.provisioning.permanent_failures = {"register", "undo book_days"}
    handle, approval = await awaiting(harness)
    await approve_all(harness, approval)
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(handle.id))
    await ports.until(lambda: ("attention", "#approvals-admin") in ports.notices.summary())
    await harness.until_idle(handle)
    stuck = await handle.query(HrRequestWorkflow.state)

    ports.provisioning.permanent_failures = set()
    await harness.fast_forward(handle, RETRY_COMPENSATION_AFTER + CLOSE, timers=ANY)
    snapshot = await harness.run_to_end(handle)

    failed, ended = [
        ports.audit.fact(handle.id, kind).at for kind in ("CompensationFailed", "HrRequestEnded")
    ]
    assert timedelta(0) <= ended - failed - RETRY_COMPENSATION_AFTER < timedelta(seconds=5)
    assert stuck.provisioning is Provisioning.COMPENSATING
    assert stuck.stuck is not None
    assert snapshot.provisioning is Provisioning.FAILED
    assert snapshot.stuck is None
    assert ports.provisioning.done == ["book_days", "undo register", "undo book_days"]


async def test_a_terminated_approval_does_not_approve(harness: Harness, ports: FakePorts) -> None:
    handle, approval = await awaiting(harness)

    await approval.terminate("an operator's mistake")
    snapshot = await harness.run_to_end(handle)

    assert snapshot.status is Status.ADMIN_CLOSED
    assert snapshot.provisioning is Provisioning.NOT_NEEDED
    assert snapshot.failure is not None
    assert ports.provisioning.done == []


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
    harness: Harness, ports: FakePorts, request_: HrRequest, steps: list[str]
) -> None:
    handle, approval = await awaiting(harness, replace(request_, request_id=new_id("HR")))

    await approve_all(harness, approval)
    snapshot = await harness.run_to_end(handle)

    assert ports.provisioning.done == steps
    assert snapshot.provisioning is Provisioning.DONE


async def test_the_request_takes_over_the_card_and_its_version(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)

    await approve_all(harness, approval)
    await harness.run_to_end(handle)

    assert len({card.copies[0].key for card in ports.cards.attempts}) == 1
    assert ports.cards.published[-1].face.kind == "hr"
    assert ports.cards.versions == sorted(set(ports.cards.versions))


async def test_a_slack_outage_does_not_delay_provisioning(
    harness: Harness, ports: FakePorts
) -> None:
    handle, approval = await awaiting(harness)
    ports.slack.mode = SlackMode.REFUSING

    await approve_all(harness, approval)
    await ports.until(lambda: "HrRequestEnded" in ports.audit.kinds(handle.id))

    assert ports.provisioning.done == ["book_days", "register"]
    ports.slack.recover()
    assert (await harness.run_to_end(handle)).provisioning is Provisioning.DONE


async def test_another_worker_continues_in_the_middle_of_a_step(
    temporal: WorkflowEnvironment, ports: FakePorts
) -> None:
    """The second worker has an empty cache, so it replays the whole history.

    The step is still running when the first worker stops. The server may wait for that worker's
    sticky queue once, so its timeout is short.
    """
    queue = new_id("test")
    short = timedelta(seconds=1)
    async with run_harness(temporal, ports, queue=queue, sticky_timeout=short) as harness:
        ports.provisioning.held = {"register"}
        handle, approval = await awaiting(harness)
        await approve_all(harness, approval)
        await ports.until(lambda: ports.provisioning.tries["register"] == 1)
        await harness.until_idle(handle, but="provision")
    ports.provisioning.unblock("register")

    async with run_harness(temporal, ports, queue=queue) as harness:
        snapshot = await harness.run_to_end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert ports.provisioning.done.count("book_days") == 1
    facts = ports.audit.of(handle.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))


async def _continue_as_new(harness: Harness, handle: HrHandle) -> None:
    first = await run_id(handle)
    sent = kinds(await harness.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    for _ in range(UPDATE_LIMIT - sent):
        if await run_id(handle) != first:
            return
        await handle.execute_update(HrRequestWorkflow.republish)
        await harness.until_idle(handle)
    assert await run_id(handle) != first, "it never continued as new"


async def test_a_stuck_request_continues_in_a_new_run(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    ports.provisioning.permanent_failures = {"register", "undo book_days"}
    handle, approval = await awaiting(low_limit_harness)
    await approve_all(low_limit_harness, approval)
    await ports.until(lambda: "CompensationFailed" in ports.audit.kinds(handle.id))
    await low_limit_harness.until_idle(handle)
    before = await handle.query(HrRequestWorkflow.state)
    await _continue_as_new(low_limit_harness, handle)

    after = await handle.query(HrRequestWorkflow.state)
    started = (await low_limit_harness.history(handle))[
        0
    ].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [HrInput])
    ports.provisioning.permanent_failures = set()
    await low_limit_harness.fast_forward(handle, RETRY_COMPENSATION_AFTER + CLOSE, timers=ANY)
    snapshot = await low_limit_harness.run_to_end(handle)

    assert after == before
    assert given.carried is not None
    assert given.carried.card.copies[0].ts == "1.0"
    assert snapshot.provisioning is Provisioning.FAILED
    assert ports.provisioning.done == ["book_days", "undo register", "undo book_days"]
    facts = ports.audit.of(handle.id)
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    assert ports.notices.summary().count(("outcome", "UANA")) == 1


async def test_a_pending_outcome_is_carried_into_a_new_run_and_sent_once(
    low_limit_harness: Harness, ports: FakePorts
) -> None:
    """A long Slack outage after the end must not fill the history."""
    handle, approval = await awaiting(low_limit_harness)
    ports.slack.mode = SlackMode.REFUSING
    await approve_all(low_limit_harness, approval)
    await ports.until(lambda: "HrRequestEnded" in ports.audit.kinds(handle.id))
    await low_limit_harness.until_idle(handle)
    await _continue_as_new(low_limit_harness, handle)

    ports.slack.recover()
    snapshot = await low_limit_harness.run_to_end(handle)

    assert snapshot.provisioning is Provisioning.DONE
    assert [kind for kind, _ in ports.notices.summary()].count("outcome") == 1
    assert ports.provisioning.done == ["book_days", "register"]
