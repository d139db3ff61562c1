"""The order saga's ports on a real database: references, refusals and errors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.orders import (
    TRANSIT,
    InventoryActivities,
    PaymentActivities,
    ShippingActivities,
)
from records.database import Database
from records.steps import StillShippedError
from records.stock import Product, Stock
from tests.records.balance import Balance
from tests.records.builders import order
from workflows.ports.orders import RETRIED_WITH_MESSAGE, StepQuestion, StepReference
from workflows.rules.orders.order import INVENTORY_DOWN

QUESTION = StepQuestion(key="ORD-1:step", order=order())
LAST_DAY, NEXT_DAY = date(2030, 12, 31), date(2031, 1, 1)
NOON = datetime(2030, 12, 31, 12, tzinfo=UTC)

Do = Callable[[StepQuestion], Awaitable[StepReference]]
Undo = Callable[[StepQuestion], Awaitable[None]]


@dataclass(kw_only=True)
class Shop:
    """The three ports on one database, on a day that the test chooses."""

    database: Database
    day: date = LAST_DAY
    inventory: InventoryActivities = field(init=False)
    payment: PaymentActivities = field(init=False)
    shipping: ShippingActivities = field(init=False)

    def __post_init__(self) -> None:
        self.inventory = InventoryActivities(self.database)
        self.payment = PaymentActivities(self.database, lambda: self.day)
        self.shipping = ShippingActivities(self.database, lambda: NOON)

    def steps(self) -> list[tuple[str, Do, Undo]]:
        return [
            ("RES-", self.inventory.reserve, self.inventory.release),
            ("TXN-", self.payment.charge, self.payment.refund),
            ("TRK-", self.shipping.ship, self.shipping.recall),
        ]


@pytest.fixture
async def shop(database: Database) -> Shop:
    await Stock(database).seed([Product(sku="LAMP", name="Lamp", on_hand=3)])
    return Shop(database=database)


async def _refusal(step: Do, question: StepQuestion = QUESTION) -> ApplicationError:
    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(step, question)
    assert refused.value.non_retryable
    return refused.value


async def test_a_repeated_step_returns_the_same_reference(shop: Shop) -> None:
    for prefix, do, _ in shop.steps():
        first = await ActivityEnvironment().run(do, QUESTION)
        again = await ActivityEnvironment().run(do, QUESTION)

        assert first.reference.startswith(prefix)
        assert again == first
    assert (await Balance(shop.database).of_order("ORD-1")).shipped == {"LAMP": 2}


async def test_a_compensated_order_leaves_nothing_and_late_steps_are_refused(
    shop: Shop,
) -> None:
    for _, do, _ in shop.steps():
        await do(QUESTION)
    for _, _, undo in reversed(shop.steps()):
        await undo(QUESTION)
        await undo(QUESTION)

    for _, do, _ in shop.steps():
        refusal = await _refusal(do)
        assert refusal.type == "StepUndoneError"
        assert refusal.message == "This step came too late: it was already undone."
    (lamp,) = await Balance(shop.database).of_stock()
    assert (lamp.on_hand, lamp.balanced) == (3, True)
    assert (await Balance(shop.database).of_order("ORD-1")).paid == 0


async def test_too_little_stock_is_refused_with_the_product_and_the_rest(shop: Shop) -> None:
    too_many = replace(QUESTION, order=order(pieces=(("LAMP", 4),)))

    refusal = await _refusal(shop.inventory.reserve, too_many)

    assert refusal.type == "OutOfStockError"
    assert refusal.message == "Out of stock: 4 of LAMP ordered, 3 left."
    assert refusal.details == ({"code": "out_of_stock", "sku": "LAMP", "wanted": 4, "left": 3},)


async def test_an_expired_payment_card_is_declined_and_nothing_is_charged(shop: Shop) -> None:
    expired = replace(QUESTION, order=replace(order(), card_expiry="12/23"))

    refusal = await _refusal(shop.payment.charge, expired)

    assert refusal.type == "PaymentDeclinedError"
    assert refusal.message == "The payment card has expired (12/23)."
    assert (await Balance(shop.database).of_order("ORD-1")).charged == 0


async def test_a_charge_from_the_cards_last_day_is_not_declined_when_repeated_later(
    shop: Shop,
) -> None:
    first = await shop.payment.charge(QUESTION)
    shop.day = NEXT_DAY

    assert await shop.payment.charge(QUESTION) == first
    assert (await _refusal(shop.payment.charge, replace(QUESTION, key="new"))).type == (
        "PaymentDeclinedError"
    )


async def test_items_that_are_not_reserved_are_not_shipped(shop: Shop) -> None:
    refusal = await _refusal(shop.shipping.ship)

    assert refusal.type == "NotReservedError"
    assert refusal.message == "No stock is reserved for this order."


async def test_another_orders_key_is_refused(shop: Shop) -> None:
    await shop.inventory.reserve(QUESTION)

    refusal = await _refusal(shop.inventory.reserve, replace(QUESTION, order=order("ORD-2")))

    assert refusal.type == "KeyReusedError"


async def test_a_release_before_the_recall_is_retried(shop: Shop) -> None:
    await shop.inventory.reserve(QUESTION)
    await shop.shipping.ship(QUESTION)

    with pytest.raises(StillShippedError):  # not an ApplicationError: Temporal retries it
        await shop.inventory.release(QUESTION)


async def test_an_unreachable_database_is_an_error_that_temporal_retries(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path}/no/such/folder.db") as database:
        for _, do, undo in Shop(database=database).steps():
            for call in (do, undo):
                with pytest.raises(OperationalError):
                    await ActivityEnvironment().run(call, QUESTION)


async def test_a_shipment_has_an_estimated_delivery(shop: Shop) -> None:
    for _, do, _ in shop.steps()[:2]:
        await do(QUESTION)

    shipped = await shop.shipping.ship(QUESTION)

    assert shipped.estimated_delivery == NOON + TRANSIT


async def test_a_repeated_delivery_returns_the_same_reference(shop: Shop) -> None:
    for _, do, _ in shop.steps():
        await do(QUESTION)

    first = await ActivityEnvironment().run(shop.shipping.deliver, QUESTION)

    assert first.reference.startswith("DLV-")
    assert await shop.shipping.deliver(QUESTION) == first


async def test_a_parcel_that_was_never_shipped_is_not_delivered(shop: Shop) -> None:
    refusal = await _refusal(shop.shipping.deliver)

    assert refusal.type == "NotShippedError"
    assert refusal.message == "There is no parcel to deliver for this order."


async def test_a_payment_made_elsewhere_is_booked_once_even_if_the_card_has_expired(
    shop: Shop,
) -> None:
    paid = replace(QUESTION, order=replace(order(), card_expiry="12/23"), reference="evt-1")

    first = await ActivityEnvironment().run(shop.payment.receive, paid)
    again = await shop.payment.receive(paid)

    assert again == first
    balance = await Balance(shop.database).of_order("ORD-1")
    assert balance.charged == paid.order.total.amount


async def test_a_simulated_inventory_outage_is_retried_and_reserves_nothing(
    shop: Shop,
) -> None:
    down = replace(QUESTION, order=replace(order(), simulate=INVENTORY_DOWN))

    with pytest.raises(ApplicationError) as refused:
        await shop.inventory.reserve(down)
    await shop.inventory.release(down)

    assert not refused.value.non_retryable
    assert refused.value.type in RETRIED_WITH_MESSAGE
    (lamp,) = await Balance(shop.database).of_stock()
    assert (lamp.on_hand, lamp.balanced) == (3, True)
