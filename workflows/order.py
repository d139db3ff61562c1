"""The order: an approval where the policy asks for one, then reserve, pay and ship, or undo it all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

from workflows.approval import ApprovalWorkflow
from workflows.card_owner import About, CardOwner
from workflows.options import COMPENSATION, STEP
from workflows.ports import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules import order as rules
from workflows.rules.card import CardState
from workflows.rules.messages import ApprovalInput, ApprovalOutcome, OrderInput
from workflows.rules.notice import NoticeKind
from workflows.rules.order import OrderChange, OrderFace, OrderStatus, StepName
from workflows.rules.policy import Route, route
from workflows.rules.request import ApprovalRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class _Saga:
    """How one step is done and undone."""

    do: Callable[[Any, StepQuestion], Awaitable[StepReference]]
    undo: Callable[[Any, StepQuestion], Awaitable[None]]


_STEPS = {
    StepName.RESERVE: _Saga(do=InventoryPort.reserve, undo=InventoryPort.release),
    StepName.PAY: _Saga(do=PaymentPort.charge, undo=PaymentPort.refund),
    StepName.SHIP: _Saga(do=ShippingPort.ship, undo=ShippingPort.recall),
}

UNDO_AGAIN = timedelta(minutes=10)
"""When an undo that was refused for good is tried again: somebody has to mend something first."""


@workflow.defn
class OrderWorkflow:
    """One order, from receipt to its end. "Approved" and "done" are different words on its card."""

    @workflow.init
    def __init__(self, asked: OrderInput) -> None:
        self._route: Route = route(asked.policy, asked.order.total)
        change = rules.receive(
            asked.order,
            asked.requester,
            asked.policy,
            workflow.now(),
            needs_approval=bool(self._route.levels),
        )
        self._state = change.state
        order_id = asked.order.order_id
        about = About(request_id=order_id, face=self._face, owner_id=lambda: order_id)
        self._card = CardOwner(CardState(copies=()), about)
        self._card.record(change.facts)

    def _face(self, version: int) -> OrderFace:
        return rules.order_face(self._state, version)

    @workflow.run
    async def run(self, asked: OrderInput) -> OrderFace:
        """Take the order to its end, and keep serving its card until Slack shows that end."""
        if self._route.levels:
            await self._ask_for_approval(asked)
        if self._state.status is OrderStatus.PROCESSING:
            await self._fulfil()
        self._card.tell(NoticeKind.OUTCOME, person=self._state.requester.person)
        await self._card.finish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._face(self._card.card.version)

    @workflow.update
    def republish(self) -> int:
        """Have the card written again after somebody saw a copy that was not current.

        Returns the card's version. Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @workflow.query
    def details(self) -> OrderFace:
        """Return the order as its card shows it."""
        return self._face(self._card.card.version)

    def _take(self, change: OrderChange) -> None:
        self._state = change.state
        self._card.record(change.facts)

    async def _ask_for_approval(self, asked: OrderInput) -> None:
        request = ApprovalRequest(
            request_id=rules.approval_id(asked.order.order_id),
            requester=asked.requester,
            content=rules.content(asked.order),
            policy=asked.policy,
            route=self._route,
            expire_after=asked.expire_after,
            managers=asked.managers,
            amendable=False,
        )
        child = await workflow.start_child_workflow(
            ApprovalWorkflow.run,
            ApprovalInput(request=request),
            id=request.request_id,
            # An approval is never cancelled from outside: that would cut its audit short.
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
        await self._card.attend(child.done)
        try:
            outcome: ApprovalOutcome = child.result()
        except ChildWorkflowError:  # an operator terminated it: nobody has said yes
            self._take(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.take_over(outcome.card)
        self._take(rules.approval_ended(self._state, outcome.face, workflow.now()))

    async def _fulfil(self) -> None:
        for name in StepName:
            self._take(rules.step_started(self._state, name, workflow.now()))
            await self._card.append_audit()  # before the effect, not beside it
            handle = workflow.start_activity_method(
                _STEPS[name].do, self._question(name), summary=name.value, **STEP
            )
            await self._card.attend(handle.done)
            try:
                reference = handle.result().reference
            except ActivityError as error:
                self._take(rules.step_failed(self._state, name, _sentence(error), workflow.now()))
                await self._compensate()
                return
            self._take(rules.step_completed(self._state, name, reference, workflow.now()))

    async def _compensate(self) -> None:
        for name in rules.steps_to_compensate(self._state):
            await self._undo(name)
            self._take(rules.step_compensated(self._state, name, workflow.now()))
        self._take(rules.compensated(self._state, workflow.now()))

    async def _undo(self, name: StepName) -> None:
        """Undo one step, again and again: an undo is owed, even where it was refused for good."""
        await self._card.append_audit()
        while True:
            handle = workflow.start_activity_method(
                _STEPS[name].undo, self._question(name), summary=f"undo {name}", **COMPENSATION
            )
            await self._card.attend(handle.done)
            try:
                handle.result()
            except ActivityError as error:
                workflow.logger.error("undo of %s refused: %s", name, error.cause)
                await self._card.attend(lambda: False, workflow.now() + UNDO_AGAIN)
            else:
                return

    def _question(self, name: StepName) -> StepQuestion:
        order = self._state.order
        return StepQuestion(key=f"{order.order_id}:{name}", order=order)


def _sentence(error: ActivityError) -> str:
    """Return what went wrong in words a person may read: a step's own sentence, nothing internal."""
    if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
        return error.cause.message
    return "the step could not be done in time"
