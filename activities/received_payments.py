"""Payments that came in by themselves: swept, handed over, given back."""

from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter, ValidationError
from temporalio import activity

from records.database import Database
from records.payments import Payments
from records.received_payments import Receipt, ReceivedPayments
from records.requests import Requests
from records.steps import reference
from workflows.ports.orders import StepReference
from workflows.ports.payments import ReceivedPaymentPort, RefundPort, SweepQuestion, Swept
from workflows.rules.orders import received_payment as rules
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.received_payment import PaymentVerdict, Progress, ReceivedPayment
from workflows.rules.snapshots import Snapshot

PAGE = 50
"""Payments that one call judges."""

_TO_DO = {
    Progress.CONFIRMED: PaymentVerdict.WANTED,
    Progress.REFUND_STARTED: PaymentVerdict.NOT_WANTED,
}
_LEFT = (PaymentVerdict.UNMATCHED, PaymentVerdict.MISMATCHED)
_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)


class Bank(Protocol):
    """Whoever holds the money that came in."""

    async def give_back(self, payment: ReceivedPayment) -> str:
        """Give back all of a payment and return the refund's reference. Safe to repeat."""
        ...


class EmbeddedBank:
    """No bank at all: the money that came in stands in `records/`, and leaves it there."""

    async def give_back(self, payment: ReceivedPayment) -> str:
        """Return the refund's reference."""
        return reference("REF", payment.event_id)


class RefundActivities(RefundPort):
    """Gives money back at a bank, then writes it down: a crash between the two repeats both."""

    def __init__(self, database: Database, bank: Bank) -> None:
        self._payments = ReceivedPayments(database)
        self._bank = bank

    @activity.defn
    async def give_back(self, payment: ReceivedPayment) -> StepReference:
        """Give back all of a payment that came in, and write down that it was. Safe to repeat."""
        found = await self._bank.give_back(payment)
        await self._payments.advance(payment.event_id, Progress.REFUNDED, found)
        return StepReference(reference=found)


class ReceivedPaymentActivities(ReceivedPaymentPort):
    """The list in the database."""

    def __init__(self, database: Database) -> None:
        self._payments = ReceivedPayments(database)
        self._booked = Payments(database)
        self._requests = Requests(database)

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        """Judge a page of the waiting payments anew, and claim each. Safe to repeat."""
        page = await self._payments.waiting(
            received_before=question.received_before, after=question.after, limit=PAGE
        )
        judged = [(await self._judge(one, question.give_back_before), one.payment) for one in page]
        wanted = tuple(payment for verdict, payment in judged if verdict is PaymentVerdict.WANTED)
        not_wanted = tuple(
            payment for verdict, payment in judged if verdict is PaymentVerdict.NOT_WANTED
        )
        return Swept(
            wanted=wanted,
            not_wanted=not_wanted,
            left=sum(verdict in _LEFT for verdict, _ in judged),
            after=page[-1].payment.event_id if len(page) == PAGE else "",
        )

    async def _judge(self, receipt: Receipt, give_back_before: datetime) -> PaymentVerdict | None:
        """Return what is to be done for a payment; None where it is well as it is."""
        event_id = receipt.payment.event_id
        if receipt.progress is Progress.REFUND_STARTED:
            return PaymentVerdict.NOT_WANTED  # the refund may be lost with a Temporal that was
        if receipt.progress is Progress.OPEN:
            again = await self._payments.judge_again(
                event_id, judge_snapshot, give_back_before=give_back_before
            )
            return again.verdict if again is not None else None
        record = await self._requests.get(receipt.payment.order_id)
        booked = await self._booked.has_booked(receipt.payment.order_id)
        became = rules.settle_confirmed(_order(record.face if record else None), booked=booked)
        if became in {Progress.SETTLED, Progress.REFUND_STARTED}:
            await self._payments.advance(event_id, became)
        return _TO_DO.get(became) if became else None


def judge_snapshot(payment: ReceivedPayment, snapshot: str | None, paid: bool) -> PaymentVerdict:  # noqa: FBT001 - `records` says it so
    """Judge a payment by the stored face of its order."""
    return rules.match_payment(payment, _order(snapshot), paid=paid)


def _order(written: str | None) -> OrderSnapshot | None:
    """Return an order by its stored face; None where a newer version wrote it."""
    try:
        snapshot = _SNAPSHOT.validate_json(written) if written is not None else None
    except ValidationError:
        return None
    return snapshot if isinstance(snapshot, OrderSnapshot) else None
