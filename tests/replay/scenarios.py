"""The golden paths: each plays one journey on an office, step by step, so that it is always the same."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows import acts, hr_office
from tests.workflows.afresh import run_id
from tests.workflows.office import (
    BOTH,
    EXPIRE,
    FINANCE,
    PAID_AT,
    SALES,
    ApprovalHandle,
    Office,
    OrderHandle,
    an_order,
    level,
    usd,
)
from tests.workflows.weather import Weather
from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.ports.payments import Swept
from workflows.refund import RefundWorkflow
from workflows.rules.approvals.policy import Escalation
from workflows.rules.approvals.request import Verdict
from workflows.rules.orders.incoming_payment import IncomingPayment, RefundInput
from workflows.rules.orders.order import OrderLine, PaymentMode, Resumption
from workflows.rules.orders.parcel import Stored
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import shipment_id
from workflows.summary import SummaryInput, SummaryWorkflow
from workflows.sweep import SweepInput, SweepWorkflow

Scenario = Callable[[Office, str], Awaitable[WorkflowHandle[Any, Any]]]
"""Plays a journey under the given workflow id and returns the workflow that has ended."""

MINUTE = timedelta(minutes=1)
OPERATOR = Actor(person="UGUS", origin=Origin.CLI, operator="gus")


@asynccontextmanager
async def _slow_directory(office: Office, handle: ApprovalHandle) -> AsyncIterator[None]:
    """Have the reading that begins here end last, so that the order is always the same."""
    directory = office.world.directory
    before = directory.reads
    directory.slack.weather = Weather.HANGING
    yield
    await office.world.until(lambda: directory.reads > before)
    await office.until_idle(handle, but="approvers")
    directory.slack.answer()
    await office.until_idle(handle)


async def approved_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.click(handle, "UBORIS", click="golden-click")
    await office.until_idle(handle)
    await office.end(handle)
    return handle


async def rejected_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.decide(handle, "UCLARA", Verdict.REJECT, reason="too dear", click="golden-click")
    await office.end(handle)
    return handle


async def expired_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.end(handle)
    return handle


async def withdrawn_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.do(handle, acts.withdraw(), click="golden-withdraw")
    await office.end(handle)
    return handle


async def amended_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Changes are wanted and made; then one level after the other says yes."""
    handle = await office.open_request(SALES, FINANCE, request_id=workflow_id)
    await office.do(handle, acts.request_changes("UBORIS"), click="golden-changes")
    await office.until_idle(handle)
    await office.do(handle, acts.amend(), click="golden-amend")
    await office.until_idle(handle)
    await office.decide(handle, "UBORIS", revision=2, click="golden-first")
    await office.until_idle(handle)
    await office.decide(handle, "UDORA", revision=2, level=2, click="golden-second")
    await office.end(handle)
    return handle


async def delegated_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    async with _slow_directory(office, handle):
        await office.do(handle, acts.delegate("UBORIS", "UDORA"), click="golden-delegate")
    await office.decide(handle, "UDORA", click="golden-decide")
    await office.end(handle)
    return handle


async def escalated_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A reminder, others are asked, the manager instead of all; in the end it expires."""
    office.world.directory.groups = {"leads": ("UEMIL",)}
    office.world.directory.managers = ("UHANA",)
    rule = level(
        "urged",
        "UBORIS",
        remind_after=(MINUTE,),
        escalate=(
            Escalation(after=2 * MINUTE, to=acts.sources("group:leads")),
            Escalation(after=3 * MINUTE, to=acts.sources("manager"), replace=True),
        ),
    )
    handle = await office.open_request(rule, request_id=workflow_id)
    expires_at = (await handle.query(ApprovalWorkflow.state)).levels[0].expires_at
    assert expires_at is not None
    for minutes in (1, 2, 3):
        due = expires_at - EXPIRE + minutes * MINUTE
        async with _slow_directory(office, handle):
            await office.pass_time(handle, due - await office.clock(handle))
    await office.end(handle)
    return handle


async def reassigned_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    async with _slow_directory(office, handle):
        await office.do(handle, acts.reassign("UDORA"), click="golden-reassign")
    await office.do(handle, acts.REFRESH_BY_SLACK, click="golden-refresh")
    await office.until_idle(handle)
    await office.decide(handle, "UDORA", click="golden-decide")
    await office.end(handle)
    return handle


async def closed_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A level that nobody may decide is blocked, until an admin closes the request."""
    office.world.directory.empty = True
    handle = await office.open_request(request_id=workflow_id)
    await office.do(handle, acts.close(), click="golden-close")
    await office.end(handle)
    return handle


