"""Payments: what an order was charged and refunded, once per key."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import insert, select, update

from records.database import Database
from records.schema import payments
from records.steps import KeyReusedError, StepUndoneError, find_step, reference
from records.transaction import Transaction
from workflows.rules.orders.order import Order


class PaymentState(StrEnum):
    """Whether the money was refunded."""

    CHARGED = "charged"
    REFUNDED = "refunded"


class Payments:
    """Charges and refunds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def transaction(self, key: str) -> str | None:
        """Return the reference of the key's charge, or None if there is none or it was refunded."""
        async with self._database.reading() as connection:
            found: str | None = await connection.scalar(
                select(payments.c.reference).where(
                    payments.c.key == key, payments.c.state == PaymentState.CHARGED
                )
            )
        return found

    async def has_booked(self, order_id: str) -> bool:
        """Return whether the order was ever charged, even if the charge was refunded later."""
        async with self._database.reading() as connection:
            taken = await connection.scalars(
                select(payments.c.charged).where(payments.c.order_id == order_id)
            )
            return any(amount > 0 for amount in taken)

    async def charge(self, key: str, order: Order) -> str:
        """Charge the order's total and return the reference. Safe to repeat with the same key.

        Raises:
            StepUndoneError: the key was refunded.
            KeyReusedError: the key is in use for another payment.

        """
        async with self._database.writing(order.order_id) as connection:
            known = await find_step(connection, payments, key, order_id=order.order_id)
            if known is None:
                await _insert(connection, key, order, PaymentState.CHARGED, order.total.amount)
            elif known.state == PaymentState.REFUNDED:
                raise StepUndoneError(key)
            elif (known.charged, known.currency) != (order.total.amount, order.total.currency):
                raise KeyReusedError(key)
        return reference("TXN", key)

    async def refund(self, key: str, order: Order) -> None:
        """Refund what the key charged, if anything, and refuse the key from now on.

        Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another order's payment.

        """
        async with self._database.writing(order.order_id) as connection:
            known = await find_step(connection, payments, key, order_id=order.order_id)
            if known is None:
                await _insert(connection, key, order, PaymentState.REFUNDED, Decimal(0))
            elif known.state == PaymentState.CHARGED:
                await connection.execute(
                    update(payments)
                    .where(payments.c.key == key)
                    .values(state=PaymentState.REFUNDED, refunded=payments.c.charged)
                )


async def _insert(
    connection: Transaction, key: str, order: Order, state: PaymentState, charged: Decimal
) -> None:
    await connection.execute(
        insert(payments).values(
            key=key,
            order_id=order.order_id,
            state=state,
            reference=reference("TXN", key),
            currency=order.total.currency,
            charged=charged,
            refunded=Decimal(0),
        )
    )
