"""Payouts: approved expenses that wait for payment, once per key."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import select

from records.database import Database
from records.schema import payouts
from records.steps import KeyReusedError, StepTable
from workflows.rules.shared.money import Money


class PayoutState(StrEnum):
    """Whether the payout is due."""

    QUEUED = "queued"
    CANCELLED = "cancelled"


_STEPS = StepTable(table=payouts, prefix="PAY", undone=PayoutState.CANCELLED)


class Payouts:
    """The queue of payouts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(self, key: str, request_id: str, person: str, amount: Money) -> str:
        """Queue an amount for a person and return the reference. Safe to repeat with the same key.

        Raises:
            StepUndoneError: the key's payout was cancelled.
            KeyReusedError: the key is in use for another payout.

        """
        async with self._database.writing(request_id) as connection:
            known = await _STEPS.find_done(connection, key, request_id=request_id, person=person)
            if known is None:
                await _STEPS.add(
                    connection,
                    key,
                    PayoutState.QUEUED,
                    request_id=request_id,
                    person=person,
                    amount=amount.amount,
                    currency=amount.currency,
                )
            elif (known.amount, known.currency) != (amount.amount, amount.currency):
                raise KeyReusedError(key)
        return _STEPS.reference(key)

    async def cancel(self, key: str, request_id: str, person: str, currency: str) -> None:
        """Remove the key's payout from the queue, if it is there, and refuse the key from now on.

        Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another request's or person's payout.

        """
        async with self._database.writing(request_id) as connection:
            known = await _STEPS.find(connection, key, request_id=request_id, person=person)
            if known is None:
                await _STEPS.add(
                    connection,
                    key,
                    PayoutState.CANCELLED,
                    request_id=request_id,
                    person=person,
                    amount=Decimal(0),
                    currency=currency,
                )
            else:
                await _STEPS.update(connection, key, state=PayoutState.CANCELLED)

    async def queued(self, person: str) -> tuple[Money, ...]:
        """Return the amounts that are queued for a person."""
        theirs = select(payouts).where(
            payouts.c.person == person, payouts.c.state == PayoutState.QUEUED
        )
        async with self._database.reading() as connection:
            found = await connection.execute(theirs.order_by(payouts.c.key))
            return tuple(Money(amount=row.amount, currency=row.currency) for row in found)