async def commented_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Somebody outside the channel has a copy and decides on it after a comment."""
    office.world.directory.outside = ("UCLARA",)
    handle = await office.open_request(request_id=workflow_id)
    await office.do(handle, acts.comment("UBORIS"), click="golden-comment")
    await office.until_idle(handle)
    await office.decide(handle, "UCLARA", click="golden-decide")
    await office.end(handle)
    return handle


async def continued_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that gave itself up for another."""
    handle = await office.open_request(BOTH, request_id=workflow_id)
    await office.decide(handle, "UBORIS", click="golden-first")
    await office.until_idle(handle)
    first = await run_id(handle)
    while await run_id(handle) == first:
        await handle.execute_update(ApprovalWorkflow.republish)
        await office.until_idle(handle)
    await office.decide(handle, "UCLARA", click="golden-second")
    await office.end(handle)
    return office.client.get_workflow_handle(workflow_id, run_id=first)


async def resumed_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that took over."""
    await continued_approval(office, workflow_id)
    return office.client.get_workflow_handle(workflow_id)


async def completed_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    return await _approved_order(office, workflow_id, ["reserve", "charge", "ship", "deliver"])


async def compensated_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    office.world.steps.declines = {"charge"}
    return await _approved_order(office, workflow_id, ["reserve", "charge", "refund", "release"])


async def cancelled_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Cancelled while its approval is open."""
    order, approval = await office.awaiting_order(order_id=workflow_id)
    await office.cancel(order, click="golden-cancel")
    await approval.result()
    await office.end(order)
    return order


async def _payable_order(office: Office, workflow_id: str) -> OrderHandle:
    """An order that waits for its payment, with nothing else under way."""
    order = await office.ask(an_order("900.00", workflow_id, payment=PaymentMode.AWAIT))
    await office.world.until(lambda: "PaymentAwaited" in office.world.audit.kinds(order.id))
    await office.until_idle(order)
    return order


async def paid_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    order = await _payable_order(office, workflow_id)
    await office.pay(order, "900.00")
    await office.end(order)
    return order


async def unpaid_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    order = await _payable_order(office, workflow_id)
    await office.end(order)
    return order


async def helped_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Cannot be undone until somebody helps."""
    office.world.steps.declines = {"reserve", "release"}
    order = await office.ask(an_order("900.00", workflow_id))
    await office.world.until(
        lambda: (
            "CompensationFailed" in office.world.audit.kinds(order.id)
            and bool(office.world.notices.told)
        )
    )
    await office.until_idle(order)
    office.world.steps.declines = set()
    await order.execute_update(OrderWorkflow.resume, Resumption(actor=OPERATOR), id="golden-resume")
    await office.end(order)
    return order


async def continued_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that gave itself up for another while it waited for its payment."""
    order = await _payable_order(office, workflow_id)
    first = await run_id(order)
    while await run_id(order) == first:
        await order.execute_update(OrderWorkflow.republish)
        await office.until_idle(order)
    await office.pay(order, "900.00")
    await office.end(order)
    return office.client.get_workflow_handle(workflow_id, run_id=first)


async def resumed_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The run that took over."""
    await continued_order(office, workflow_id)
    return office.client.get_workflow_handle(workflow_id)


def _came_in(workflow_id: str, order_id: str, number: int) -> IncomingPayment:
    return IncomingPayment(
        event_id=f"{workflow_id}-evt-{number}",
        order_id=order_id,
        amount=usd("900.00"),
        paid_at=PAID_AT,
    )


async def refunded_payment(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Refused for good once, and tried again an hour later."""
    office.world.money.refusals = 1
    asked = RefundInput(payment=_came_in(workflow_id, "ORD-0", 1))
    refund = await office.client.start_workflow(
        RefundWorkflow.run, asked, id=workflow_id, task_queue=office.queue
    )
    await office.until_idle(refund)
    await office.end(refund)
    return refund


