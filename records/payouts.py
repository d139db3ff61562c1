"""Payouts: approved expenses that wait for payment, once per key."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import insert, select, update

from records.database import Database
from records.schema import payouts
from records.steps import KeyReusedError, StepUndoneError, find_step, reference
from records.transaction import Transaction
from workflows.rules.shared.money import Money


class PayoutState(StrEnum):
    """Whether the payout is due."""

    QUEUED = "queued"
    CANCELLED = "cancelled"


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
            known = await find_step(connection, payouts, key, request_id=request_id, person=person)
            if known is None:
                await _insert(connection, key, request_id, person, amount, PayoutState.QUEUED)
            elif known.state == PayoutState.CANCELLED:
                raise StepUndoneError(key)
            elif (known.amount, known.currency) != (amount.amount, amount.currency):
                raise KeyReusedError(key)
        return reference("PAY", key)

    async def cancel(self, key: str, request_id: str, person: str, currency: str) -> None:
        """Remove the key's payout from the queue, if it is there, and refuse the key from now on.

        Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another request's or person's payout.

        """
        nothing = Money(amount=Decimal(0), currency=currency)
        async with self._database.writing(request_id) as connection:
            known = await find_step(connection, payouts, key, request_id=request_id, person=person)
            if known is None:
                await _insert(connection, key, request_id, person, nothing, PayoutState.CANCELLED)
            elif known.state == PayoutState.QUEUED:
                await connection.execute(
                    update(payouts).where(payouts.c.key == key).values(state=PayoutState.CANCELLED)
                )

    async def queued(self, person: str) -> tuple[Money, ...]:
        """Return the amounts that are queued for a person."""
        theirs = select(payouts).where(
            payouts.c.person == person, payouts.c.state == PayoutState.QUEUED
        )
        async with self._database.reading() as connection:
            found = await connection.execute(theirs.order_by(payouts.c.key))
            return tuple(Money(amount=row.amount, currency=row.currency) for row in found)


async def _insert(  # noqa: PLR0913, PLR0917 - one parameter per column
    connection: Transaction,
    key: str,
    request_id: str,
    person: str,
    amount: Money,
    state: PayoutState,
) -> None:
    await connection.execute(
        insert(payouts).values(
            key=key,
            request_id=request_id,
            person=person,
            amount=amount.amount,
            currency=amount.currency,
            state=state,
            reference=reference("PAY", key),
        )
    )
