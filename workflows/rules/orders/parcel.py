"""Parcels: the parts of an order whose products are in more than one warehouse."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ParcelStatus(StrEnum):
    """The status of a parcel. FAILED means that it could not be shipped or delivered."""

    WAITING = "waiting"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    FAILED = "failed"
    RECALLED = "recalled"


@dataclass(frozen=True, kw_only=True, slots=True)
class WarehouseItems:
    """The products of an order, by SKU, that are in one warehouse."""

    warehouse: str
    skus: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One warehouse's part of an order. `owed` is set while its recall is registered and not done."""

    warehouse: str
    skus: tuple[str, ...]
    status: ParcelStatus = ParcelStatus.WAITING
    tracking: str = ""
    delivery: str = ""
    error: str = ""
    owed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelUpdate:
    """A report from a shipment to its order, with everything known so far.

    `error` is why it has failed permanently; `recalled` is set if it has been recalled since.
    """

    warehouse: str
    tracking: str = ""
    estimated_delivery: datetime | None = None
    delivery: str = ""
    error: str = ""
    recalled: bool = False
