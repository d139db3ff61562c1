"""Parcels: what each warehouse sends of an order whose products lie in more than one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ParcelStatus(StrEnum):
    """Where a parcel stands. FAILED: it could not be handed over or delivered, and goes nowhere."""

    WAITING = "waiting"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    FAILED = "failed"
    RECALLED = "recalled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """The products of an order, by number, that lie in one warehouse."""

    warehouse: str
    skus: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One warehouse's part of an order. `owed` says that its recall was registered and is not done."""

    warehouse: str
    skus: tuple[str, ...]
    status: ParcelStatus = ParcelStatus.WAITING
    tracking: str = ""
    delivery: str = ""
    error: str = ""
    owed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelNews:
    """What a shipment tells its order, on the way and at its end: all that it knows by then.

    `error` says why it has failed for good; `recalled` that it has undone itself since.
    """

    warehouse: str
    tracking: str = ""
    estimated_delivery: datetime | None = None
    delivery: str = ""
    error: str = ""
    recalled: bool = False
