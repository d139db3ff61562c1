"""The golden paths: each runs one journey step by step, so that its history is always the same."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows import hr_requests, updates
from tests.workflows.continued_runs import run_id
from tests.workflows.fake_slack import SlackMode
from tests.workflows.harness import (
    BOTH,
    EXPIRE,
    FINANCE,
    PAID_AT,
    SALES,
    ApprovalHandle,
    Harness,
    OrderHandle,
    an_order,
    level,
    usd,
)
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.ports.payments import Swept
from workflows.ports.reconciliation import Compared, EndedRequest, GoneRun
from workflows.reconciliation import ReconciliationInput, ReconciliationWorkflow
from workflows.refund import RefundWorkflow
from workflows.rules.approvals.policy import Escalation, Notify
from workflows.rules.approvals.request import Verdict
from workflows.rules.ended_outside import RunEnd, ended_approval
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput
from workflows.rules.orders.order import OrderLine, PaymentMode, Resumption
from workflows.rules.orders.parcel import WarehouseItems
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.ids import ending_id, shipment_id
from workflows.settlement import SettlementWorkflow
from workflows.summary import SummaryInput, SummaryWorkflow
from workflows.sweep import SweepInput, SweepWorkflow

Scenario = Callable[[Harness, str], Awaitable[WorkflowHandle[Any, Any]]]
"""Runs a journey under the given workflow id and returns the ended workflow."""

MINUTE = timedelta(minutes=1)
OPERATOR = Actor(person="UGUS", origin=Origin.CLI, operator="gus")


@asynccontextmanager
async def _slow_directory(harness: Harness, handle: ApprovalHandle) -> AsyncIterator[None]:
    """Let the reading that starts here end last, so that the sequence is always the same."""
    directory = harness.ports.directory
    before = directory.reads
    directory.slack.mode = SlackMode.HANGING
    yield
    await harness.ports.until(lambda: directory.reads > before)
    await harness.until_idle(handle, but="approvers")
    directory.slack.recover()
    await harness.until_idle(handle)


async def approved_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    await harness.click_decide(handle, "UBORIS", click="golden-click")
    await harness.until_idle(handle)
    await harness.run_to_end(handle)
    return handle


async def rejected_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    await harness.decide(handle, "UCLARA", Verdict.REJECT, reason="too dear", click="golden-click")
    await harness.run_to_end(handle)
    return handle


async def expired_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    await harness.run_to_end(handle)
    return handle


async def withdrawn_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    await harness.send(handle, updates.withdraw(), click="golden-withdraw")
    await harness.run_to_end(handle)
    return handle


async def amended_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Changes are requested and made; then both levels approve."""
    handle = await harness.open_request(SALES, FINANCE, request_id=workflow_id)
    await harness.send(handle, updates.request_changes("UBORIS"), click="golden-changes")
    await harness.until_idle(handle)
    await harness.send(handle, updates.amend(), click="golden-amend")
    await harness.until_idle(handle)
    await harness.decide(handle, "UBORIS", revision=2, click="golden-first")
    await harness.until_idle(handle)
    await harness.decide(handle, "UDORA", revision=2, level=2, click="golden-second")
    await harness.run_to_end(handle)
    return handle


async def delegated_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    async with _slow_directory(harness, handle):
        await harness.send(handle, updates.delegate("UBORIS", "UDORA"), click="golden-delegate")
    await harness.decide(handle, "UDORA", click="golden-decide")
    await harness.run_to_end(handle)
    return handle


async def escalated_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A reminder, an escalation to others, a replacement by the manager, and the expiry."""
    harness.ports.directory.groups = {"leads": ("UEMIL",)}
    harness.ports.directory.managers = ("UHANA",)
    rule = level(
        "urged",
        "UBORIS",
        remind_after=(MINUTE,),
        escalate=(
            Escalation(after=2 * MINUTE, to=updates.sources("group:leads")),
            Escalation(after=3 * MINUTE, to=updates.sources("manager"), replace=True),
        ),
    )
    handle = await harness.open_request(rule, request_id=workflow_id)
    expires_at = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    assert expires_at is not None
    for minutes in (1, 2, 3):
        due = expires_at - EXPIRE + minutes * MINUTE
        async with _slow_directory(harness, handle):
            await harness.fast_forward(handle, due - await harness.workflow_time(handle))
    await harness.run_to_end(handle)
    return handle


async def reassigned_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await harness.open_request(request_id=workflow_id)
    async with _slow_directory(harness, handle):
        await harness.send(handle, updates.reassign("UDORA"), click="golden-reassign")
    await harness.send(handle, updates.REFRESH_BY_SLACK, click="golden-refresh")
    await harness.until_idle(handle)
    await harness.decide(handle, "UDORA", click="golden-decide")
    await harness.run_to_end(handle)
    return handle


async def excluded_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A reassigned level is amended: the person taken off stays off, and the admins are notified."""
    handle = await harness.open_request(request_id=workflow_id)
    async with _slow_directory(harness, handle):
        await harness.send(handle, updates.reassign("UCLARA"), click="golden-reassign")
    await harness.until_idle(handle)
    await harness.send(handle, updates.amend(), click="golden-amend")
    await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA", revision=2, click="golden-decide")
    await harness.run_to_end(handle)
    return handle


