"""The order's way forward and back: one step at a time, each written down before it is begun."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.card_owner import CardOwner
from workflows.options import COMPENSATION, PATIENT, SLACK_TRY, STEP, StepOptions
from workflows.ports import (
    SPOKEN,
    DirectoryPort,
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules import order_saga as rules
from workflows.rules.notice import NoticeKind
from workflows.rules.order import OrderChange, OrderState, OrderStatus, StepName
from workflows.rules.people import ApproverQuestion

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """The order that the saga carries on: its present state, and how a step of the rules is taken.

    `written` returns when every fact is written down: for what must not happen before that.
    """

    state: Callable[[], OrderState]
    take: Callable[[OrderChange], None]
    card: CardOwner
    written: Callable[[], Awaitable[None]]
    may_start_afresh: Callable[[], bool]


class Saga:
    """Carries an order on. All it knows is in the order's state, so a new run goes on with it."""

    def __init__(self, journey: Journey) -> None:
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
            if self._journey.may_start_afresh():
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
        if self._state.status is not OrderStatus.AWAITING_PAYMENT:
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
            self._take(rules.step_failed(self._state, name, _sentence(error), workflow.now()))
            return
        self._take(
            rules.step_completed(
                self._state,
                name,
                done.reference,
                workflow.now(),
                estimated_delivery=done.estimated_delivery,
            )
        )

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
            or self._journey.may_start_afresh()
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
        handle = workflow.start_activity_method(
            _UNDO[name], self._question(name), summary=f"undo {name}", **COMPENSATION
        )
        await self._card.attend(handle.done)
        try:
            handle.result()
        except ActivityError as error:
            self._ask_for_help(name, error)
        else:
            self._take(rules.step_compensated(self._state, name, workflow.now()))

    def _ask_for_help(self, name: StepName, error: ActivityError) -> None:
        workflow.logger.error("undo of %s not done: %s", name, error.cause)
        self._take(rules.compensation_failed(self._state, name, _sentence(error), workflow.now()))
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
                or self._journey.may_start_afresh()
            ),
            again,
        )

    async def _read_admins(self) -> None:
        question = ApproverQuestion(
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


def _sentence(error: ActivityError) -> str:
    """Return what went wrong in words a person may read: a step's own sentence, nothing internal."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and (cause.non_retryable or cause.type in SPOKEN):
        return cause.message
    return "the step could not be done in time"
