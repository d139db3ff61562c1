"""The saga of an order: reserve, pay, ship and deliver, or undo what was done."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import COMPENSATION_RETRIES, RETRY_FOREVER, SLACK_ONCE, STEP_RETRIES
from workflows.parcels import start_shipments
from workflows.ports.approvals import DirectoryPort
from workflows.ports.orders import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules.orders import parcel_progress as parcels
from workflows.rules.orders import saga as rules
from workflows.rules.orders.order import OrderChange, OrderState, OrderStatus, StepName
from workflows.rules.people.actors import DirectoryQuery
from workflows.rules.shared.ids import parcel_key
from workflows.saga import Saga, SagaContext

_STEPS: dict[StepName, Callable[[Any, StepQuestion], Awaitable[StepReference]]] = {
    StepName.RESERVE: InventoryPort.reserve,
    StepName.PAY: PaymentPort.charge,
    StepName.SHIP: ShippingPort.ship,
    StepName.DELIVER: ShippingPort.deliver,
}
_COMPENSATIONS: dict[StepName, Callable[[Any, StepQuestion], Awaitable[None]]] = {
    StepName.RESERVE: InventoryPort.release,
    StepName.PAY: PaymentPort.refund,
    StepName.SHIP: ShippingPort.recall,
}
_KEYS = {StepName.DELIVER: StepName.SHIP}
"""A delivery has the key of the shipment that it delivers."""

READ_ADMINS_AGAIN = timedelta(minutes=5)
"""The pause before Slack is asked again who the admins are, if it did not answer."""


class OrderSaga(Saga[OrderState, OrderChange, StepName, StepReference]):
    """Processes one order. A stuck compensation waits until an admin or an operator resumes it."""

    def __init__(self, context: SagaContext[OrderState, OrderChange]) -> None:
        super().__init__(context, rules)

    def _next_action(self) -> Callable[[], Awaitable[None]] | None:
        match self._state.status:
            case OrderStatus.PROCESSING if self._state.cancelled is not None:
                return self._turn_back
            case OrderStatus.PROCESSING:
                return self._forward
            case OrderStatus.AWAITING_PAYMENT:
                return self._await_payment
            case OrderStatus.COMPENSATING:
                return self._back
            case OrderStatus.NEEDS_ATTENTION:
                return self._await_help
        return None

    async def _turn_back(self) -> None:
        self._apply(rules.turn_back(self._state))

    async def _run_step(self, name: StepName) -> None:
        if name is StepName.SHIP and self._state.parcels:
            await self._send_parcels()
        elif self._state.status is not OrderStatus.AWAITING_PAYMENT:
            await super()._run_step(name)

    async def _undo_step(self, name: StepName) -> bool:
        if name is StepName.SHIP and self._state.parcels:
            return await self._recall_parcels()
        return await super()._undo_step(name)

    def _start_step(self, name: StepName) -> workflow.ActivityHandle[StepReference]:
        return workflow.start_activity_method(
            _STEPS[name], self._question(name), summary=name.value, **STEP_RETRIES
        )

    def _start_compensation(
        self, name: StepName, question: StepQuestion | None = None
    ) -> workflow.ActivityHandle[None]:
        """Start the activity that undoes a step, or with a `question` one parcel of it."""
        return workflow.start_activity_method(
            _COMPENSATIONS[name],
            question or self._question(name),
            summary=f"undo {name}",
            **COMPENSATION_RETRIES,
        )

    def _completed(self, name: StepName, result: StepReference) -> OrderChange:
        return rules.step_completed(
            self._state,
            name,
            result.reference,
            workflow.now(),
            estimated_delivery=result.estimated_delivery,
            stored=result.stored,
        )

    async def _send_parcels(self) -> None:
        """Have every warehouse send its parcel; return when each has arrived or has failed.

        The parcels are independent: a parcel that fails recalls itself and stops no other.
        """
        shipments = start_shipments(self._state)
        while shipments:
            await self._card.serve(lambda: any(task.done() for task in shipments.values()))
            for warehouse in [name for name, task in shipments.items() if task.done()]:
                news = shipments.pop(warehouse).result()
                self._apply(parcels.parcel_moved(self._state, news, workflow.now()))
        self._apply(parcels.parcels_ended(self._state, workflow.now()))

    async def _recall_parcels(self) -> bool:
        """Recall each parcel that has not recalled itself; return whether all were recalled."""
        while parcel := parcels.parcel_to_recall(self._state):
            order = parcels.part_of(self._state.order, parcel)
            key = parcel_key(order.order_id, parcel.warehouse)
            recall = self._start_compensation(StepName.SHIP, StepQuestion(key=key, order=order))
            if not await self._finish_compensation(StepName.SHIP, recall):
                return False
            self._apply(parcels.parcel_recalled(self._state, parcel.warehouse, workflow.now()))
        return True

    async def _await_payment(self) -> None:
        """Wait for the gateway. A payment that came in is booked first, whatever comes next."""
        await self._card.serve(self._is_payment_settled, self._state.payment_due)
        if self._state.payment is not None:
            await self._context.flush_facts()
            receipt = workflow.start_activity_method(
                PaymentPort.receive,
                self._question(StepName.PAY),
                summary=StepName.PAY.value,
                **RETRY_FOREVER,
            )
            await self._finish_step(StepName.PAY, receipt)
        elif self._state.cancelled is not None:
            self._apply(rules.turn_back(self._state))
        elif self._is_payment_overdue():
            self._apply(rules.payment_window_ended(self._state, workflow.now()))

    def _is_payment_settled(self) -> bool:
        state = self._state
        return (
            state.payment is not None
            or state.cancelled is not None
            or self._context.should_continue_as_new()
        )

    def _is_payment_overdue(self) -> bool:
        due = self._state.payment_due
        return due is not None and workflow.now() >= due

    async def _await_help(self) -> None:
        """Wait until an operator resumes the order, or an admin, once Slack has named the admins."""
        read_again_at: datetime | None = None
        if not self._state.admins and self._state.policy.admins:
            await self._read_admins()
            if not self._state.admins:
                read_again_at = workflow.now() + READ_ADMINS_AGAIN
        await self._card.serve(
            lambda: (
                self._state.status is not OrderStatus.NEEDS_ATTENTION
                or self._context.should_continue_as_new()
            ),
            read_again_at,
        )

    async def _read_admins(self) -> None:
        question = DirectoryQuery(
            request_id=self._state.order.order_id,
            level=0,
            requester=self._state.requester.person,
            sources=(),
            admins=self._state.policy.admins,
        )
        handle = workflow.start_activity_method(DirectoryPort.approvers, question, **SLACK_ONCE)
        await self._card.serve(handle.done)
        try:
            reading = handle.result()
        except ActivityError:  # Slack did not answer; it is asked again later
            return
        self._apply(rules.admins_read(self._state, reading))

    def _question(self, name: StepName) -> StepQuestion:
        state = self._state
        paid = state.payment if name is StepName.PAY else None
        return StepQuestion(
            key=f"{state.order.order_id}:{_KEYS.get(name, name)}",
            order=state.order,
            reference=paid.event_id if paid else "",
        )
