"""Mail to a customer about an order."""

from dataclasses import dataclass
from enum import StrEnum

from workflows.rules.orders.order import Order

ADDRESS = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}"
"""Pattern of an e-mail address: no display name, and ASCII only, as few servers accept more."""


class MailKind(StrEnum):
    """The events that a customer is notified of by mail. Each has its own templates."""

    RECEIVED = "received"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail. `key` is its idempotency key; `to` is one address, or empty.

    `reference` is the transaction or tracking id. `reason` is why an order was cancelled.
    """

    key: str
    to: str
    kind: MailKind
    order: Order
    reference: str = ""
    reason: str = ""
    language: str = "en"
