"""The ports for incoming payments: finds those that wait for an order, and refunds the others."""

from datetime import datetime
from typing import Protocol

from temporalio import activity

from records.database import Database
from records.incoming_payments import IncomingPayments, Receipt, judge_snapshot
from records.payments import Payments
from records.requests import Requests
from records.snapshots import read_as
from records.steps import reference
from workflows.ports.orders import StepReference
from workflows.ports.payments import IncomingPaymentPort, RefundPort, SweepQuestion, Swept
from workflows.rules.orders import incoming_payment as rules
from workflows.rules.orders.incoming_payment import IncomingPayment, PaymentVerdict, Progress
from workflows.rules.orders.order import OrderSnapshot

PAGE_SIZE = 50
"""Payments judged per call."""

_TO_DO = {
    Progress.CONFIRMED: PaymentVerdict.WANTED,
    Progress.REFUND_STARTED: PaymentVerdict.NOT_WANTED,
}
_LEFT = (PaymentVerdict.UNMATCHED, PaymentVerdict.MISMATCHED)


class Bank(Protocol):
    """The institution that holds incoming payments."""

    async def give_back(self, payment: IncomingPayment) -> str:
        """Refund a payment in full and return the refund's reference. Safe to repeat."""
        ...


class EmbeddedBank:
    """No bank: incoming payments exist in `records/` only, and so do their refunds."""

    async def give_back(self, payment: IncomingPayment) -> str:
        """Return the refund's reference."""
        return reference("REF", payment.event_id)


class RefundActivities(RefundPort):
    """Refunds at the bank, then records the refund. A crash in between repeats both."""

    def __init__(self, database: Database, bank: Bank) -> None:
        self._payments = IncomingPayments(database)
        self._bank = bank

    @activity.defn
    async def give_back(self, payment: IncomingPayment) -> StepReference:
        """Refund a payment in full and record the refund. Safe to repeat."""
        refund = await self._bank.give_back(payment)
        await self._payments.advance(payment.event_id, Progress.REFUNDED, refund)
        return StepReference(reference=refund)


class IncomingPaymentActivities(IncomingPaymentPort):
    """Incoming payments in the database."""

    def __init__(self, database: Database) -> None:
        self._payments = IncomingPayments(database)
        self._booked = Payments(database)
        self._requests = Requests(database)

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        """Judge a page of the waiting payments again, and claim each. Safe to repeat."""
        page = await self._payments.waiting(
            received_before=question.received_before, after=question.after, limit=PAGE_SIZE
        )
        judged = [
            (await self._judge(receipt, question.give_back_before), receipt.payment)
            for receipt in page
        ]
        wanted = tuple(payment for verdict, payment in judged if verdict is PaymentVerdict.WANTED)
        not_wanted = tuple(
            payment for verdict, payment in judged if verdict is PaymentVerdict.NOT_WANTED
        )
        return Swept(
            wanted=wanted,
            not_wanted=not_wanted,
            left=sum(verdict in _LEFT for verdict, _ in judged),
            after=page[-1].payment.event_id if len(page) == PAGE_SIZE else "",
        )

    async def _judge(self, receipt: Receipt, give_back_before: datetime) -> PaymentVerdict | None:
        """Return the verdict to act on, or None if nothing needs to be done for the payment."""
        event_id = receipt.payment.event_id
        if receipt.progress is Progress.REFUND_STARTED:
            return (
                PaymentVerdict.NOT_WANTED
            )  # its refund workflow may have been lost with the Temporal server
        if receipt.progress is Progress.OPEN:
            again = await self._payments.judge_again(
                event_id, judge_snapshot, give_back_before=give_back_before
            )
            return again.verdict if again is not None else None
        record = await self._requests.get(receipt.payment.order_id)
        booked = await self._booked.has_booked(receipt.payment.order_id)
        order = read_as(record.face if record else None, OrderSnapshot)
        progress = rules.settle_confirmed(order, booked=booked)
        if progress in {Progress.SETTLED, Progress.REFUND_STARTED}:
            await self._payments.advance(event_id, progress)
        return _TO_DO.get(progress) if progress else None
