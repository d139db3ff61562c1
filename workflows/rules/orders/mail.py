"""Mail to a customer: which news of an order, and what its words are made of."""

from dataclasses import dataclass
from enum import StrEnum

from workflows.rules.orders.order import Order

ADDRESS = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}"
"""The whole of an address, as a pattern. No name, and no letters outside ASCII: few servers take them."""


class MailKind(StrEnum):
    """The news that a customer gets by mail. Each has its templates."""

    RECEIVED = "received"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail. `key` makes a repeated mail the same mail; `to` is one address, or empty.

    `reference` is the transaction or tracking id that belongs to the news, `reason` says why an
    order was cancelled.
    """

    key: str
    to: str
    kind: MailKind
    order: Order
    reference: str = ""
    reason: str = ""
    language: str = "en"
