"""Incoming payments: what customers paid at the gateway on their own, one row per webhook event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, exists, insert, select, update

from records.database import Database
from records.schema import received_payments as table
from records.schema import requests
from records.snapshots import read_as
from records.transaction import Transaction
from workflows.rules.orders.incoming_payment import (
    IncomingPayment,
    PaymentVerdict,
    Progress,
    match_payment,
)
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.money import Money

_BEFORE = {
    Progress.CONFIRMED: (Progress.OPEN,),
    Progress.SETTLED: (Progress.OPEN, Progress.CONFIRMED),
    Progress.REFUND_STARTED: (Progress.OPEN, Progress.CONFIRMED),
    Progress.REFUNDED: (Progress.OPEN, Progress.CONFIRMED, Progress.REFUND_STARTED),
}
"""The states from which a payment may move to each state."""

_NEXT = {
    PaymentVerdict.WANTED: Progress.CONFIRMED,
    PaymentVerdict.NOT_WANTED: Progress.REFUND_STARTED,
}
"""The state that a verdict moves a payment to, in the transaction that stores the verdict, so that two
processes that judge a payment at the same time do not both act on it. If the process dies before it
acts, the sweep acts instead."""

Judge = Callable[[IncomingPayment, str | None, bool], PaymentVerdict]
"""Returns the verdict on a payment, given the snapshot of its order (JSON text, None if the order is
unknown) and whether another payment has paid for the order."""


class EventReusedError(Exception):
    """The event id is in use for another payment: another order, amount or currency."""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"{event_id} is in use for another payment")
        self.event_id = event_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A stored payment.

    `answered` is the verdict that was returned to the gateway and never changes. `verdict` is the
    current one: the order may have appeared or ended since.
    """

    payment: IncomingPayment
    answered: PaymentVerdict
    verdict: PaymentVerdict
    progress: Progress
    received_at: datetime
    refund_reference: str = ""