async def swept_payments(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Two pages: one payment for an order that waits, one for none, and one that goes back."""
    order = await _payable_order(office, f"{workflow_id}-order")
    wanted = (_came_in(workflow_id, order.id, 1), _came_in(workflow_id, "ORD-0", 2))
    back = (_came_in(workflow_id, "ORD-0", 3),)
    office.world.money.pages.extend([Swept(wanted=wanted, after="1"), Swept(not_wanted=back)])
    sweep = await office.client.start_workflow(
        SweepWorkflow.run, SweepInput(), id=workflow_id, task_queue=office.queue
    )
    await office.end(sweep)
    await office.end(order)
    return sweep


async def told_day(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    asked = SummaryInput(channel="#sales", timezone="Europe/Berlin")
    summary = await office.client.start_workflow(
        SummaryWorkflow.run, asked, id=workflow_id, task_queue=office.queue
    )
    await summary.result()
    return summary


async def _approved_order(
    office: Office, workflow_id: str, steps: list[str]
) -> WorkflowHandle[Any, Any]:
    """Let one step at a time go on, each when the publish of the one before is over."""
    fakes = office.world.steps
    fakes.held = set(steps)
    order, approval = await office.awaiting_order(order_id=workflow_id)
    await office.decide(approval, "UBORIS", click="golden-click")
    for step in steps:
        await office.world.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        await office.until_idle(order, but=step)
        fakes.let(step)
    await office.end(order)
    return order


async def provisioned_hr(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Two levels say yes, the second time round to what was amended."""
    handle, approval = await hr_office.awaiting(office, hr_office.time_off(workflow_id))
    shorter = hr_office.time_off(workflow_id, ends=hr_office.FIRST)
    await hr_office.amend(office, approval, shorter, click="golden-amend")
    await office.until_idle(approval)
    await _approved_hr(office, handle, approval, revision=2, steps=["book_days", "register"])
    return handle


async def compensated_hr(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """The last step fails for good, and its undoing at first too."""
    fakes = office.world.provision
    fakes.declines = {"register"}
    fakes.stumbles["undo register"] = 1
    handle, approval = await hr_office.awaiting(office, hr_office.time_off(workflow_id))
    steps = ["book_days", "register", "undo register", "undo book_days"]
    await _approved_hr(office, handle, approval, revision=1, steps=steps)
    return handle


async def rejected_hr(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle, approval = await hr_office.awaiting(office, hr_office.time_off(workflow_id))
    await office.decide(approval, "UBORIS", Verdict.REJECT, reason="no", click="golden-click")
    await office.end(handle)
    return handle


async def _approved_hr(
    office: Office,
    handle: hr_office.HrHandle,
    approval: ApprovalHandle,
    *,
    revision: int,
    steps: list[str],
) -> None:
    """Let one step at a time go on, each when the publish of the one before is over."""
    fakes = office.world.provision
    fakes.held = set(steps)
    await hr_office.approve_all(office, approval, revision=revision)
    for step in steps:
        await office.world.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        kind = "take_back" if step.startswith("undo") else "provision"
        await office.until_idle(handle, but=kind)
        fakes.let(step)
    await office.end(handle)


async def parcelled_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """One parcel is under way to its end before the other one is handed over."""
    await _in_parcels(office, workflow_id, ["ship@SOUTH", "deliver@SOUTH"])
    return office.client.get_workflow_handle(workflow_id)


async def recalled_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """One parcel cannot be delivered, when the other one has arrived."""
    office.world.steps.declines = {"deliver@SOUTH"}
    await _in_parcels(office, workflow_id, ["ship@SOUTH", "deliver@SOUTH"])
    return office.client.get_workflow_handle(workflow_id)


async def sent_parcel(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    await parcelled_order(office, workflow_id)
    return office.client.get_workflow_handle(shipment_id(workflow_id, "NORTH"))


async def recalled_parcel(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    await recalled_order(office, workflow_id)
    return office.client.get_workflow_handle(shipment_id(workflow_id, "SOUTH"))


async def _in_parcels(office: Office, workflow_id: str, late: list[str]) -> None:
    """Let all but the late steps be done, and then one of them after the other."""
    fakes = office.world.steps
    fakes.stored = tuple(
        Stored(warehouse=warehouse, skus=(sku,))
        for warehouse, sku in (("NORTH", "DESK-1"), ("SOUTH", "LAMP-1"))
    )
    early = ["ship@NORTH", "deliver@NORTH"]
    fakes.held = {*early, *late}
    lamp = OrderLine(sku="LAMP-1", quantity=1, unit_price=usd("10.00"))
    order = await office.ask(an_order("90.00", workflow_id, and_lines=(lamp,)))
    for step in [*early, *late]:
        await office.world.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        await office.until_idle(order)
        fakes.let(step)
    await office.end(order)


SCENARIOS: dict[str, Scenario] = {
    "approved_approval": approved_approval,
    "rejected_approval": rejected_approval,
    "expired_approval": expired_approval,
    "withdrawn_approval": withdrawn_approval,
    "amended_approval": amended_approval,
    "delegated_approval": delegated_approval,
    "escalated_approval": escalated_approval,
    "reassigned_approval": reassigned_approval,
    "closed_approval": closed_approval,
    "commented_approval": commented_approval,
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
    "provisioned_hr": provisioned_hr,
    "compensated_hr": compensated_hr,
    "rejected_hr": rejected_hr,
}

NARROW = {"continued_approval", "resumed_approval", "continued_order", "resumed_order"}
"""These play on a server that suggests to continue as new after a few updates."""
