"""Ports for money that came in by itself: the list of it, and the way back."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.ports.orders import StepReference
from workflows.rules.orders.incoming_payment import IncomingPayment


class RefundPort:
    """Money that came in by itself, and goes out again."""

    @activity.defn
    async def give_back(self, payment: IncomingPayment) -> StepReference:
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

    wanted: tuple[IncomingPayment, ...] = ()
    not_wanted: tuple[IncomingPayment, ...] = ()
    left: int = 0
    after: str = ""


class IncomingPaymentPort:
    """The list of payments that came in by themselves."""

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        """Judge a page of the waiting payments anew, and claim each for what is to be done.

        Safe to repeat: what was claimed and not done comes back.
        """
        raise NotImplementedError
