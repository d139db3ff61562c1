"""Ports for money that came in by itself: the list of it, and the way back."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.ports import StepReference
from workflows.rules.received_payment import ReceivedPayment


class RefundPort:
    """Money that came in by itself, and goes out again."""

    @activity.defn
    async def give_back(self, payment: ReceivedPayment) -> StepReference:
        """Give back all of a payment that came in, and write down that it was. Safe to repeat."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepQuestion:
    """Which payments, received before an instant, wait: a page of them, `after` an event id.

    What was received before `give_back_before` and is still open, no order takes any more.
    """

    received_before: datetime
    give_back_before: datetime
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """A page of payments to hand to their orders, and to give back; `after` is where to go on."""

    wanted: tuple[ReceivedPayment, ...] = ()
    not_wanted: tuple[ReceivedPayment, ...] = ()
    left: int = 0
    after: str = ""


class ReceivedPaymentPort:
    """The list of payments that came in by themselves."""

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        """Judge a page of the waiting payments anew. Safe to repeat."""
        raise NotImplementedError

    @activity.defn
    async def handed_over(self, event_id: str) -> None:
        """Note that a payment's order has been told of it. Safe to repeat."""
        raise NotImplementedError

    @activity.defn
    async def refund_started(self, event_id: str) -> None:
        """Note that a payment is on its way back. Safe to repeat."""
        raise NotImplementedError
