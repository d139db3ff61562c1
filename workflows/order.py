"""The order workflow: an approval if the policy requires one, then the saga."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import workflow

from workflows.card_workflow import CommandWorkflow, genuine
from workflows.child_approval import (
    ChildApproval,
    outcome_of,
    start_approval,
    withdraw_approval,
    withdraw_refused,
)
from workflows.mail_queue import MailQueue
from workflows.order_saga import OrderSaga
from workflows.outbox import StartRefusedError
from workflows.rules.approvals.policy import Route
from workflows.rules.approvals.registration import Registration, registration
from workflows.rules.approvals.request import ApprovalRequest, RequestKind
from workflows.rules.messages import CarriedOrder, OrderInput
from workflows.rules.notice import NoticeKind
from workflows.rules.orders import parcel_progress as parcels
from workflows.rules.orders import saga as rules
from workflows.rules.orders import verbs
from workflows.rules.orders.latest_decision import ApprovalMessage, approval_message
from workflows.rules.orders.notifications import customer_mails, thread_notices
from workflows.rules.orders.order import (
    Cancellation,
    OrderChange,
    OrderSnapshot,
    OrderState,
    OrderStatus,
    PaymentConfirmation,
    Resumption,
    content,
    order_snapshot,
)
from workflows.rules.orders.order_route import order_route
from workflows.rules.orders.parcel import ParcelUpdate
from workflows.rules.orders.verbs import OrderCommand, order_rule_of
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardState
from workflows.rules.shared.ids import approval_id
from workflows.rules.shared.verb_rule import VerbRule
from workflows.saga import SagaContext
from workflows.search import upsert_final_status


@workflow.defn
class OrderWorkflow(CommandWorkflow[OrderState, OrderChange, OrderCommand, OrderSnapshot]):
    """One order, from receipt to its end. Its card distinguishes "approved" from "done"."""

    @workflow.init
    def __init__(self, workflow_input: OrderInput) -> None:
        self._input = workflow_input
        self._route: Route = order_route(workflow_input.order, workflow_input.policy)
        self._child: ChildApproval | None = None
        self._clicks = ()
        carried = genuine(workflow_input.carried)
        if carried is not None:
            self._state, self._clicks = carried.state, carried.clicks
            self._card = self._owner(carried.card)
            self._card.restore(carried.facts, carried.notices)
            self._mails = MailQueue(carried.mails)
        else:
            self._mails = MailQueue()
            change = rules.receive(
                workflow_input.order,
                workflow_input.requester,
                workflow_input.policy,
                workflow.now(),
                needs_approval=bool(self._route.levels),
                payment_window=workflow_input.payment_window,
            )
            self._state = change.state
            self._card = self._owner(CardState(copies=()))
            self._card.record(change.facts)
            self._mails.add(customer_mails(self._state, change.facts))
        self._saga = OrderSaga(
            SagaContext(
                state=lambda: self._state,
                apply=self._apply,
                card=self._card,
                flush_facts=self._flush_facts,
                should_continue_as_new=self._should_continue_as_new,
            )
        )

    def _snapshot(self, version: int) -> OrderSnapshot:
        return order_snapshot(self._state, version)

    def _registration(self) -> Registration:
        asked, route_ = self._input, self._route
        return registration(asked.policy, asked.requester.person, asked.managers, route_, (route_,))

    @workflow.run
    async def run(self, workflow_input: OrderInput) -> OrderSnapshot:
        """Run the order to its end and serve its card until Slack shows the final state."""
        try:
            return await self._run()
        except StartRefusedError as refusal:
            await withdraw_refused(self._child, self._state.requester)
            self._state = rules.refuse_start(self._state, refusal.code, workflow.now())
            upsert_final_status(self._state.status)
            await self._end_refused(refusal)
            return self.details()

    async def _run(self) -> OrderSnapshot:
        is_notified = self._state.ended_at is not None
        if self._state.status is OrderStatus.AWAITING_APPROVAL:
            if self._mails.pending:
                await self._flush_facts()
            await self._await_approval()
        await self._saga.run()
        if self._state.ended_at is None:
            await self._continue_as_new()
        if not is_notified:
            upsert_final_status(self._state.status)
            self._card.notify(NoticeKind.OUTCOME, person=self._state.requester.person)
        if self._mails.pending:
            await self._flush_facts()
        await self._card.serve(lambda: self._mails.is_idle)
        self._record_mail_problem()
        await self._finish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.details()

    @workflow.update
    def cancel(self, cancellation: Cancellation) -> OrderSnapshot:
        """Cancel the order and return the new snapshot. The saga turns back as soon as it can."""
        return self._execute(cancellation)

    @cancel.validator
    def _check_cancel(self, cancellation: Cancellation) -> None:
        self._check(cancellation)

    @workflow.update
    def resume(self, resumption: Resumption) -> OrderSnapshot:
        """Retry the compensation that failed and return the new snapshot."""
        return self._execute(resumption)

    @resume.validator
    def _check_resume(self, resumption: Resumption) -> None:
        self._check(resumption)

    @workflow.signal
    def confirm_payment(self, confirmation: PaymentConfirmation) -> None:
        """Accept a payment that the gateway reports; the same event counts once.

        A payment that does not match is only recorded: a signal returns nothing.
        """
        self._apply(verbs.confirm_payment(self._state, confirmation, workflow.now()))

    @workflow.signal
    def parcel_moved(self, news: ParcelUpdate) -> None:
        """Apply the progress of one warehouse's shipment; the same progress counts once."""
        self._apply(parcels.parcel_moved(self._state, news, workflow.now()))

    @workflow.query
    def status(self) -> str:
        """Return the order's `OrderStatus` value."""
        return self._state.status.value

    @workflow.query
    def requires_approval(self) -> bool:
        """Return whether the policy requires an approval for this order."""
        return bool(self._route.levels)

    @workflow.query
    def approval_message(self) -> ApprovalMessage | None:
        """Return the latest decision once the approval has ended, else None.

        For an open approval, see the approval's own query `state`.
        """
        return approval_message(self._state.approval)

    @workflow.query
    def details(self) -> OrderSnapshot:
        """Return the order as its card shows it."""
        return self._published()

    @workflow.query
    def estimated_delivery(self) -> datetime | None:
        """Return when the parcel is expected; None before it has been shipped."""
        return self._state.estimated_delivery

    def _rule_of(self, command: OrderCommand) -> VerbRule[OrderState, Any, OrderChange]:
        return order_rule_of(command)

    def _apply(self, change: OrderChange, *, actor: Actor | None = None) -> None:
        before, self._state = self._state, change.state
        clicked = actor is not None and actor.origin is Origin.SLACK
        if change.facts or order_snapshot(before, 0) != self._snapshot(0):
            self._card.record(change.facts, clicked=clicked)
        self._mails.add(customer_mails(self._state, change.facts))
        if self._card.card.copies:  # an order without an approval has no card to reply to
            for kind in thread_notices(self._state, change.facts):
                self._card.notify(kind)

    async def _flush_facts(self) -> None:
        """Return when every fact is in the audit trail, and start to send the mails about them."""
        await self._card.append_audit()
        self._mails.flush()
        self._record_mail_problem()

    def _record_mail_problem(self) -> None:
        if problem := self._mails.collect_problem():
            self._apply(rules.mail_failed(self._state, problem))

    async def _await_approval(self) -> None:
        """Run the approval as a child, which owns the card until it ends, and obey its outcome."""
        child = self._child = await start_approval(self._approval_request())
        await self._card.serve(lambda: child.done() or self._state.cancelled is not None)
        if not child.done():
            await self._withdraw(child)
            await self._card.serve(child.done)
        outcome = outcome_of(child)
        if outcome is None:
            self._apply(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.adopt(outcome.card)
        self._apply(rules.approval_ended(self._state, outcome.face, workflow.now()))

    def _approval_request(self) -> ApprovalRequest:
        workflow_input = self._input
        return ApprovalRequest(
            request_id=approval_id(workflow_input.order.order_id),
            requester=workflow_input.requester,
            content=content(workflow_input.order),
            policy=workflow_input.policy,
            route=self._route,
            expire_after=workflow_input.expire_after,
            managers=workflow_input.managers,
            amendable=False,
            about=RequestKind.ORDER,
        )

    async def _withdraw(self, child: ChildApproval) -> None:
        """Withdraw the approval. If it has ended before, its outcome counts."""
        await self._card.append_audit()
        if withdrawal := verbs.withdrawal(self._state):
            await withdraw_approval(child, withdrawal)

    def _is_idle(self) -> bool:
        return super()._is_idle() and self._mails.is_idle

    def _next_input(self) -> OrderInput:
        carried = CarriedOrder(
            state=self._state,
            card=self._card.card,
            clicks=self._clicks,
            facts=self._card.pending_facts,
            notices=self._card.pending_notices,
            mails=self._mails.pending,
        )
        return replace(self._input, carried=carried)
