"""Ports for received payments: the list of them, and their refunds."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.ports.orders import StepReference
from workflows.rules.orders.incoming_payment import IncomingPayment


class RefundPort:
    """Refunds of received payments."""

    @activity.defn
    async def give_back(self, payment: IncomingPayment) -> StepReference:
        """Refund a received payment in full and record the refund. Safe to repeat."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepQuestion:
    """A page of the payments that wait, received before an instant, `after` an event id.

    A payment received before `give_back_before` that no order has accepted is refunded.
    """

    received_before: datetime
    give_back_before: datetime
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """A page of payments for their orders, and to refund; the next page starts `after` this id."""

    wanted: tuple[IncomingPayment, ...] = ()
    not_wanted: tuple[IncomingPayment, ...] = ()
    left: int = 0
    after: str = ""


class IncomingPaymentPort:
    """The list of received payments."""

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        """Classify a page of the waiting payments and claim each for delivery or refund.

        Safe to repeat: a payment that was claimed and not settled is returned again.
        """
        raise NotImplementedError
