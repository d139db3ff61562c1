"""Ports of an order: stock, payment, shipping and mail to its customer."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.rules.orders.mail import Mail
from workflows.rules.orders.order import Order
from workflows.rules.orders.parcel import Stored


@dataclass(frozen=True, kw_only=True, slots=True)
class StepQuestion:
    """One saga step of one order. `key` makes a repeated step the same step.

    `reference` names what was paid elsewhere (the gateway's event id), and is empty otherwise.
    """

    key: str
    order: Order
    reference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReference:
    """The reservation, transaction or tracking id of a step that was done.

    A shipment says when it will probably arrive, a reservation from more than one warehouse what
    lies where.
    """

    reference: str
    estimated_delivery: datetime | None = None
    stored: tuple[Stored, ...] = ()


RETRIED_WITH_MESSAGE = frozenset({"InventoryDownError", "PaymentGatewayError"})
"""Types of errors that are retried although their message is meant for people."""


class InventoryPort:
    """Stock."""

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        """Take the order's stock, all or nothing; the same key takes it once.

        Raises ApplicationError `OutOfStockError` (not retryable) naming the product, and
        `InventoryDownError` (retryable) where the order simulates that.
        """
        raise NotImplementedError

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        """Give back what `key` took, if it took anything.

        Safe to repeat. A reserve that comes late, with a released key, is refused.
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
        """Book what the customer has paid elsewhere: the order's total, as `reference` names it.

        The same key books once. Raises ApplicationError `StepUndoneError` (not retryable) after a
        refund.
        """
        raise NotImplementedError

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Give back what `key` charged or booked, if anything.

        Safe to repeat. A charge that comes late, with a refunded key, is refused.
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
        """Return when what `key` shipped has arrived. Safe to repeat.

        Raises ApplicationError, not retryable: `NotShippedError` where `key` has shipped nothing,
        `StepUndoneError` where that was recalled.
        """
        raise NotImplementedError

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        """Call back what `key` shipped, delivered or not, if it shipped anything. Safe to repeat.

        A ship or a delivery that comes late, with a recalled key, is refused.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, slots=True)
class MailResult:
    """Whether a mail went out, and where it did not, why not: `mail.off`, `mail.no_address`."""

    sent: bool
    problem: str = ""


class MailPort:
    """Mail to customers."""

    @activity.defn
    async def send(self, mail: Mail) -> MailResult:
        """Send one mail. A repetition may arrive twice, under the same Message-ID.

        Raises ApplicationError `mail.refused` (not retryable) where the server takes no mail to
        that address, `mail.unavailable` where it cannot be asked now.
        """
        raise NotImplementedError
