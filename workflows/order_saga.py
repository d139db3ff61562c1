"""The order's way forward and back: one step at a time, each written down before it is begun."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
)

from workflows.journey import Journey
from workflows.options import COMPENSATION, PATIENT, SLACK_TRY, STEP, StepOptions
from workflows.ports.approvals import DirectoryPort
from workflows.ports.orders import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules.messages import ShipmentInput
from workflows.rules.notice import NoticeKind
from workflows.rules.orders import parcel_progress as parcels
from workflows.rules.orders import saga as rules
from workflows.rules.orders.order import OrderChange, OrderState, OrderStatus, StepName
from workflows.rules.orders.parcel import Parcel, ParcelNews
from workflows.rules.people.actors import DirectoryQuery
from workflows.rules.shared.ids import parcel_key, shipment_id
from workflows.shipment import ShipmentWorkflow
from workflows.step_error import why

_DO: dict[StepName, Callable[[Any, StepQuestion], Awaitable[StepReference]]] = {
    StepName.RESERVE: InventoryPort.reserve,
    StepName.PAY: PaymentPort.charge,
    StepName.SHIP: ShippingPort.ship,
    StepName.DELIVER: ShippingPort.deliver,
}
_UNDO: dict[StepName, Callable[[Any, StepQuestion], Awaitable[None]]] = {
    StepName.RESERVE: InventoryPort.release,
    StepName.PAY: PaymentPort.refund,
    StepName.SHIP: ShippingPort.recall,
}
_KEYS = {StepName.DELIVER: StepName.SHIP}
"""A delivery is of the parcel that the shipping step's key names."""

READ_ADMINS_AGAIN = timedelta(minutes=5)
"""When Slack is asked again who the admins are, where it did not say."""


