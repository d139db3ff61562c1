"""Reservations: items set aside for an order or a request, all or nothing, once per key."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import ColumnElement, func, insert, select

from records.database import Database
from records.schema import reservation_lines, reservations
from records.steps import KeyReusedError, StepTable, StillShippedError
from records.stock import Shelf, move
from records.transaction import Transaction
from workflows.rules.orders.order import Order


class ReservationState(StrEnum):
    """Whether the items are reserved. Items with a shipment have left the warehouse."""

    HELD = "held"
    RELEASED = "released"


_STEPS = StepTable(table=reservations, prefix="RES", undone=ReservationState.RELEASED)


HELD = (reservations.c.state == ReservationState.HELD) & reservation_lines.c.shipment_key.is_(None)
SHIPPED = reservation_lines.c.shipment_key.is_not(None)
"""Conditions for reserved lines that are in a warehouse, and for those that were shipped."""


class Reservations:
    """All reservations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, key: str, order: Order) -> str:
        """Reserve the order's items and return the reference: see `set_aside`."""
        return await self.set_aside(key, order.order_id, quantities(order))

    async def release(self, key: str, order: Order) -> None:
        """Release what the key reserved for the order: see `put_back`."""
        await self.put_back(key, order.order_id)

    async def set_aside(self, key: str, owner_id: str, wanted: Mapping[str, int]) -> str:
        """Reserve quantities by SKU for an order or a request, and return the reference.

        Safe to repeat with the same key.

        Raises:
            OutOfStockError: there are too few of a product. Nothing was reserved.
            StepUndoneError: the key was released.
            KeyReusedError: the key is in use for another reservation.

        """
        async with self._database.writing(owner_id) as connection:
            known = await _STEPS.find_done(connection, key, order_id=owner_id)
            if known is None:
                await move(connection, wanted, Shelf.ON_HAND, Shelf.RESERVED)
                await _STEPS.add(connection, key, ReservationState.HELD, order_id=owner_id)
                lines = [
                    {"key": key, "sku": sku, "quantity": quantity}
                    for sku, quantity in wanted.items()
                ]
                await connection.execute(insert(reservation_lines), lines)
            elif await quantities_of_lines(connection, reservations.c.key == key) != dict(wanted):
                raise KeyReusedError(key)
        return _STEPS.reference(key)

    async def put_back(self, key: str, owner_id: str) -> None:
        """Release what the key reserved, if anything, and refuse the key from now on.

        Safe to repeat.

        Raises:
            StillShippedError: the carrier has the items.
            KeyReusedError: the key is in use for another owner's reservation.

        """
        async with self._database.writing(owner_id) as connection:
            known = await _STEPS.find(connection, key, order_id=owner_id)
            if known is None:
                await _STEPS.add(connection, key, ReservationState.RELEASED, order_id=owner_id)
            elif known.state == ReservationState.HELD:
                if await quantities_of_lines(connection, SHIPPED & (reservations.c.key == key)):
                    raise StillShippedError(key)
                held = await quantities_of_lines(connection, reservations.c.key == key)
                await move(connection, held, Shelf.RESERVED, Shelf.ON_HAND)
                await _STEPS.update(connection, key, state=ReservationState.RELEASED)


def quantities(order: Order) -> dict[str, int]:
    """Return the quantities of an order by SKU. Lines with the same SKU add up."""
    wanted: Counter[str] = Counter()
    for line in order.lines:
        wanted[line.sku] += line.quantity
    return dict(wanted)


async def quantities_of_lines(
    connection: Transaction, which: ColumnElement[bool]
) -> dict[str, int]:
    """Return the quantities, by SKU, of the reserved lines that `which` selects."""
    found = await connection.execute(
        select(reservation_lines.c.sku, func.sum(reservation_lines.c.quantity).label("quantity"))
        .join(reservations)
        .where(which)
        .group_by(reservation_lines.c.sku)
    )
    return {row.sku: int(row.quantity) for row in found}
