"""Parcels in the ledger: parts of an order are shipped, delivered and recalled separately."""

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from records.database import Database
from records.reservations import Reservations
from records.shipments import Shipments
from records.steps import NotReservedError, StepUndoneError, StillShippedError
from records.stock import Product, Stock
from tests.records.balance import Balance
from tests.records.builders import order
from workflows.rules.orders.order import Order, OrderLine
from workflows.rules.orders.parcel import Stored
from workflows.rules.shared.money import Money

PRODUCTS = (
    Product(sku="DESK", name="Desk", on_hand=5, warehouse="NORTH"),
    Product(sku="CHAIR", name="Chair", on_hand=5, warehouse="NORTH"),
    Product(sku="LAMP", name="Lamp", on_hand=5, warehouse="SOUTH"),
)
PRICE = Money(amount=Decimal("10.00"), currency="USD")
ORDER = replace(
    order(),
    lines=tuple(
        OrderLine(sku=sku, quantity=number, unit_price=PRICE)
        for sku, number in (("DESK", 1), ("LAMP", 2), ("CHAIR", 1), ("DESK", 1))
    ),
)


def part(*skus: str) -> Order:
    return replace(ORDER, lines=tuple(line for line in ORDER.lines if line.sku in skus))


NORTH, SOUTH = part("DESK", "CHAIR"), part("LAMP")


@dataclass(frozen=True, kw_only=True)
class Yard:
    """An order whose items are reserved in two warehouses."""

    database: Database
    reservations: Reservations
    shipments: Shipments

    async def quantities(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the reserved and the shipped quantities, and check that the shelves agree."""
        assert all(product.balanced for product in await Balance(self.database).of_stock())
        balance = await Balance(self.database).of_order(ORDER.order_id)
        return balance.held, balance.shipped


@pytest.fixture
async def yard(database: Database) -> Yard:
    await Stock(database).seed(PRODUCTS)
    reservations = Reservations(database)
    await reservations.reserve("reserve", ORDER)
    return Yard(database=database, reservations=reservations, shipments=Shipments(database))


async def test_products_are_listed_by_warehouse(database: Database) -> None:
    await Stock(database).seed(PRODUCTS)

    assert await Stock(database).stored(ORDER) == (
        Stored(warehouse="NORTH", skus=("CHAIR", "DESK")),
        Stored(warehouse="SOUTH", skus=("LAMP",)),
    )
    assert await Stock(database).stored(SOUTH) == (Stored(warehouse="SOUTH", skus=("LAMP",)),)


async def test_two_parcels_are_shipped_concurrently_with_their_own_items(yard: Yard) -> None:
    tracking = await asyncio.gather(
        *(yard.shipments.ship("ship:N", NORTH) for _ in range(3)),
        *(yard.shipments.ship("ship:S", SOUTH) for _ in range(3)),
    )

    assert len(set(tracking)) == 2
    assert await yard.quantities() == ({}, {"DESK": 2, "CHAIR": 1, "LAMP": 2})


async def test_a_parcel_is_shipped_and_recalled_without_the_rest(yard: Yard) -> None:
    await yard.shipments.ship("ship:N", NORTH)
    after_one = await yard.quantities()
    await yard.shipments.ship("ship:S", SOUTH)
    await yard.shipments.recall("ship:N", NORTH)

    assert after_one == ({"LAMP": 2}, {"DESK": 2, "CHAIR": 1})
    assert await yard.quantities() == ({"DESK": 2, "CHAIR": 1}, {"LAMP": 2})
    with pytest.raises(StepUndoneError):
        await yard.shipments.ship("ship:N", NORTH)


async def test_a_reservation_is_not_released_before_every_parcel_is_recalled(yard: Yard) -> None:
    for key, part in (("ship:N", NORTH), ("ship:S", SOUTH)):
        await yard.shipments.ship(key, part)
        await yard.shipments.deliver(key, part)
    await yard.shipments.recall("ship:N", NORTH)

    with pytest.raises(StillShippedError):
        await yard.reservations.release("reserve", ORDER)
    await yard.shipments.recall("ship:S", SOUTH)
    await yard.reservations.release("reserve", ORDER)

    assert await yard.quantities() == ({}, {})


@pytest.mark.parametrize("late", [NORTH, ORDER], ids=["the part", "the whole"])
async def test_shipped_items_are_not_shipped_again_with_another_key(
    yard: Yard, late: Order
) -> None:
    await yard.shipments.ship("ship:N", NORTH)

    with pytest.raises(NotReservedError):
        await yard.shipments.ship("ship:other", late)

    assert await yard.quantities() == ({"LAMP": 2}, {"DESK": 2, "CHAIR": 1})