async def closed_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A level without approvers is blocked until an admin closes the request."""
    harness.ports.directory.empty = True
    handle = await harness.open_request(request_id=workflow_id)
    await harness.send(handle, updates.close(), click="golden-close")
    await harness.run_to_end(handle)
    return handle


async def commented_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """An approver outside the channel has a copy, comments and decides."""
    harness.ports.directory.outside = ("UCLARA",)
    handle = await harness.open_request(request_id=workflow_id)
    await harness.send(handle, updates.comment("UBORIS"), click="golden-comment")
    await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA", click="golden-decide")
    await harness.run_to_end(handle)
    return handle


async def discussed_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """An approver and the requester comment outside the thread, so both are notified."""
    handle = await harness.open_request(BOTH, request_id=workflow_id)
    question = updates.comment("UBORIS", notify=True)
    await harness.send(handle, question, click="golden-question")
    await harness.until_idle(handle)
    harness.ports.audit.held = True  # nothing is published between the two
    await harness.decide(handle, "UBORIS", click="golden-first")
    await harness.send(handle, updates.comment("UANA", notify=True), click="golden-answer")
    harness.ports.audit.unblock()
    await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA", click="golden-second")
    await harness.run_to_end(handle)
    return handle


async def continued_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that ended with continue-as-new."""
    handle = await harness.open_request(BOTH, request_id=workflow_id)
    await harness.decide(handle, "UBORIS", click="golden-first")
    await harness.until_idle(handle)
    first = await run_id(handle)
    while await run_id(handle) == first:
        await handle.execute_update(ApprovalWorkflow.republish)
        await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA", click="golden-second")
    await harness.run_to_end(handle)
    return harness.client.get_workflow_handle(workflow_id, run_id=first)