class Saga:
    """Carries an order on. All it knows is in the order's state, so a new run goes on with it."""

    def __init__(self, journey: Journey[OrderState, OrderChange]) -> None:
        self._journey = journey
        self._take = journey.take
        self._card = journey.card

    @property
    def _state(self) -> OrderState:
        return self._journey.state()

    async def go_on(self) -> None:
        """Return when the order has ended, or when nothing is under way and a new run is due."""
        while True:
            match self._state.status:
                case OrderStatus.PROCESSING:
                    await self._forward()
                case OrderStatus.AWAITING_PAYMENT:
                    await self._await_payment()
                case OrderStatus.COMPENSATING:
                    await self._back()
                case OrderStatus.NEEDS_ATTENTION:
                    await self._await_help()
                case _:
                    return
            if self._journey.may_continue_as_new():
                return

    async def _forward(self) -> None:
        """Begin the next step, or turn back where the order is not wanted any more.

        Between the look at a cancellation and the fact that a step has begun nothing is awaited:
        nobody cancels in between.
        """
        if self._state.cancelled is not None:
            self._take(rules.turn_back(self._state))
            return
        name = rules.next_step(self._state)
        self._take(rules.step_started(self._state, name, workflow.now()))
        await self._journey.written()  # before the effect, not beside it
        if name is StepName.SHIP and self._state.parcels:
            await self._send_parcels()
        elif self._state.status is not OrderStatus.AWAITING_PAYMENT:
            await self._do(name, _DO[name], STEP)

    async def _do(
        self,
        name: StepName,
        step: Callable[[Any, StepQuestion], Awaitable[StepReference]],
        options: StepOptions,
    ) -> None:
        handle = workflow.start_activity_method(
            step, self._question(name), summary=name.value, **options
        )
        await self._card.attend(handle.done)
        try:
            done = handle.result()
        except ActivityError as error:
            self._take(rules.step_failed(self._state, name, why(error), workflow.now()))
            return
        self._take(
            rules.step_completed(
                self._state,
                name,
                done.reference,
                workflow.now(),
                estimated_delivery=done.estimated_delivery,
                stored=done.stored,
            )
        )

    async def _send_parcels(self) -> None:
        """Have every warehouse send its parcel, and return when each has arrived or has failed.

        They know nothing of each other: one that fails calls itself back and stops no other.
        """
        under_way = {
            parcel.warehouse: asyncio.create_task(self._shipment(parcel))
            for parcel in self._state.parcels
        }
        while under_way:
            await self._card.attend(lambda: any(task.done() for task in under_way.values()))
            for warehouse in [one for one, task in under_way.items() if task.done()]:
                news = under_way.pop(warehouse).result()
                self._take(parcels.parcel_moved(self._state, news, workflow.now()))
        self._take(parcels.parcels_ended(self._state, workflow.now()))

    async def _shipment(self, parcel: Parcel) -> ParcelNews:
        order, warehouse = self._state.order, parcel.warehouse
        try:
            return await workflow.execute_child_workflow(
                ShipmentWorkflow.run,
                ShipmentInput(order=parcels.part_of(order, parcel), warehouse=warehouse),
                id=shipment_id(order.order_id, warehouse),
                # A parcel goes on where an operator terminates its order: nobody calls it back.
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
        except (ChildWorkflowError, WorkflowAlreadyStartedError):
            # An operator's doing: nobody knows how far it has come, so it counts as failed.
            error = "the shipment was ended or begun by an operator"
            return ParcelNews(warehouse=warehouse, error=error)

    async def _await_payment(self) -> None:
        """Wait for the gateway's word. Money that came is booked first, whatever comes next."""
        await self._card.attend(self._is_payment_settled, self._state.payment_due)
        if self._state.payment is not None:
            await self._journey.written()
            await self._do(StepName.PAY, PaymentPort.receive, PATIENT)
        elif self._state.cancelled is not None:
            self._take(rules.turn_back(self._state))
        elif self._is_payment_overdue():
            self._take(rules.payment_window_ended(self._state, workflow.now()))

    def _is_payment_settled(self) -> bool:
        state = self._state
        return (
            state.payment is not None
            or state.cancelled is not None
            or self._journey.may_continue_as_new()
        )

    def _is_payment_overdue(self) -> bool:
        due = self._state.payment_due
        return due is not None and workflow.now() >= due

    async def _back(self) -> None:
        """Undo the latest step that is owed, or end where nothing is."""
        owed = rules.steps_to_compensate(self._state)
        if not owed:
            self._take(rules.compensated(self._state, workflow.now()))
            return
        name = owed[0]
        await self._journey.written()
        if name is StepName.SHIP and self._state.parcels:
            await self._recall_parcels()
        elif await self._undo(name, self._question(name)):
            self._take(rules.step_compensated(self._state, name, workflow.now()))

    async def _recall_parcels(self) -> None:
        """Call back what has not called itself back; shipping is undone where nothing is owed."""
        while parcel := parcels.parcel_to_recall(self._state):
            order = parcels.part_of(self._state.order, parcel)
            key = parcel_key(order.order_id, parcel.warehouse)
            if not await self._undo(StepName.SHIP, StepQuestion(key=key, order=order)):
                return
            self._take(parcels.parcel_recalled(self._state, parcel.warehouse, workflow.now()))
        self._take(rules.step_compensated(self._state, StepName.SHIP, workflow.now()))

    async def _undo(self, name: StepName, question: StepQuestion) -> bool:
        """Return whether the undo was done; where not, the order asks for help."""
        handle = workflow.start_activity_method(
            _UNDO[name], question, summary=f"undo {name}", **COMPENSATION
        )
        await self._card.attend(handle.done)
        try:
            handle.result()
        except ActivityError as error:
            self._ask_for_help(name, error)
            return False
        return True

    def _ask_for_help(self, name: StepName, error: ActivityError) -> None:
        workflow.logger.error("undo of %s not done: %s", name, error.cause)
        self._take(rules.compensation_failed(self._state, name, why(error), workflow.now()))
        if channel := self._state.policy.admin_channel:
            self._card.tell(NoticeKind.ATTENTION, channel=channel)

    async def _await_help(self) -> None:
        """Wait until somebody resumes. An operator may at once, an admin once we know who they are."""
        again: datetime | None = None
        if not self._state.admins and self._state.policy.admins:
            await self._read_admins()
            again = None if self._state.admins else workflow.now() + READ_ADMINS_AGAIN
        await self._card.attend(
            lambda: (
                self._state.status is not OrderStatus.NEEDS_ATTENTION
                or self._journey.may_continue_as_new()
            ),
            again,
        )

    async def _read_admins(self) -> None:
        question = DirectoryQuery(
            request_id=self._state.order.order_id,
            level=0,
            requester=self._state.requester.person,
            sources=(),
            admins=self._state.policy.admins,
        )
        handle = workflow.start_activity_method(DirectoryPort.approvers, question, **SLACK_TRY)
        await self._card.attend(handle.done)
        try:
            reading = handle.result()
        except ActivityError:  # Slack does not say; it is asked again
            return
        self._take(rules.admins_read(self._state, reading))

    def _question(self, name: StepName) -> StepQuestion:
        state = self._state
        paid = state.payment if name is StepName.PAY else None
        return StepQuestion(
            key=f"{state.order.order_id}:{_KEYS.get(name, name)}",
            order=state.order,
            reference=paid.event_id if paid else "",
        )
