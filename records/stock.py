"""Stock: the products, and how many of each stand on which shelf. Moving never makes or loses any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from records.database import Database
from records.schema import products
from records.transaction import Transaction
from workflows.rules.orders.order import Order
from workflows.rules.orders.parcel import Stored

MAIN = "MAIN"
"""The warehouse of products for which none is named."""


class Shelf(StrEnum):
    """Where a piece can be: the names of the columns."""

    ON_HAND = "on_hand"
    RESERVED = "reserved"
    SHIPPED = "shipped"


class OutOfStockError(Exception):
    """There is less of a product than was wanted; `left` is what there is."""

    def __init__(self, sku: str, wanted: int, left: int) -> None:
        super().__init__(f"{wanted} of {sku} wanted, {left} left")
        self.sku = sku
        self.wanted = wanted
        self.left = left


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One product, with its pieces by shelf, all of them in one warehouse.

    `price_hint` is words for a form, never a price.
    """

    sku: str
    name: str
    price_hint: str = ""
    on_hand: int
    reserved: int = 0
    shipped: int = 0
    warehouse: str = MAIN


class Stock:
    """The products in stock keeping."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seed(self, wanted: Sequence[Product]) -> int:
        """Add the products that are not there yet and return how many.

        Safe to repeat: a product that is there keeps its name and its pieces.
        """
        async with self._database.writing("stock") as connection:
            known = set(await connection.scalars(select(products.c.sku)))
            new = [
                {
                    "sku": product.sku,
                    "name": product.name,
                    "price_hint": product.price_hint,
                    "stocked": product.on_hand + product.reserved + product.shipped,
                    "on_hand": product.on_hand,
                    "reserved": product.reserved,
                    "shipped": product.shipped,
                    "warehouse": product.warehouse,
                }
                for product in wanted
                if product.sku not in known
            ]
            if new:
                await connection.execute(insert(products), new)
        return len(new)

    async def catalogue(self) -> tuple[Product, ...]:
        """Return every product, by name."""
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(products).order_by(products.c.name, products.c.sku)
            )
            return tuple(
                Product(
                    sku=row.sku,
                    name=row.name,
                    price_hint=row.price_hint,
                    on_hand=row.on_hand,
                    reserved=row.reserved,
                    shipped=row.shipped,
                    warehouse=row.warehouse,
                )
                for row in found
            )

    async def stored(self, order: Order) -> tuple[Stored, ...]:
        """Return in which warehouses the order's products lie, by warehouse."""
        skus = sorted({line.sku for line in order.lines})
        wanted = select(products.c.sku, products.c.warehouse).where(products.c.sku.in_(skus))
        async with self._database.reading() as connection:
            where = {row.sku: row.warehouse for row in await connection.execute(wanted)}
        return tuple(
            Stored(warehouse=one, skus=tuple(sku for sku in skus if where.get(sku) == one))
            for one in sorted(set(where.values()))
        )


async def move(
    connection: Transaction, pieces: Mapping[str, int], source: Shelf, target: Shelf
) -> None:
    """Move pieces (by product) from one shelf to another, in the caller's writing transaction.

    Raises:
        OutOfStockError: the source has too few of a product, or there is no such product; the
            caller's transaction must then end without a commit.

    """
    for sku in sorted(pieces):  # always in this order: two orders never lock each other out
        row = products.c.sku == sku
        left = await connection.scalar(select(products.c[source]).where(row).with_for_update())
        if left is None or left < pieces[sku]:
            raise OutOfStockError(sku, pieces[sku], left or 0)
        await connection.execute(
            update(products)
            .where(row)
            .values(
                {
                    source.value: products.c[source] - pieces[sku],
                    target.value: products.c[target] + pieces[sku],
                }
            )
        )
