"""The order saga's ports on the database: stock, payments and shipments are rows in `records/`."""

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
"""The delivery time that the embedded carrier estimates."""


class InventoryActivities(InventoryPort):
    """Stock in the database."""

    def __init__(self, database: Database) -> None:
        self._reservations = Reservations(database)
        self._stock = Stock(database)

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        """Reserve the order's stock, all or nothing. The same key reserves once.

        The result lists the products by warehouse if there is more than one warehouse.

        Raises ApplicationErrors that are not retried: `OutOfStockError` with the details sku,
        wanted and left; `StepUndoneError` after a release; `KeyReusedError`. If the order simulates
        an inventory outage, every attempt raises `InventoryDownError`, which is retried.
        """
        if question.order.simulate == INVENTORY_DOWN:
            raise ApplicationError(
                "The inventory isn't responding (simulated).",
                {"code": "inventory_down"},
                type="InventoryDownError",
            )
        with _as_application_errors():
            reference = await self._reservations.reserve(question.key, question.order)
        stored = await self._stock.stored(question.order)
        return StepReference(reference=reference, stored=stored if len(stored) > 1 else ())

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        """Release what the key reserved, if anything. Safe to repeat. A later reserve is refused."""
        await self._reservations.release(question.key, question.order)


class PaymentActivities(PaymentPort):
    """Payments in the database. `today` returns the current date."""

    def __init__(self, database: Database, today: Callable[[], date]) -> None:
        self._payments = Payments(database)
        self._today = today

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        """Charge the order's total. The same key charges once.

        Raises ApplicationErrors that are not retried: `PaymentDeclinedError` if the payment card
        has expired; `StepUndoneError` after a refund; `KeyReusedError`.
        """
        # A charge made on the card's last day must not be declined if it is repeated the next day.
        known = await self._payments.transaction(question.key)
        if known is None and card_expired(question.order.card_expiry, self._today()):
            raise ApplicationError(
                f"The payment card has expired ({question.order.card_expiry}).",
                {"code": "card_expired", "expiry": question.order.card_expiry},
                type="PaymentDeclinedError",
                non_retryable=True,
            )
        with _as_application_errors():
            reference = await self._payments.charge(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        """Book a payment that the customer made elsewhere. The same key books once.

        Raises ApplicationErrors that are not retried: `StepUndoneError` after a refund;
        `KeyReusedError`.
        """
        with _as_application_errors():
            reference = await self._payments.charge(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Refund what the key charged or booked, if anything.

        Safe to repeat. A later charge is refused.
        """
        await self._payments.refund(question.key, question.order)


class ShippingActivities(ShippingPort):
    """Shipments in the database. There is no carrier, so a delivery succeeds at once.

    `now` returns the current time.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._shipments = Shipments(database)
        self._now = now

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        """Hand the order's reserved stock to the carrier. The same key ships once.

        Raises ApplicationErrors that are not retried: `NotReservedError` if the stock is not
        reserved; `StepUndoneError` after a recall; `KeyReusedError`.
        """
        with _as_application_errors():
            reference = await self._shipments.ship(question.key, question.order)
        return StepReference(reference=reference, estimated_delivery=self._now() + TRANSIT)

    @activity.defn
    async def deliver(self, question: StepQuestion) -> StepReference:
        """Record that the key's shipment was delivered. The same key delivers once.

        Raises ApplicationErrors that are not retried: `NotShippedError` if the key has shipped
        nothing; `StepUndoneError` after a recall; `KeyReusedError`.
        """
        with _as_application_errors():
            reference = await self._shipments.deliver(question.key, question.order)
        return StepReference(reference=reference)

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        """Recall what the key shipped, delivered or not, if anything.

        Safe to repeat. A later ship or deliver is refused.
        """
        await self._shipments.recall(question.key, question.order)


@contextmanager
def _as_application_errors() -> Iterator[None]:
    """Raise a step's refusal as an ApplicationError that is not retried.

    The message is for operators. The details have the code and data from which the card renders
    its own text in its language. Other exceptions, such as an unreachable database, are retried.
    """
    try:
        yield
    except OutOfStockError as error:
        raise ApplicationError(
            f"Out of stock: {error.wanted} of {error.sku} ordered, {error.left} left.",
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
            "step_undone", "This step came too late: it was already undone.", error
        ) from error
    except NotReservedError as error:
        raise _refusal("not_reserved", "No stock is reserved for this order.", error) from error
    except NotShippedError as error:
        raise _refusal(
            "not_shipped", "There is no parcel to deliver for this order.", error
        ) from error
    except KeyReusedError as error:
        raise _refusal(
            "key_reused", "The step's key is already in use for another step.", error
        ) from error


def _refusal(code: str, sentence: str, error: Exception) -> ApplicationError:
    kind = type(error).__name__
    return ApplicationError(sentence, {"code": code}, type=kind, non_retryable=True)
