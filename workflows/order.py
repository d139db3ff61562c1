"""The order: an approval where the policy asks for one, then reserve, pay, ship, deliver, or undo it all."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.approval import ApprovalWorkflow
from workflows.card_owner import CardOwner, CardSubject
from workflows.child_approval import ChildApproval, outcome_of, start_approval
from workflows.journey import Journey
from workflows.mail_queue import Mailer
from workflows.order_saga import Saga
from workflows.refusal import refusing, running_update_id
from workflows.rules.approvals.policy import Route, route
from workflows.rules.approvals.request import ApprovalRequest, RequestKind
from workflows.rules.messages import CarriedOrder, OrderInput
from workflows.rules.notice import NoticeKind
from workflows.rules.orders import parcel_progress as parcels
from workflows.rules.orders import saga as rules
from workflows.rules.orders import verbs
from workflows.rules.orders.answers import ApprovalMessage, approval_message
from workflows.rules.orders.news import mails, replies
from workflows.rules.orders.order import (
    Cancellation,
    OrderChange,
    OrderSnapshot,
    OrderStatus,
    PaymentConfirmation,
    Resumption,
    approval_id,
    content,
    order_snapshot,
)
from workflows.rules.orders.parcel import ParcelNews
from workflows.rules.orders.verbs import OrderCommand, order_rule_of
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.card import CardState
from workflows.rules.shared.click import remember
from workflows.search import tell_end


@workflow.defn
class OrderWorkflow:
    """One order, from receipt to its end. "Approved" and "done" are different words on its card."""

    @workflow.init
    def __init__(self, asked: OrderInput) -> None:
        self._route: Route = route(asked.policy, asked.order.total)
        self._clicks: tuple[str, ...] = ()
        if asked.carried is not None:
            self._state, self._clicks = asked.carried.state, asked.carried.clicks
            self._card = self._owner(asked.carried.card)
            self._card.resume(asked.carried.facts, asked.carried.notices)
            self._mailer = Mailer(asked.carried.mails)
        else:
            self._mailer = Mailer()
            change = rules.receive(
                asked.order,
                asked.requester,
                asked.policy,
                workflow.now(),
                needs_approval=bool(self._route.levels),
                payment_window=asked.payment_window,
            )
            self._state = change.state
            self._card = self._owner(CardState(copies=()))
            self._card.record(change.facts)
            self._mailer.owe(mails(self._state, change.facts))
        self._saga = Saga(
            Journey(
                state=lambda: self._state,
                take=self._take,
                card=self._card,
                written=self._written,
                may_continue_as_new=self._may_continue_as_new,
            )
        )

    def _owner(self, card: CardState) -> CardOwner:
        order_id = self._state.order.order_id
        return CardOwner(
            card, CardSubject(request_id=order_id, face=self._face, owner_id=lambda: order_id)
        )

    def _face(self, version: int) -> OrderSnapshot:
        return order_snapshot(self._state, version)

    @workflow.run
    async def run(self, asked: OrderInput) -> OrderSnapshot:
        """Take the order to its end, and keep serving its card until Slack shows that end."""
        told_before = self._state.ended_at is not None
        if self._state.status is OrderStatus.AWAITING_APPROVAL:
            if self._mailer.owed:
                await self._written()
            await self._ask_for_approval(asked)
        await self._saga.go_on()
        if self._state.ended_at is None:
            await self._continue_as_new(asked)
        if not told_before:
            tell_end(self._state.status)
            self._card.tell(NoticeKind.OUTCOME, person=self._state.requester.person)
        if self._mailer.owed:
            await self._written()
        await self._card.attend(lambda: self._mailer.is_idle)
        self._tell_mail_problem()
        await self._card.finish(self._may_continue_as_new)
        if self._card.owes and self._may_continue_as_new():
            await self._continue_as_new(asked)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.details()

    # What people do. The update id is the click id: the same click again returns the present face
    # without a new fact. Refusals are ApplicationErrors of type `rejected.<code>`: no history.

    @workflow.update
    def cancel(self, cancellation: Cancellation) -> OrderSnapshot:
        """Turn the order back, as soon as it can, and return the new face."""
        return self._do(cancellation)

    @cancel.validator
    def _check_cancel(self, cancellation: Cancellation) -> None:
        self._check(cancellation)

    @workflow.update
    def resume(self, resumption: Resumption) -> OrderSnapshot:
        """Have a compensation that could not be done tried again, and return the new face."""
        return self._do(resumption)

    @resume.validator
    def _check_resume(self, resumption: Resumption) -> None:
        self._check(resumption)

    @workflow.signal
    def confirm_payment(self, confirmation: PaymentConfirmation) -> None:
        """Take a payment that the gateway reports; the same event counts once.

        One that does not fit is a fact and changes nothing: a signal has no answer.
        """
        self._take(verbs.confirm_payment(self._state, confirmation, workflow.now()))

    @workflow.signal
    def parcel_moved(self, news: ParcelNews) -> None:
        """Take what the shipment from one warehouse tells; the same news count once."""
        self._take(parcels.parcel_moved(self._state, news, workflow.now()))

    @workflow.update
    def republish(self) -> int:
        """Have the card written again after somebody saw a copy that was not current.

        Returns the card's version. Safe to repeat.
        """
        self._card.republish()
        return self._card.card.version

    @workflow.query
    def status(self) -> str:
        """Return where the order stands, as an `OrderStatus` value."""
        return self._state.status.value

    @workflow.query
    def requires_approval(self) -> bool:
        """Return whether the order's policy asks anybody about it."""
        return bool(self._route.levels)

    @workflow.query
    def approval_message(self) -> ApprovalMessage | None:
        """Return the latest decision once the approval has ended, or None.

        While it is open the approval itself knows: see its query `state`.
        """
        return approval_message(self._state.approval)

    @workflow.query
    def details(self) -> OrderSnapshot:
        """Return the order as its card shows it."""
        return self._face(self._card.card.version)

    @workflow.query
    def estimated_delivery(self) -> datetime | None:
        """Return when the parcel will probably arrive; None before it is on its way."""
        return self._state.estimated_delivery

    def _check(self, command: OrderCommand) -> None:
        if running_update_id() not in self._clicks:
            with refusing(self._card.card.version):
                order_rule_of(command).check(self._state, command, workflow.now())

    def _do(self, command: OrderCommand) -> OrderSnapshot:
        """Do what somebody asks for, once per click."""
        click = running_update_id()
        if click not in self._clicks:
            self._clicks = remember(self._clicks, click)
            change = order_rule_of(command).apply(self._state, command, workflow.now())
            self._take(change, answers=command.actor)
        return self.details()

    def _take(self, change: OrderChange, *, answers: Actor | None = None) -> None:
        """Take a step of the rules; `answers` is the person who waits for an update's answer."""
        before, self._state = self._state, change.state
        clicked = answers is not None and answers.origin is Origin.SLACK
        if change.facts or order_snapshot(before, 0) != self._face(0):
            self._card.record(change.facts, clicked=clicked)
        self._mailer.owe(mails(self._state, change.facts))
        if self._card.card.copies:  # an order that needed nobody has no card to reply to
            for kind in replies(self._state, change.facts):
                self._card.tell(kind)

    async def _written(self) -> None:
        """Return when every fact is written down; the mails about them go out then."""
        await self._card.append_audit()
        self._mailer.flush()
        self._tell_mail_problem()

    def _tell_mail_problem(self) -> None:
        if problem := self._mailer.take_problem():
            self._take(rules.mail_failed(self._state, problem))

    async def _ask_for_approval(self, asked: OrderInput) -> None:
        """Have people asked by a child, which owns the card until it ends; obey what it says."""
        child = await start_approval(self._approval_request(asked))
        await self._card.attend(lambda: child.done() or self._state.cancelled is not None)
        if not child.done():
            await self._withdraw(child)
            await self._card.attend(child.done)
        outcome = outcome_of(child)
        if outcome is None:
            self._take(rules.approval_lost(self._state, workflow.now()))
            return
        self._card.take_over(outcome.card)
        self._take(rules.approval_ended(self._state, outcome.face, workflow.now()))

    def _approval_request(self, asked: OrderInput) -> ApprovalRequest:
        return ApprovalRequest(
            request_id=approval_id(asked.order.order_id),
            requester=asked.requester,
            content=content(asked.order),
            policy=asked.policy,
            route=self._route,
            expire_after=asked.expire_after,
            managers=asked.managers,
            amendable=False,
            about=RequestKind.ORDER,
        )

    async def _withdraw(self, child: ChildApproval) -> None:
        """Take the approval back. Whatever came before that, its outcome says."""
        await self._card.append_audit()
        withdrawal = verbs.withdrawal(self._state)
        if withdrawal is None:
            return
        try:
            await child.signal(ApprovalWorkflow.withdraw_by_parent, withdrawal)
        except ApplicationError:  # it has ended just now
            workflow.logger.info("the approval had ended before it could be withdrawn")

    def _may_continue_as_new(self) -> bool:
        """Whether the history has grown long and nothing is under way that a new run would lose."""
        return workflow.info().is_continue_as_new_suggested() and (
            self._card.is_idle and self._mailer.is_idle
        )

    async def _continue_as_new(self, asked: OrderInput) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = CarriedOrder(
            state=self._state,
            card=self._card.card,
            clicks=self._clicks,
            facts=self._card.facts,
            notices=self._card.notices,
            mails=self._mailer.owed,
        )
        workflow.continue_as_new(
            OrderInput(
                order=asked.order,
                requester=asked.requester,
                policy=asked.policy,
                carried=carried,
            )
        )
