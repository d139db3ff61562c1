"""The ledger: each step is done once per key, and an undone step stays undone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from records.database import Database
from records.payments import Payments
from records.reservations import Reservations
from records.shipments import Shipments
from records.steps import (
    KeyReusedError,
    NotReservedError,
    NotShippedError,
    StepUndoneError,
    StillShippedError,
)
from records.stock import OutOfStockError, Product, Stock
from tests.records.balance import Balance, OrderBalance, ProductBalance
from tests.records.builders import order
from workflows.rules.orders.order import Order

LAMP = Product(sku="LAMP", name="Lamp", price_hint="about 10", on_hand=10)
DESK = Product(sku="DESK", name="Desk", on_hand=1)
ORDER = order()
NOTHING = OrderBalance(charged=Decimal(0), refunded=Decimal(0), held={}, shipped={})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """The ledger as the saga uses it."""

    database: Database
    do: dict[str, Callable[[str, Order], Awaitable[str]]]
    undo: dict[str, Callable[[str, Order], Awaitable[None]]]

    async def of_order(self, order_id: str = "ORD-1") -> OrderBalance:
        return await Balance(self.database).of_order(order_id)

    async def lamps(self) -> tuple[int, int, int]:
        lamp = (await self.of_stock())["LAMP"]
        return lamp.on_hand, lamp.reserved, lamp.shipped

    async def of_stock(self) -> dict[str, ProductBalance]:
        balances = await Balance(self.database).of_stock()
        assert all(balance.balanced for balance in balances)
        return {balance.sku: balance for balance in balances}


@pytest.fixture
async def shop(database: Database) -> Shop:
    await Stock(database).seed([LAMP, DESK])
    reservations, payments = Reservations(database), Payments(database)
    shipments = Shipments(database)
    return Shop(
        database=database,
        do={"reserve": reservations.reserve, "pay": payments.charge, "ship": shipments.ship},
        undo={
            "reserve": reservations.release,
            "pay": payments.refund,
            "ship": shipments.recall,
        },
    )


STEPS = ("reserve", "pay", "ship")


async def _do_all_before(shop: Shop, step: str) -> None:
    for earlier in STEPS[: STEPS.index(step)]:
        await shop.do[earlier](earlier, ORDER)


async def test_seeding_twice_keeps_names_and_quantities(shop: Shop) -> None:
    await shop.do["reserve"]("r", ORDER)

    added = await Stock(shop.database).seed([replace(LAMP, name="Other"), LAMP, DESK])

    assert added == 0
    assert await Stock(shop.database).catalogue() == (
        DESK,
        replace(LAMP, on_hand=8, reserved=2),
    )


async def test_an_order_goes_through_the_three_shelves_and_is_paid(shop: Shop) -> None:
    references = [await shop.do[step](step, ORDER) for step in STEPS]

    assert [reference[:4] for reference in references] == ["RES-", "TXN-", "TRK-"]
    assert await shop.lamps() == (8, 0, 2)
    assert await shop.of_order() == OrderBalance(
        charged=Decimal("20.20"), refunded=Decimal(0), held={}, shipped={"LAMP": 2}
    )
    assert (await shop.of_order()).paid == Decimal("20.20")


@pytest.mark.parametrize("step", STEPS)
async def test_a_repeated_step_returns_the_same_and_changes_nothing(shop: Shop, step: str) -> None:
    await _do_all_before(shop, step)
    first = await shop.do[step](step, ORDER)
    once = await shop.of_order(), await shop.of_stock()

    again = await shop.do[step](step, ORDER)

    assert again == first
    assert (await shop.of_order(), await shop.of_stock()) == once


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_called_concurrently_is_done_once(shop: Shop, step: str) -> None:
    await _do_all_before(shop, step)

    answers = await asyncio.gather(*(shop.do[step](step, ORDER) for _ in range(10)))
    balance = await shop.of_order()

    assert len(set(answers)) == 1
    assert balance.charged == (0 if step == "reserve" else Decimal("20.20"))
    assert balance.held == ({} if step == "ship" else {"LAMP": 2})
    assert sum(await shop.lamps()) == 10


@pytest.mark.parametrize("step", STEPS)
async def test_an_undo_reverts_the_step_once(shop: Shop, step: str) -> None:
    await _do_all_before(shop, step)
    before = await shop.of_order(), await shop.of_stock()
    await shop.do[step](step, ORDER)

    await asyncio.gather(*(shop.undo[step](step, ORDER) for _ in range(5)))
    await shop.undo[step](step, ORDER)
    balance = await shop.of_order()

    assert await shop.of_stock() == before[1]
    assert (balance.paid, balance.held, balance.shipped) == (
        before[0].paid,
        before[0].held,
        before[0].shipped,
    )


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_after_its_undo_is_refused(shop: Shop, step: str) -> None:
    await _do_all_before(shop, step)
    before = await shop.of_order(), await shop.of_stock()
    await shop.undo[step](step, ORDER)

    with pytest.raises(StepUndoneError):
        await shop.do[step](step, ORDER)

    assert (await shop.of_order(), await shop.of_stock()) == before


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_was_undone_stays_undone(shop: Shop, step: str) -> None:
    await _do_all_before(shop, step)
    await shop.do[step](step, ORDER)
    await shop.undo[step](step, ORDER)
    undone = await shop.of_order(), await shop.of_stock()

    with pytest.raises(StepUndoneError):
        await shop.do[step](step, ORDER)

    assert (await shop.of_order(), await shop.of_stock()) == undone


@pytest.mark.parametrize("step", STEPS)
async def test_a_key_belongs_to_one_order(shop: Shop, step: str) -> None:
    other = order("ORD-2")
    await _do_all_before(shop, step)
    await shop.do[step](step, ORDER)

    with pytest.raises(KeyReusedError):
        await shop.do[step](step, other)
    with pytest.raises(KeyReusedError):
        await shop.undo[step](step, other)

    assert await shop.of_order("ORD-2") == NOTHING


async def test_a_key_belongs_to_one_content(shop: Shop) -> None:
    await shop.do["reserve"]("r", ORDER)
    await shop.do["pay"]("p", ORDER)
    more = order(pieces=(("LAMP", 3),))

    with pytest.raises(KeyReusedError):
        await shop.do["reserve"]("r", more)
    with pytest.raises(KeyReusedError):
        await shop.do["pay"]("p", more)

    assert await shop.lamps() == (8, 2, 0)


@pytest.mark.parametrize(
    ("pieces", "sku", "wanted", "left"),
    [
        ((("LAMP", 11),), "LAMP", 11, 10),
        ((("LAMP", 6), ("LAMP", 5)), "LAMP", 11, 10),
        ((("LAMP", 1), ("DESK", 2)), "DESK", 2, 1),
        ((("DESK", 1), ("SOFA", 1)), "SOFA", 1, 0),
    ],
)
async def test_a_reservation_is_all_or_nothing(
    shop: Shop, pieces: tuple[tuple[str, int], ...], sku: str, wanted: int, left: int
) -> None:
    with pytest.raises(OutOfStockError) as refused:
        await shop.do["reserve"]("r", order(pieces=pieces))
    stock = await shop.of_stock()

    assert (refused.value.sku, refused.value.wanted, refused.value.left) == (sku, wanted, left)
    assert (stock["LAMP"].on_hand, stock["DESK"].on_hand) == (10, 1)
    assert await shop.of_order() == NOTHING


async def test_only_one_of_many_orders_gets_the_last_item(shop: Shop, url: str) -> None:
    async def reserve(number: int, program: Database) -> bool:
        desk = order(f"ORD-{number}", pieces=(("LAMP", 1), ("DESK", 1)))
        try:
            await Reservations(program).reserve(f"r{number}", desk)
        except OutOfStockError:
            return False
        return True

    async with Database(url) as other:
        got = await asyncio.gather(*(reserve(n, (shop.database, other)[n % 2]) for n in range(8)))

    assert sum(got) == 1
    assert (await shop.of_stock())["DESK"].on_hand == 0
    assert await shop.lamps() == (9, 1, 0)


async def test_items_that_are_not_reserved_are_not_shipped(shop: Shop) -> None:
    with pytest.raises(NotReservedError):
        await shop.do["ship"]("s", ORDER)
    await shop.do["reserve"]("r", ORDER)
    await shop.undo["reserve"]("r", ORDER)
    with pytest.raises(NotReservedError):
        await shop.do["ship"]("s", ORDER)
    await shop.do["reserve"]("r2", ORDER)
    with pytest.raises(NotReservedError):
        await shop.do["ship"]("s", order(pieces=(("LAMP", 3),)))

    assert await shop.lamps() == (8, 2, 0)


async def test_shipped_items_are_not_released(shop: Shop) -> None:
    await shop.do["reserve"]("r", ORDER)
    await shop.do["ship"]("s", ORDER)
    with pytest.raises(StillShippedError):
        await shop.undo["reserve"]("r", ORDER)
    await shop.undo["ship"]("s", ORDER)
    await shop.undo["reserve"]("r", ORDER)

    assert await shop.lamps() == (10, 0, 0)


async def test_the_largest_order_is_charged_and_refunded_to_the_cent(shop: Shop) -> None:
    largest = order(pieces=(("LAMP", 9_999), ("DESK", 1)), price="999999999999999.00")
    total = Decimal("9999999999999990000.00") + Decimal("0.00")
    await shop.do["pay"]("p", largest)
    await shop.do["pay"]("p2", order(price="0.01"))
    await shop.undo["pay"]("p2", ORDER)
    charged = await shop.of_order()
    await shop.undo["pay"]("p", largest)

    assert charged.paid == total
    assert (await shop.of_order()).paid == 0
    assert (await shop.of_order()).refunded == total + Decimal("0.02")


async def test_a_charge_is_returned_until_it_is_refunded(shop: Shop) -> None:
    payments = Payments(shop.database)
    before = await payments.transaction("p")
    reference = await payments.charge("p", ORDER)
    during = await payments.transaction("p")
    await payments.refund("p", ORDER)

    assert (before, during) == (None, reference)
    assert await payments.transaction("p") is None


async def _shipped(shop: Shop) -> Shipments:
    await _do_all_before(shop, "ship")
    await shop.do["ship"]("ship", ORDER)
    return Shipments(shop.database)


async def test_a_shipment_is_delivered_once_and_its_items_stay_shipped(shop: Shop) -> None:
    shipments = await _shipped(shop)

    first = await shipments.deliver("ship", ORDER)
    again = await shipments.deliver("ship", ORDER)

    assert first == again
    assert first.startswith("DLV-")
    assert await shop.lamps() == (8, 0, 2)


async def test_a_delivered_shipment_can_still_be_recalled(shop: Shop) -> None:
    shipments = await _shipped(shop)
    await shipments.deliver("ship", ORDER)

    await shipments.recall("ship", ORDER)

    assert await shop.lamps() == (8, 2, 0)


async def test_a_delivery_after_its_recall_is_refused(shop: Shop) -> None:
    shipments = await _shipped(shop)
    await shipments.recall("ship", ORDER)

    with pytest.raises(StepUndoneError):
        await shipments.deliver("ship", ORDER)

    assert await shop.lamps() == (8, 2, 0)


async def test_a_shipment_that_does_not_exist_is_not_delivered(shop: Shop) -> None:
    with pytest.raises(NotShippedError):
        await Shipments(shop.database).deliver("ship", ORDER)