async def resumed_approval(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that followed."""
    await continued_approval(harness, workflow_id)
    return harness.client.get_workflow_handle(workflow_id)


async def completed_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    return await _approved_order(harness, workflow_id, ["reserve", "charge", "ship", "deliver"])


async def compensated_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    harness.ports.steps.permanent_failures = {"charge"}
    return await _approved_order(harness, workflow_id, ["reserve", "charge", "refund", "release"])


async def cancelled_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Cancelled while the approval is open."""
    order, approval = await harness.order_awaiting_approval(order_id=workflow_id)
    await harness.cancel(order, click="golden-cancel")
    await approval.result()
    await harness.run_to_end(order)
    return order


async def _payable_order(harness: Harness, workflow_id: str) -> OrderHandle:
    """An order that awaits its payment, with nothing else under way."""
    order = await harness.submit_order(an_order("900.00", workflow_id, payment=PaymentMode.AWAIT))
    await harness.ports.until(lambda: "PaymentAwaited" in harness.ports.audit.kinds(order.id))
    await harness.until_idle(order)
    return order


async def paid_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    order = await _payable_order(harness, workflow_id)
    await harness.pay(order, "900.00")
    await harness.run_to_end(order)
    return order


async def unpaid_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    order = await _payable_order(harness, workflow_id)
    await harness.run_to_end(order)
    return order


async def helped_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A compensation fails until an operator resumes the order."""
    harness.ports.steps.permanent_failures = {"reserve", "release"}
    order = await harness.submit_order(an_order("900.00", workflow_id))
    await harness.ports.until(
        lambda: (
            "CompensationFailed" in harness.ports.audit.kinds(order.id)
            and bool(harness.ports.notices.sent)
        )
    )
    await harness.until_idle(order)
    harness.ports.steps.permanent_failures = set()
    await order.execute_update(OrderWorkflow.resume, Resumption(actor=OPERATOR), id="golden-resume")
    await harness.run_to_end(order)
    return order


async def continued_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that ended with continue-as-new while it awaited the payment."""
    order = await _payable_order(harness, workflow_id)
    first = await run_id(order)
    while await run_id(order) == first:
        await order.execute_update(OrderWorkflow.republish)
        await harness.until_idle(order)
    await harness.pay(order, "900.00")
    await harness.run_to_end(order)
    return harness.client.get_workflow_handle(workflow_id, run_id=first)


async def resumed_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that followed."""
    await continued_order(harness, workflow_id)
    return harness.client.get_workflow_handle(workflow_id)


def _came_in(workflow_id: str, order_id: str, number: int) -> IncomingPayment:
    return IncomingPayment(
        event_id=f"{workflow_id}-evt-{number}",
        order_id=order_id,
        amount=usd("900.00"),
        paid_at=PAID_AT,
    )


async def refunded_payment(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Refused permanently once, and tried again an hour later."""
    harness.ports.payments.refusals = 1
    workflow_input = RefundInput(payment=_came_in(workflow_id, "ORD-0", 1))
    refund = await harness.client.start_workflow(
        RefundWorkflow.run, workflow_input, id=workflow_id, task_queue=harness.queue
    )
    await harness.until_idle(refund)
    await harness.run_to_end(refund)
    return refund


async def swept_payments(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Two pages: a payment for a waiting order, a payment without an order, and a refund."""
    order = await _payable_order(harness, f"{workflow_id}-order")
    wanted = (_came_in(workflow_id, order.id, 1), _came_in(workflow_id, "ORD-0", 2))
    back = (_came_in(workflow_id, "ORD-0", 3),)
    harness.ports.payments.pages.extend([Swept(wanted=wanted, after="1"), Swept(not_wanted=back)])
    sweep = await harness.client.start_workflow(
        SweepWorkflow.run, SweepInput(), id=workflow_id, task_queue=harness.queue
    )
    await harness.run_to_end(sweep)
    await harness.run_to_end(order)
    return sweep


async def retired_copy(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """An approver leaves the group, and returns to it."""
    both = ("UBORIS", "UCLARA")
    harness.ports.directory.groups = {"sales": both}
    group = level("group", "group:sales")
    handle = await harness.open_request(group, request_id=workflow_id, notify=Notify.DM)
    for number, members in enumerate((("UCLARA",), both)):
        harness.ports.directory.groups = {"sales": members}
        await harness.send(handle, updates.REFRESH_BY_SLACK, click=f"golden-refresh-{number}")
        await harness.until_idle(handle)
    await harness.decide(handle, "UCLARA", click="golden-decide")
    await harness.run_to_end(handle)
    return handle


async def reconciled_requests(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Two pages; the second has a request whose workflow is gone, and which has ended since."""
    gone = GoneRun(request_id=f"{workflow_id}-gone", how=RunEnd.DELETED)
    harness.ports.reconciliation.pages.extend(
        [Compared(compared=1, gone=(), after="1"), Compared(compared=1, gone=(gone,), after="")]
    )
    compared = await harness.client.start_workflow(
        ReconciliationWorkflow.run,
        ReconciliationInput(),
        id=workflow_id,
        task_queue=harness.queue,
    )
    await compared.result()
    await harness.client.get_workflow_handle(ending_id(gone.request_id)).result()
    return compared


async def settled_request(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A request whose card has a copy in its channel."""
    request_id = f"{workflow_id}-request"
    request = await harness.open_request(request_id=request_id)
    face = await request.query(ApprovalWorkflow.state)
    await request.terminate()
    harness.ports.reconciliation.ended = EndedRequest(
        face=ended_approval(face, face.changed_at),
        shown=ended_approval(face, face.changed_at),
        copies=(CardCopy(channel="#approvals", key="golden", ts="1.0"),),
        is_told=False,
    )
    settled = await harness.client.start_workflow(
        SettlementWorkflow.run,
        GoneRun(request_id=request_id, how=RunEnd.TERMINATED),
        id=workflow_id,
        task_queue=harness.queue,
    )
    await harness.run_to_end(settled)
    return settled


async def told_day(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    workflow_input = SummaryInput(channel="#sales", timezone="Europe/Berlin")
    summary = await harness.client.start_workflow(
        SummaryWorkflow.run, workflow_input, id=workflow_id, task_queue=harness.queue
    )
    await summary.result()
    return summary


async def _approved_order(
    harness: Harness, workflow_id: str, steps: list[str]
) -> WorkflowHandle[Any, Any]:
    """Unblock one step at a time, each after the publish of the step before."""
    fakes = harness.ports.steps
    fakes.held = set(steps)
    order, approval = await harness.order_awaiting_approval(order_id=workflow_id)
    await harness.decide(approval, "UBORIS", click="golden-click")
    for step in steps:
        await harness.ports.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        await harness.until_idle(order, but=step)
        fakes.unblock(step)
    await harness.run_to_end(order)
    return order


async def provisioned_hr(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Amended, then approved on both levels and provisioned."""
    handle, approval = await hr_requests.awaiting(harness, hr_requests.time_off(workflow_id))
    shorter = hr_requests.time_off(workflow_id, ends=hr_requests.FIRST)
    await hr_requests.amend(harness, approval, shorter, click="golden-amend")
    await harness.until_idle(approval)
    await _approved_hr(harness, handle, approval, revision=2, steps=["book_days", "register"])
    return handle


async def compensated_hr(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The last step fails permanently, and its compensation fails at first too."""
    fakes = harness.ports.provisioning
    fakes.permanent_failures = {"register"}
    fakes.transient_failures["undo register"] = 1
    handle, approval = await hr_requests.awaiting(harness, hr_requests.time_off(workflow_id))
    steps = ["book_days", "register", "undo register", "undo book_days"]
    await _approved_hr(harness, handle, approval, revision=1, steps=steps)
    return handle


async def rejected_hr(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle, approval = await hr_requests.awaiting(harness, hr_requests.time_off(workflow_id))
    await harness.decide(approval, "UBORIS", Verdict.REJECT, reason="no", click="golden-click")
    await harness.run_to_end(handle)
    return handle


async def _approved_hr(
    harness: Harness,
    handle: hr_requests.HrHandle,
    approval: ApprovalHandle,
    *,
    revision: int,
    steps: list[str],
) -> None:
    """Unblock one step at a time, each after the publish of the step before."""
    fakes = harness.ports.provisioning
    fakes.held = set(steps)
    await hr_requests.approve_all(harness, approval, revision=revision)
    for step in steps:
        await harness.ports.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        kind = "take_back" if step.startswith("undo") else "provision"
        await harness.until_idle(handle, but=kind)
        fakes.unblock(step)
    await harness.run_to_end(handle)


async def parcelled_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """One parcel is delivered before the other is shipped."""
    await _in_parcels(harness, workflow_id, ["ship@SOUTH", "deliver@SOUTH"])
    return harness.client.get_workflow_handle(workflow_id)


async def recalled_order(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The delivery of one parcel fails after the other has arrived."""
    harness.ports.steps.permanent_failures = {"deliver@SOUTH"}
    await _in_parcels(harness, workflow_id, ["ship@SOUTH", "deliver@SOUTH"])
    return harness.client.get_workflow_handle(workflow_id)


async def sent_parcel(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    await parcelled_order(harness, workflow_id)
    return harness.client.get_workflow_handle(shipment_id(workflow_id, "NORTH"))


async def recalled_parcel(harness: Harness, workflow_id: str) -> WorkflowHandle[Any, Any]:
    await recalled_order(harness, workflow_id)
    return harness.client.get_workflow_handle(shipment_id(workflow_id, "SOUTH"))


async def _in_parcels(harness: Harness, workflow_id: str, late: list[str]) -> None:
    """Let all steps except the late ones run, then the late ones in order."""
    fakes = harness.ports.steps
    fakes.stored = tuple(
        WarehouseItems(warehouse=warehouse, skus=(sku,))
        for warehouse, sku in (("NORTH", "DESK-1"), ("SOUTH", "LAMP-1"))
    )
    early = ["ship@NORTH", "deliver@NORTH"]
    fakes.held = {*early, *late}
    lamp = OrderLine(sku="LAMP-1", quantity=1, unit_price=usd("10.00"))
    order = await harness.submit_order(an_order("90.00", workflow_id, and_lines=(lamp,)))
    for step in [*early, *late]:
        await harness.ports.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        await harness.until_idle(order)
        fakes.unblock(step)
    await harness.run_to_end(order)


SCENARIOS: dict[str, Scenario] = {
    "approved_approval": approved_approval,
    "rejected_approval": rejected_approval,
    "expired_approval": expired_approval,
    "withdrawn_approval": withdrawn_approval,
    "amended_approval": amended_approval,
    "delegated_approval": delegated_approval,
    "escalated_approval": escalated_approval,
    "reassigned_approval": reassigned_approval,
    "excluded_approval": excluded_approval,
    "closed_approval": closed_approval,
    "commented_approval": commented_approval,
    "discussed_approval": discussed_approval,
    "continued_approval": continued_approval,
    "resumed_approval": resumed_approval,
    "completed_order": completed_order,
    "compensated_order": compensated_order,
    "cancelled_order": cancelled_order,
    "paid_order": paid_order,
    "unpaid_order": unpaid_order,
    "helped_order": helped_order,
    "continued_order": continued_order,
    "resumed_order": resumed_order,
    "parcelled_order": parcelled_order,
    "recalled_order": recalled_order,
    "sent_parcel": sent_parcel,
    "recalled_parcel": recalled_parcel,
    "refunded_payment": refunded_payment,
    "swept_payments": swept_payments,
    "told_day": told_day,
    "reconciled_requests": reconciled_requests,
    "retired_copy": retired_copy,
    "settled_request": settled_request,
    "provisioned_hr": provisioned_hr,
    "compensated_hr": compensated_hr,
    "rejected_hr": rejected_hr,
}

LOW_LIMIT = {"continued_approval", "resumed_approval", "continued_order", "resumed_order"}
"""The paths that run on a server that suggests continue-as-new after a few updates."""
