"""Money and stock add up in whatever order the steps come, and wherever they fail."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event

from records.database import Database
from records.payments import Payments
from records.reservations import Reservations, quantities
from records.schema import payments, products, reservation_lines, reservations, shipments
from records.shipments import Shipments
from records.steps import NotReservedError, StepUndoneError, StillShippedError
from records.stock import OutOfStockError, Product, Stock
from tests.records.balance import Balance
from tests.records.builders import order

ORDERS = (
    order("ORD-0", pieces=(("LAMP", 2), ("DESK", 1))),
    order("ORD-1", pieces=(("DESK", 1), ("LAMP", 1), ("LAMP", 1))),
    order("ORD-2", pieces=(("LAMP", 3),)),
)
STOCKED = {"LAMP": 5, "DESK": 1}
VERBS = ("reserve", "charge", "ship", "release", "refund", "recall")


class InjectedError(Exception):
    """The failure that the tests inject in the middle of a transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a step of an order, and after how many statements (or commits) it fails."""

    verb: str
    order: int
    survives: int | None


CALLS = st.builds(
    Call,
    verb=st.sampled_from(VERBS),
    order=st.integers(0, len(ORDERS) - 1),
    survives=st.one_of(st.none(), st.integers(0, 12)),
)


@contextmanager
def _failing_after(after: int | None) -> Iterator[None]:
    """Make transactions fail at the statement or commit with this number."""
    left = [10_000 if after is None else after]

    def count(*_: object, **__: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise InjectedError

    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        event.listen(Engine, moment, count)
    try:
        yield
    finally:
        for moment in moments:
            event.remove(Engine, moment, count)


class _Saga:
    """The six verbs, each with the key that its order gives it."""

    def __init__(self, database: Database) -> None:
        self._verbs = {
            "reserve": Reservations(database).reserve,
            "charge": Payments(database).charge,
            "ship": Shipments(database).ship,
            "release": Reservations(database).release,
            "refund": Payments(database).refund,
            "recall": Shipments(database).recall,
        }
        self._steps = {"release": "reserve", "refund": "charge", "recall": "ship"}

    async def call(self, verb: str, number: int) -> bool:
        """Call a verb and return False if it was refused."""
        key = f"{ORDERS[number].order_id}:{self._steps.get(verb, verb)}"
        try:
            await self._verbs[verb](key, ORDERS[number])
        except (OutOfStockError, NotReservedError, StepUndoneError, StillShippedError):
            return False
        return True

    async def compensate(self, number: int) -> None:
        for verb in ("recall", "refund", "release"):
            assert await self.call(verb, number)


async def _reset(database: Database) -> _Saga:
    async with database.writing() as connection:
        for table in (reservation_lines, reservations, shipments, payments, products):
            await connection.execute(delete(table))
    await Stock(database).seed(
        [Product(sku=sku, name=sku, on_hand=quantity) for sku, quantity in STOCKED.items()]
    )
    return _Saga(database)


async def _assert_everything_adds_up(database: Database) -> None:
    shelves = await Balance(database).of_stock()
    assert {product.sku: product.stocked for product in shelves} == STOCKED
    assert all(product.balanced for product in shelves)
    for placed in ORDERS:
        balance = await Balance(database).of_order(placed.order_id)
        assert balance.paid in (Decimal(0), placed.total.amount)
        assert balance.charged in (Decimal(0), placed.total.amount)
        found = [held for held in (balance.held, balance.shipped) if held]
        assert found in ([], [quantities(placed)])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALLS, max_size=14))
async def test_money_and_stock_add_up_after_calls_that_fail_anywhere(
    database: Database, calls: list[Call]
) -> None:
    saga = await _reset(database)
    for call in calls:
        with _failing_after(call.survives), suppress(InjectedError):
            await saga.call(call.verb, call.order)
    await _assert_everything_adds_up(database)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALLS, max_size=14), cut=st.sets(st.integers(0, 13), max_size=4))
async def test_money_and_stock_add_up_after_concurrent_calls_some_of_them_cancelled(
    database: Database, calls: list[Call], cut: set[int]
) -> None:
    saga = await _reset(database)
    tasks = [asyncio.create_task(saga.call(call.verb, call.order)) for call in calls]
    for position, task in enumerate(tasks):
        if position in cut:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await _assert_everything_adds_up(database)

    assert {type(answer) for answer in answers} <= {bool, asyncio.CancelledError}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(CALLS, max_size=12), late=st.lists(CALLS, max_size=8))
async def test_a_compensated_order_keeps_nothing_even_if_steps_arrive_late(
    database: Database, calls: list[Call], late: list[Call]
) -> None:
    saga = await _reset(database)
    for call in calls:
        await saga.call(call.verb, call.order)
    for number in range(len(ORDERS)):
        await saga.compensate(number)
    for call in late:
        undo = call.verb in ("release", "refund", "recall")
        assert await saga.call(call.verb, call.order) is undo

    shelves = await Balance(database).of_stock()
    assert {product.sku: product.on_hand for product in shelves} == STOCKED
    for placed in ORDERS:
        assert (await Balance(database).of_order(placed.order_id)).paid == 0
