"""Ports of an order: stock, payment, shipping, and mail to the customer."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.rules.orders.mail import Mail
from workflows.rules.orders.order import Order
from workflows.rules.orders.parcel import WarehouseItems


@dataclass(frozen=True, kw_only=True, slots=True)
class StepQuestion:
    """One step of one order, to do or to undo. `key` is its idempotency key.

    `reference` is the gateway's event id of a payment made elsewhere, and is empty otherwise.
    """

    key: str
    order: Order
    reference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReference:
    """The reservation, transaction or tracking id of a completed step.

    A shipment has an `estimated_delivery`. A reservation in more than one warehouse has `stored`:
    the items by warehouse.
    """

    reference: str
    estimated_delivery: datetime | None = None
    stored: tuple[WarehouseItems, ...] = ()


RETRIED_WITH_MESSAGE = frozenset({"InventoryDownError", "PaymentGatewayError"})
"""Types of errors that are retried although their message is meant for people."""


class InventoryPort:
    """Stock."""

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        """Reserve the order's stock, all or nothing; the same key reserves it once.

        Raises ApplicationError `OutOfStockError` (not retryable) with the product, and
        `InventoryDownError` (retryable) if the order simulates an outage.
        """
        raise NotImplementedError

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        """Release the reservation of `key`, if there is one.

        Safe to repeat. A reserve that arrives after the release is refused.
        """
        raise NotImplementedError


class PaymentPort:
    """Money."""

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        """Charge the order's total; the same key charges once.

        Raises ApplicationError `PaymentDeclinedError` (not retryable) with a sentence.
        """
        raise NotImplementedError

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        """Book a payment made elsewhere: the order's total, under the event id in `reference`.

        The same key books once. Raises ApplicationError `StepUndoneError` (not retryable) after a
        refund.
        """
        raise NotImplementedError

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Refund the payment of `key`, charged or booked, if there is one.

        Safe to repeat. A charge that arrives after the refund is refused.
        """
        raise NotImplementedError


class ShippingPort:
    """Parcels."""

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        """Hand the order to the carrier; the same key ships once."""
        raise NotImplementedError

    @activity.defn
    async def deliver(self, question: StepQuestion) -> StepReference:
        """Return when the parcel of `key` has arrived. Safe to repeat.

        Raises ApplicationError, not retryable: `NotShippedError` if `key` has shipped nothing,
        `StepUndoneError` if the parcel was recalled.
        """
        raise NotImplementedError

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        """Recall the parcel of `key`, delivered or not, if there is one. Safe to repeat.

        A shipment or a delivery that arrives after the recall is refused.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class MailResult:
    """Whether a mail was sent; if not, `problem` is the reason: `mail.off`, `mail.no_address`."""

    sent: bool
    problem: str = ""


class MailPort:
    """Mail to customers."""

    @activity.defn
    async def send(self, mail: Mail) -> MailResult:
        """Send one mail. A repetition may arrive twice, with the same Message-ID.

        Raises ApplicationError `mail.refused` (not retryable) if the server refuses the address,
        `mail.unavailable` if the server cannot be reached.
        """
        raise NotImplementedError
