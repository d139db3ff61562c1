"""Stock: the products, and how many of each are on which shelf. Moves never change the total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from records.database import Database
from records.schema import products
from records.transaction import Transaction
from workflows.rules.orders.catalogue import CatalogueEntry
from workflows.rules.orders.order import Order
from workflows.rules.orders.parcel import WarehouseItems

MAIN = "MAIN"
"""The warehouse of products without a named one."""


class Shelf(StrEnum):
    """The shelves that an item can be on. The values are column names."""

    ON_HAND = "on_hand"
    RESERVED = "reserved"
    SHIPPED = "shipped"


class OutOfStockError(Exception):
    """Fewer items of a product are available than wanted: `left` of them."""

    def __init__(self, sku: str, wanted: int, left: int) -> None:
        super().__init__(f"{wanted} of {sku} wanted, {left} left")
        self.sku = sku
        self.wanted = wanted
        self.left = left


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One product, with its quantity on each shelf. A product is stored in one warehouse.

    `price_hint` is the list price: see `CatalogueEntry`.
    """

    sku: str
    name: str
    price_hint: str = ""
    on_hand: int
    reserved: int = 0
    shipped: int = 0
    warehouse: str = MAIN

    @property
    def entry(self) -> CatalogueEntry:
        """The product as forms offer it."""
        return CatalogueEntry(sku=self.sku, name=self.name, price_hint=self.price_hint)


class Stock:
    """All products."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seed(self, wanted: Sequence[Product]) -> int:
        """Add the products that do not exist yet and return how many there were.

        Safe to repeat: an existing product keeps its name and quantities.
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
        """Return all products, ordered by name."""
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

    async def stored(self, order: Order) -> tuple[WarehouseItems, ...]:
        """Return the warehouses that store the order's products, with their SKUs."""
        skus = sorted({line.sku for line in order.lines})
        wanted = select(products.c.sku, products.c.warehouse).where(products.c.sku.in_(skus))
        async with self._database.reading() as connection:
            warehouses = {row.sku: row.warehouse for row in await connection.execute(wanted)}
        return tuple(
            WarehouseItems(
                warehouse=warehouse,
                skus=tuple(sku for sku in skus if warehouses.get(sku) == warehouse),
            )
            for warehouse in sorted(set(warehouses.values()))
        )


async def move(
    connection: Transaction, quantities: Mapping[str, int], source: Shelf, target: Shelf
) -> None:
    """Move quantities by SKU from one shelf to another, in the caller's writing transaction.

    Raises:
        OutOfStockError: the source has too few of a product, or there is no such product. The
            caller must then roll its transaction back.

    """
    for sku in sorted(quantities):  # always in the same order, so that two orders never deadlock
        row = products.c.sku == sku
        left = await connection.scalar(select(products.c[source]).where(row).with_for_update())
        if left is None or left < quantities[sku]:
            raise OutOfStockError(sku, quantities[sku], left or 0)
        await connection.execute(
            update(products)
            .where(row)
            .values(
                {
                    source.value: products.c[source] - quantities[sku],
                    target.value: products.c[target] + quantities[sku],
                }
            )
        )
