"""The saga's ports on `records/`: stock, payments and parcels are rows, moved in transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.database import Database
from records.payments import Payments
from records.reservations import Reservations
from records.shipments import Shipments
from records.steps import KeyReusedError, NotReservedError, NotShippedError, StepUndoneError
from records.stock import OutOfStockError, Stock
from workflows.ports.orders import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules.orders.form import card_expired
from workflows.rules.orders.order import INVENTORY_DOWN

TRANSIT = timedelta(days=2)
"""How long the embedded carrier says that a parcel takes."""


class InventoryActivities(InventoryPort):
    """Stock in the database."""

    def __init__(self, database: Database) -> None:
        self._reservations = Reservations(database)
        self._stock = Stock(database)

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        """Take the order's stock, all or nothing; the same key takes it once.

        Says what lies where, if that is in more than one warehouse.

        Raises ApplicationErrors, not retryable, each with a sentence: `OutOfStockError` with the
        details sku, wanted and left; `StepUndoneError` after a release; `KeyReusedError`. Where
        the order simulates that the inventory is down: `InventoryDownError`, each time, retried.
        """
        if question.order.simulate == INVENTORY_DOWN:
            raise ApplicationError(
                "The inventory does not answer (simulated).",
                {"code": "inventory_down"},
                type="InventoryDownError",
            )
        with _refusing():
            reference = await self._reservations.reserve(question.key, question.order)
        stored = await self._stock.stored(question.order)
        return StepReference(reference=reference, stored=stored if len(stored) > 1 else ())

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        """Give back what the key took, if anything. Safe to repeat; a later reserve is refused."""
        await self._reservations.release(question.key, question.order)


class PaymentActivities(PaymentPort):
    """Payments in the database. `today` is asked at each charge."""

    def __init__(self, database: Database, today: Callable[[], date]) -> None:
        self._payments = Payments(database)
        self._today = today

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        """Charge the order's total; the same key charges once.

        Raises ApplicationErrors, not retryable, each with a sentence: `PaymentDeclinedError` for
        a payment card past its expiry; `StepUndoneError` after a refund; `KeyReusedError`.
        """
        # What was charged on a card's last day is not declined when the repeat comes on the next.
        known = await self._payments.transaction(question.key)
        if known is None and card_expired(question.order.card_expiry, self._today()):
            raise ApplicationError(
                f"The payment card has expired ({question.order.card_expiry}).",
                {"code": "card_expired", "expiry": question.order.card_expiry},
                type="PaymentDeclinedError",
                non_retryable=True,
            )
        with _refusing():
            reference = await self._payments.charge(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        """Book what the customer has paid elsewhere; the same key books once.

        Raises ApplicationErrors, not retryable: `StepUndoneError` after a refund; `KeyReusedError`.
        """
        with _refusing():
            reference = await self._payments.charge(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Give back what the key charged or booked, if anything.

        Safe to repeat; a later charge is refused.
        """
        await self._payments.refund(question.key, question.order)


class ShippingActivities(ShippingPort):
    """Parcels in the database; each arrives as soon as it is asked for. `now` is the wall clock."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._shipments = Shipments(database)
        self._now = now

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        """Hand the order's reserved stock to the carrier; the same key ships once.

        Raises ApplicationErrors, not retryable, each with a sentence: `NotReservedError` where
        the stock is not set aside; `StepUndoneError` after a recall; `KeyReusedError`.
        """
        with _refusing():
            reference = await self._shipments.ship(question.key, question.order)
        return StepReference(reference=reference, estimated_delivery=self._now() + TRANSIT)

    @activity.defn
    async def deliver(self, question: StepQuestion) -> StepReference:
        """Note that what the key shipped has arrived; the same key arrives once.

        Raises ApplicationErrors, not retryable, each with a sentence: `NotShippedError` where the
        key has shipped nothing; `StepUndoneError` after a recall; `KeyReusedError`.
        """
        with _refusing():
            reference = await self._shipments.deliver(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        """Call back what the key shipped, delivered or not, if anything.

        Safe to repeat; a later ship or delivery is refused.
        """
        await self._shipments.recall(question.key, question.order)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn a step's refusal into an error that is not retried, with a sentence for whoever looks it up.

    Its details have the code and the data from which the card makes its own, in its language.

    Everything else, a database that cannot be reached above all, passes through: it is retried.
    """
    try:
        yield
    except OutOfStockError as error:
        raise ApplicationError(
            f"Out of stock: {error.wanted} of {error.sku} wanted, {error.left} left.",
            {
                "code": "out_of_stock",
                "sku": error.sku,
                "wanted": error.wanted,
                "left": error.left,
            },
            type="OutOfStockError",
            non_retryable=True,
        ) from error
    except StepUndoneError as error:
        raise _refusal(
            "step_undone", "The step came too late: it had been undone.", error
        ) from error
    except NotReservedError as error:
        raise _refusal(
            "not_reserved", "There is no stock set aside for the order.", error
        ) from error
    except NotShippedError as error:
        raise _refusal(
            "not_shipped", "There is no parcel of the order to deliver.", error
        ) from error
    except KeyReusedError as error:
        raise _refusal("key_reused", "The step's key stands for another step.", error) from error


def _refusal(code: str, sentence: str, error: Exception) -> ApplicationError:
    kind = type(error).__name__
    return ApplicationError(sentence, {"code": code}, type=kind, non_retryable=True)
