"""The verbs of an order: cancel, resume, and confirm a payment."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from workflows.rules.approvals.request import Withdrawal
from workflows.rules.approvals.transitions import require_short
from workflows.rules.orders.order import (
    ENDED,
    Cancellation,
    Cancelled,
    OrderChange,
    OrderState,
    OrderStatus,
    PaymentConfirmation,
    PaymentMode,
    Resumption,
)
from workflows.rules.orders.transitions import note
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.click import REMEMBERED
from workflows.rules.shared.errors import (
    AdminsUnknownError,
    AlreadyCancelledError,
    AlreadyShippedError,
    BeingUndoneError,
    NotAnAdminError,
    NothingToResumeError,
    NotYourOrderError,
    OrderClosedError,
)
from workflows.rules.shared.recent import append_recent
from workflows.rules.shared.verb_rule import VerbRule

_OPERATORS = (Origin.CLI, Origin.API)
"""Actors from here are authenticated by the host or by a token and may act on any order."""
_UNDOING = (OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION)


class OrderVerb(StrEnum):
    """The verbs of people; the updates have these names."""

    CANCEL = "cancel"
    RESUME = "resume"


OrderCommand = Cancellation | Resumption
"""A command on an order."""


def check_cancel(state: OrderState, cancellation: Cancellation, now: datetime) -> None:
    """Check whether this actor may cancel the order now; changes nothing.

    Raises:
        NotYourOrderError, OrderClosedError, AlreadyCancelledError, BeingUndoneError,
        AlreadyShippedError, ReasonTooLongError.

    """
    del now  # every check has the same shape
    actor = cancellation.actor
    if actor.person != state.requester.person and actor.origin not in _OPERATORS:
        raise NotYourOrderError
    if state.status in ENDED:
        raise OrderClosedError(status=state.status.value)
    if state.cancelled is not None:
        raise AlreadyCancelledError(person=state.cancelled.actor.person)
    if state.status in _UNDOING:
        raise BeingUndoneError
    if state.has_shipped:
        raise AlreadyShippedError
    require_short(cancellation.reason)


def cancel(state: OrderState, cancellation: Cancellation, now: datetime) -> OrderChange:
    """Mark the order as cancelled; compensation starts as soon as possible."""
    actor, reason = cancellation.actor, cancellation.reason
    cancelled = Cancelled(actor=actor, reason=reason, at=now)
    change = OrderChange(state=replace(state, cancelled=cancelled))
    return note(change, Fact.ORDER_CANCELLED, actor, now, reason=reason)


def withdrawal(state: OrderState) -> Withdrawal | None:
    """Return the withdrawal of a cancelled order's approval, or None if it is not cancelled.

    Only the requester may withdraw a request. If another person cancelled the order, they are named
    as the operator.
    """
    if state.cancelled is None:
        return None
    by, requester = state.cancelled.actor, state.requester.person
    operator = by.operator or ("" if by.person == requester else by.person)
    actor = Actor(person=requester, origin=Origin.WORKFLOW, operator=operator)
    return Withdrawal(actor=actor, reason=state.cancelled.reason)


def check_resume(state: OrderState, resumption: Resumption, now: datetime) -> None:
    """Check whether this actor may resume the failed compensation now; changes nothing.

    Raises:
        NothingToResumeError, AdminsUnknownError, NotAnAdminError.

    """
    del now
    if state.status is not OrderStatus.NEEDS_ATTENTION:
        raise NothingToResumeError(status=state.status.value)
    if resumption.actor.origin in _OPERATORS:
        return
    if not state.admins:
        raise AdminsUnknownError
    if resumption.actor.person not in state.admins:
        raise NotAnAdminError


def resume(state: OrderState, resumption: Resumption, now: datetime) -> OrderChange:
    """Resume the failed compensation."""
    going = replace(state, status=OrderStatus.COMPENSATING, stuck=None)
    data = {"step": state.stuck.step.value} if state.stuck else {}
    return note(
        OrderChange(state=going), Fact.COMPENSATION_RESUMED, resumption.actor, now, data=data
    )


ORDER_VERB_RULES: Mapping[OrderVerb, VerbRule[OrderState, Any, OrderChange]] = {
    OrderVerb.CANCEL: VerbRule(
        command=Cancellation,
        check=check_cancel,
        apply=cancel,
        example=lambda _, actor: Cancellation(actor=actor),
    ),
    OrderVerb.RESUME: VerbRule(
        command=Resumption,
        check=check_resume,
        apply=resume,
        example=lambda _, actor: Resumption(actor=actor),
    ),
}


_BY_COMMAND = {rule.command: rule for rule in ORDER_VERB_RULES.values()}


def order_rule_of(command: OrderCommand) -> VerbRule[OrderState, Any, OrderChange]:
    """Return the rule of a command."""
    return _BY_COMMAND[type(command)]


def confirm_payment(
    state: OrderState, confirmation: PaymentConfirmation, now: datetime
) -> OrderChange:
    """Record a payment that the gateway reports; the same event counts once.

    A payment that does not match only adds a fact, with the reason in `rule`. `records/` has the
    payment, and the sweep of received payments refunds it.
    """
    known = (*state.unmatched, state.payment.event_id if state.payment else "")
    if confirmation.event_id in known:
        return OrderChange(state=state)
    why_not = _mismatch(state, confirmation)
    data = {
        "event_id": confirmation.event_id,
        "amount": f"{confirmation.amount} {confirmation.currency}",
        "paid_at": confirmation.paid_at.isoformat(),
    }
    gateway = Actor(person="", origin=Origin.API)
    if why_not:
        unmatched = append_recent(state.unmatched, confirmation.event_id, REMEMBERED)
        change = OrderChange(state=replace(state, unmatched=unmatched))
        return note(change, Fact.PAYMENT_UNMATCHED, gateway, now, rule=why_not, data=data)
    paid = OrderChange(state=replace(state, payment=confirmation))
    return note(paid, Fact.PAYMENT_CONFIRMED, gateway, now, data=data)


def _mismatch(state: OrderState, confirmation: PaymentConfirmation) -> str:
    total = state.order.total
    if state.order.payment is not PaymentMode.AWAIT:
        return "not_awaited"
    if state.status in ENDED or state.status in _UNDOING:
        return "order_closed"
    if state.payment is not None:
        return "paid_already"
    if (confirmation.amount, confirmation.currency) != (total.amount, total.currency):
        return "other_amount"
    return ""
