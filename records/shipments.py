"""Shipments: an order's reserved items on their way to the customer, once per key."""

from enum import StrEnum

from sqlalchemy import select, update

from records.database import Database
from records.reservations import HELD, ReservationState, quantities, quantities_of_lines
from records.schema import reservation_lines, reservations, shipments
from records.steps import NotReservedError, NotShippedError, StepTable, reference
from records.stock import Shelf, move
from records.transaction import Transaction
from workflows.rules.orders.order import Order


class ShipmentState(StrEnum):
    """The stage of a shipment."""

    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RECALLED = "recalled"


_STEPS = StepTable(table=shipments, prefix="TRK", undone=ShipmentState.RECALLED)


class Shipments:
    """All shipments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ship(self, key: str, order: Order) -> str:
        """Ship the reserved items of the order's lines and return the tracking id.

        The lines may be part of the reservation: the items from one warehouse. Safe to repeat.

        Raises:
            NotReservedError: the items are not, or no longer, reserved.
            StepUndoneError: the key was recalled.
            KeyReusedError: the key is in use for another order's shipment.

        """
        async with self._database.writing(order.order_id) as connection:
            if await _STEPS.find_done(connection, key, order_id=order.order_id) is None:
                await _hand_over(connection, key, order)
        return _STEPS.reference(key)

    async def deliver(self, key: str, order: Order) -> str:
        """Record that the key's shipment was delivered and return the delivery's id. Safe to repeat.

        Raises:
            NotShippedError: the key has shipped nothing.
            StepUndoneError: the key was recalled.
            KeyReusedError: the key is in use for another order's shipment.

        """
        async with self._database.writing(order.order_id) as connection:
            if await _STEPS.find_done(connection, key, order_id=order.order_id) is None:
                raise NotShippedError(key)
            await _STEPS.update(connection, key, state=ShipmentState.DELIVERED)
        return reference("DLV", key)

    async def recall(self, key: str, order: Order) -> None:
        """Recall what the key shipped, delivered or not, and refuse the key from now on.

        The items are then reserved again. Safe to repeat.

        Raises:
            KeyReusedError: the key is in use for another order's shipment.

        """
        async with self._database.writing(order.order_id) as connection:
            known = await _STEPS.find(connection, key, order_id=order.order_id)
            if known is None:
                await _STEPS.add(connection, key, ShipmentState.RECALLED, order_id=order.order_id)
            elif known.state != ShipmentState.RECALLED:
                await _take_back(connection, key)


async def _hand_over(connection: Transaction, key: str, order: Order) -> None:
    wanted = quantities(order)
    of_order = reservations.c.order_id == order.order_id
    these = reservation_lines.c.sku.in_(wanted)
    reserved = await quantities_of_lines(connection, HELD & of_order & these)
    if reserved != wanted:
        raise NotReservedError(order.order_id)
    await move(connection, reserved, Shelf.RESERVED, Shelf.SHIPPED)
    await _STEPS.add(connection, key, ShipmentState.SHIPPED, order_id=order.order_id)
    held = select(reservations.c.key).where(of_order, reservations.c.state == ReservationState.HELD)
    await connection.execute(
        update(reservation_lines)
        .where(reservation_lines.c.key.in_(held), these)
        .values(shipment_key=key)
    )


async def _take_back(connection: Transaction, key: str) -> None:
    carried = reservation_lines.c.shipment_key == key
    await move(
        connection, await quantities_of_lines(connection, carried), Shelf.SHIPPED, Shelf.RESERVED
    )
    await connection.execute(update(reservation_lines).where(carried).values(shipment_key=None))
    await _STEPS.update(connection, key, state=ShipmentState.RECALLED)
