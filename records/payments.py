"""Payments: what an order was charged and refunded, once per key."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import select

from records.database import Database
from records.schema import payments
from records.steps import KeyReusedError, StepTable
from workflows.rules.orders.order import Order


class PaymentState(StrEnum):
    """Whether the money was refunded."""

    CHARGED = "charged"
    REFUNDED = "refunded"


_STEPS = StepTable(table=payments, prefix="TXN", undone=PaymentState.REFUNDED)


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
        total = order.total
        async with self._database.writing(order.order_id) as connection:
            known = await _STEPS.find_done(connection, key, order_id=order.order_id)
            if known is None:
                await _STEPS.add(
                    connection,
                    key,
                    PaymentState.CHARGED,
                    order_id=order.order_id,
                    currency=total.currency,
                    charged=total.amount,
                    refunded=Decimal(0),
                )
            elif (known.charged, known.currency) != (total.amount, total.currency):
                raise KeyReusedError(key)
        return _STEPS.reference(key)

    async def refund(self, key: str, order: Order) -> None:
        """Refund what the key charged, if anything, and refuse the key from now on.

        Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another order's payment.

        """
        async with self._database.writing(order.order_id) as connection:
            known = await _STEPS.find(connection, key, order_id=order.order_id)
            if known is None:
                await _STEPS.add(
                    connection,
                    key,
                    PaymentState.REFUNDED,
                    order_id=order.order_id,
                    currency=order.total.currency,
                    charged=Decimal(0),
                    refunded=Decimal(0),
                )
            elif known.state == PaymentState.CHARGED:
                await _STEPS.update(
                    connection, key, state=PaymentState.REFUNDED, refunded=payments.c.charged
                )
