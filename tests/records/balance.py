"""Balances for tests: whether money, stock and days off add up."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from records.database import Database
from records.reservations import HELD, SHIPPED, quantities_of_lines
from records.schema import (
    payments,
    products,
    received_payments,
    reservations,
    time_off_balances,
    time_off_bookings,
    time_off_days,
)
from records.time_off import BookingState
from workflows.rules.orders.incoming_payment import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderBalance:
    """The payments of one order, and the quantities by SKU that are reserved or shipped for it.

    `received` came in through the gateway's webhook, and `returned` was refunded without the
    order. The part that the order booked is in `charged`, like a charge.
    """

    charged: Decimal
    refunded: Decimal
    held: dict[str, int]
    shipped: dict[str, int]
    received: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)

    @property
    def paid(self) -> Decimal:
        """The amount that was charged and not refunded."""
        return self.charged - self.refunded

    @property
    def kept(self) -> Decimal:
        """The amount that came in and was not refunded. In the end, a paid order has booked it."""
        return self.received - self.returned


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductBalance:
    """One product's quantities, according to the shelves and according to the orders."""

    sku: str
    stocked: int
    on_hand: int
    reserved: int
    shipped: int
    held_by_orders: int
    shipped_by_orders: int

    @property
    def balanced(self) -> bool:
        """Whether the total is unchanged, and shelves and orders agree."""
        return (
            self.on_hand + self.reserved + self.shipped == self.stocked
            and self.reserved == self.held_by_orders
            and self.shipped == self.shipped_by_orders
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOffBalance:
    """One person's days of a year, according to the balance and according to the bookings."""

    person: str
    year: int
    granted: int
    booked: int
    booked_by_requests: int

    @property
    def balanced(self) -> bool:
        """Whether both agree, and no more days are booked than granted."""
        return self.booked == self.booked_by_requests <= self.granted


class Balance:
    """Sums over the ledger, each from one consistent read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_order(self, order_id: str) -> OrderBalance:
        """Return an order's sums, all zero if the order is unknown."""
        of_order = reservations.c.order_id == order_id
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(payments.c.charged, payments.c.refunded).where(
                    payments.c.order_id == order_id
                )
            )
            paid = found.all()
            came = await connection.execute(
                select(received_payments.c.amount, received_payments.c.progress).where(
                    received_payments.c.order_id == order_id
                )
            )
            received = came.all()
            held, shipped = [
                await quantities_of_lines(connection, of_order & where) for where in (HELD, SHIPPED)
            ]
        return OrderBalance(
            charged=sum((row.charged for row in paid), Decimal(0)),
            refunded=sum((row.refunded for row in paid), Decimal(0)),
            held=held,
            shipped=shipped,
            received=sum((row.amount for row in received), Decimal(0)),
            returned=sum(
                (row.amount for row in received if row.progress == Progress.REFUNDED), Decimal(0)
            ),
        )

    async def of_stock(self) -> tuple[ProductBalance, ...]:
        """Return every product's sums, ordered by SKU."""
        async with self._database.reading() as connection:
            held, shipped = [
                await quantities_of_lines(connection, where) for where in (HELD, SHIPPED)
            ]
            rows = await connection.execute(select(products).order_by(products.c.sku))
            return tuple(
                ProductBalance(
                    sku=row.sku,
                    stocked=row.stocked,
                    on_hand=row.on_hand,
                    reserved=row.reserved,
                    shipped=row.shipped,
                    held_by_orders=held.get(row.sku, 0),
                    shipped_by_orders=shipped.get(row.sku, 0),
                )
                for row in rows
            )

    async def of_time_off(self) -> tuple[TimeOffBalance, ...]:
        """Return the days by year of everyone with bookings or a grant."""
        by_requests = (
            select(
                time_off_bookings.c.person,
                time_off_days.c.year,
                func.sum(time_off_days.c.days).label("days"),
            )
            .join(time_off_days)
            .where(time_off_bookings.c.state == BookingState.BOOKED)
            .group_by(time_off_bookings.c.person, time_off_days.c.year)
        )
        async with self._database.reading() as connection:
            found = await connection.execute(by_requests)
            sums = {(row.person, row.year): int(row.days) for row in found}
            order = (time_off_balances.c.person, time_off_balances.c.year)
            rows = (await connection.execute(select(time_off_balances).order_by(*order))).all()
        kept = {(row.person, row.year): row for row in rows}
        return tuple(
            TimeOffBalance(
                person=person,
                year=year,
                granted=kept[person, year].granted if (person, year) in kept else 0,
                booked=kept[person, year].booked if (person, year) in kept else 0,
                booked_by_requests=sums.get((person, year), 0),
            )
            for person, year in sorted(kept.keys() | sums.keys())
        )