class IncomingPayments:
    """All incoming payments, with the verdict on each and whether it was refunded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, payment: IncomingPayment, judge: Judge, now: datetime) -> Receipt:
        """Store a payment and the verdict on it, in one transaction.

        Safe to repeat: the same event gets the same receipt as the first time.

        Raises:
            EventReusedError: the event id is in use for another payment. Nothing is stored.

        """
        async with self._database.writing(payment.order_id) as connection:
            known = await _find(connection, payment.event_id)
            if known is not None:
                if not _same(known.payment, payment):
                    raise EventReusedError(payment.event_id)
                return known
            verdict = await _judge(connection, payment, judge)
            progress = _NEXT.get(verdict, Progress.OPEN)
            await connection.execute(
                insert(table).values(
                    event_id=payment.event_id,
                    order_id=payment.order_id,
                    amount=payment.amount.amount,
                    currency=payment.amount.currency,
                    paid_at=payment.paid_at,
                    received_at=now,
                    answered=verdict,
                    verdict=verdict,
                    progress=progress,
                    refund_reference="",
                )
            )
        return Receipt(
            payment=payment,
            answered=verdict,
            verdict=verdict,
            progress=progress,
            received_at=now,
        )

    async def judge_again(
        self, event_id: str, judge: Judge, *, give_back_before: datetime
    ) -> Receipt | None:
        """Judge an open payment again and claim it, because its order may have appeared or ended.

        A payment received before `give_back_before` is not wanted: no order took it. Returns the
        receipt, or None if no such payment is open. Safe to repeat.
        """
        known = await self.get(event_id)
        if known is None:
            return None
        async with self._database.writing(known.payment.order_id) as connection:
            known = await _find(connection, event_id)
            if known is None or known.progress is not Progress.OPEN:
                return None
            verdict = await _judge(connection, known.payment, judge)
            if known.received_at < give_back_before:
                verdict = PaymentVerdict.NOT_WANTED
            await connection.execute(
                update(table)
                .where(table.c.event_id == event_id, table.c.progress == Progress.OPEN)
                .values(verdict=verdict, progress=_NEXT.get(verdict, Progress.OPEN))
            )
            return await _find(connection, event_id)

    async def advance(self, event_id: str, progress: Progress, reference: str = "") -> None:
        """Move a payment forward to a state, never backward. Safe to repeat, even much later.

        Once its refund has started, a payment is not wanted, and never becomes wanted again.
        """
        values: dict[str, str] = {"progress": progress, "refund_reference": reference}
        if progress in {Progress.REFUND_STARTED, Progress.REFUNDED}:
            values["verdict"] = PaymentVerdict.NOT_WANTED
        async with self._database.writing() as connection:
            await connection.execute(
                update(table)
                .where(table.c.event_id == event_id, table.c.progress.in_(_BEFORE[progress]))
                .values(values)
            )

    async def get(self, event_id: str) -> Receipt | None:
        """Return one payment, or None if it is unknown."""
        async with self._database.reading() as connection:
            return await _find(connection, event_id)

    async def of_order(self, order_id: str) -> tuple[Receipt, ...]:
        """Return the payments received for one order, the oldest first."""
        return await self._read(table.c.order_id == order_id, limit=1000)

    async def waiting(
        self, *, received_before: datetime, after: str = "", limit: int = 100
    ) -> tuple[Receipt, ...]:
        """Return payments that are not finished, ordered by event id, after the event `after`."""
        unfinished = table.c.progress.in_(_BEFORE[Progress.REFUNDED])
        return await self._read(
            and_(unfinished, table.c.received_at < received_before, table.c.event_id > after),
            limit=limit,
            order=(table.c.event_id,),
        )

    async def _read(
        self,
        condition: ColumnElement[bool],
        *,
        limit: int,
        order: tuple[ColumnElement[object], ...] = (table.c.received_at, table.c.event_id),
    ) -> tuple[Receipt, ...]:
        wanted = select(table).where(condition).order_by(*order).limit(limit)
        async with self._database.reading() as connection:
            return tuple(_receipt(row) for row in await connection.execute(wanted))


def judge_snapshot(payment: IncomingPayment, snapshot: str | None, paid: bool) -> PaymentVerdict:  # noqa: FBT001 - a `Judge`
    """Return the verdict on a payment; an order that a newer version stored counts as unknown."""
    return match_payment(payment, read_as(snapshot, OrderSnapshot), paid=paid)


async def _judge(connection: Transaction, payment: IncomingPayment, judge: Judge) -> PaymentVerdict:
    snapshot: str | None = await connection.scalar(
        select(requests.c.face).where(
            requests.c.request_id == payment.order_id, requests.c.kind == "order"
        )
    )
    paid = await connection.scalar(
        select(
            exists().where(
                table.c.order_id == payment.order_id,
                table.c.event_id != payment.event_id,
                table.c.verdict == PaymentVerdict.WANTED,
            )
        )
    )
    return judge(payment, snapshot, bool(paid))


async def _find(connection: Transaction, event_id: str) -> Receipt | None:
    found = await connection.execute(select(table).where(table.c.event_id == event_id))
    row = found.one_or_none()
    return _receipt(row) if row is not None else None


def _same(known: IncomingPayment, payment: IncomingPayment) -> bool:
    """Whether both are the same payment. Their times may differ in precision."""
    return (known.order_id, known.amount) == (payment.order_id, payment.amount)


def _receipt(row: Row[tuple[object, ...]]) -> Receipt:
    return Receipt(
        payment=IncomingPayment(
            event_id=row.event_id,
            order_id=row.order_id,
            amount=Money(amount=row.amount, currency=row.currency),
            paid_at=row.paid_at,
        ),
        answered=PaymentVerdict(row.answered),
        verdict=PaymentVerdict(row.verdict),
        progress=Progress(row.progress),
        received_at=row.received_at,
        refund_reference=row.refund_reference,
    )
