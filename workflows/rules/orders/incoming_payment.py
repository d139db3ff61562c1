"""Payments that came in by themselves: what each is to the order that it names."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.rules.orders.order import (
    ENDED,
    OrderSnapshot,
    OrderStatus,
    PaymentConfirmation,
    PaymentMode,
    StepName,
)
from workflows.rules.shared.money import Money
from workflows.rules.shared.saga import StepStatus

_BOOKED = (StepStatus.DONE, StepStatus.COMPENSATED)
"""What the paying step is where the order has booked the money: its own undo gives that back."""
_REFUSES_PAYMENT = ENDED | {OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION}


class PaymentVerdict(StrEnum):
    """What a payment that came in is to the order that it names."""

    WANTED = "wanted"
    NOT_WANTED = "not_wanted"
    MISMATCHED = "mismatched"
    UNMATCHED = "unmatched"


class Progress(StrEnum):
    """How far a payment has come, to its end as SETTLED or REFUNDED.

    OPEN waits for its order, CONFIRMED is its order's, which is told, and waits for that order's end. SETTLED is what its order
    took: it was kept, or the order itself gave it back.
    """

    OPEN = "open"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    REFUND_STARTED = "refund_started"
    REFUNDED = "refunded"


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingPayment:
    """Money that a gateway says has come in. `event_id` is the gateway's, one per payment."""

    event_id: str
    order_id: str
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundInput:
    """Start a refund: give back all of one payment that came in."""

    payment: IncomingPayment


def confirmation(payment: IncomingPayment) -> PaymentConfirmation:
    """Return what the order is told of a payment."""
    return PaymentConfirmation(
        event_id=payment.event_id,
        amount=payment.amount.amount,
        currency=payment.amount.currency,
        paid_at=payment.paid_at,
    )


def match_payment(
    payment: IncomingPayment, order: OrderSnapshot | None, *, paid: bool
) -> PaymentVerdict:
    """Say what a payment is to its order.

    An order that is charged, that another payment has `paid`, or that has ended wants no more
    money. One that is not known (yet) leaves the payment unmatched. A wrong amount pays nothing.
    """
    if order is None:
        return PaymentVerdict.UNMATCHED
    if paid or order.order.payment is not PaymentMode.AWAIT or order.status in _REFUSES_PAYMENT:
        return PaymentVerdict.NOT_WANTED
    return (
        PaymentVerdict.WANTED if payment.amount == order.order.total else PaymentVerdict.MISMATCHED
    )


def settle_confirmed(order: OrderSnapshot | None, *, booked: bool) -> Progress | None:
    """Say what becomes of a payment that is its order's; None while that is not known.

    `booked` says that our ledger has it, whatever became of the step: one that has failed may have
    booked it all the same, and then the order's own undo has given it back.

    CONFIRMED where the order still waits for it: it is told again, the same event counts once. An
    order that ended without having taken it ended in the moment in which the payment came.
    """
    if order is None or order.status not in ENDED:
        waits = order is not None and order.status is OrderStatus.AWAITING_PAYMENT
        return Progress.CONFIRMED if waits else None
    pay = next(step for step in order.steps if step.name is StepName.PAY)
    return Progress.SETTLED if booked or pay.status in _BOOKED else Progress.REFUND_STARTED
