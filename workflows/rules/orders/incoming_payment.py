"""Payments reported by a gateway, and how each matches the order that it names."""

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
"""Statuses of the payment step if the order has booked the money; its compensation refunds it."""
_REFUSES_PAYMENT = ENDED | {OrderStatus.COMPENSATING, OrderStatus.NEEDS_ATTENTION}


class PaymentVerdict(StrEnum):
    """How a payment matches the order that it names."""

    WANTED = "wanted"
    NOT_WANTED = "not_wanted"
    MISMATCHED = "mismatched"
    UNMATCHED = "unmatched"


class Progress(StrEnum):
    """The progress of a payment; it ends as SETTLED or REFUNDED.

    OPEN waits for its order. CONFIRMED belongs to its order, which has been notified, and waits
    for the order's end. SETTLED was booked by its order, which kept it or refunded it itself.
    """

    OPEN = "open"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    REFUND_STARTED = "refund_started"
    REFUNDED = "refunded"


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingPayment:
    """A payment that a gateway reports. `event_id` is the gateway's, one per payment."""

    event_id: str
    order_id: str
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundInput:
    """Start the full refund of one payment."""

    payment: IncomingPayment


def confirmation(payment: IncomingPayment) -> PaymentConfirmation:
    """Return the confirmation that is sent to the order."""
    return PaymentConfirmation(
        event_id=payment.event_id,
        amount=payment.amount.amount,
        currency=payment.amount.currency,
        paid_at=payment.paid_at,
    )


def match_payment(
    payment: IncomingPayment, order: OrderSnapshot | None, *, paid: bool
) -> PaymentVerdict:
    """Match a payment with its order.

    A payment is not wanted if the order charges a card, has been `paid` by another payment, or has
    ended. If the order is unknown (so far), the payment is unmatched. A wrong amount is mismatched.
    """
    if order is None:
        return PaymentVerdict.UNMATCHED
    if paid or order.order.payment is not PaymentMode.AWAIT or order.status in _REFUSES_PAYMENT:
        return PaymentVerdict.NOT_WANTED
    return (
        PaymentVerdict.WANTED if payment.amount == order.order.total else PaymentVerdict.MISMATCHED
    )


def settle_confirmed(order: OrderSnapshot | None, *, booked: bool) -> Progress | None:
    """Return the next progress of a confirmed payment, or None while it is not known.

    `booked` is set if our ledger has the payment, whatever the status of the step: a step that
    failed may still have booked it, and then the order's own compensation has refunded it.

    CONFIRMED means that the order still waits for the payment and must be notified again; the same
    event counts once. If the order ended without booking the payment, it ended at the moment at
    which the payment arrived, so the payment is refunded.
    """
    if order is None or order.status not in ENDED:
        waits = order is not None and order.status is OrderStatus.AWAITING_PAYMENT
        return Progress.CONFIRMED if waits else None
    pay = next(step for step in order.steps if step.name is StepName.PAY)
    return Progress.SETTLED if booked or pay.status in _BOOKED else Progress.REFUND_STARTED
