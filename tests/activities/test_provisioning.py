"""The provisioning port on a real database: each step is done once, undone once or refused."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.provisioning import ProvisionActivities
from records.database import Database
from records.payouts import Payouts
from records.personnel import Personnel
from records.stock import Product, Stock
from records.time_off import DEFAULT_DAYS, TimeOff
from tests.records.balance import Balance
from workflows.ports.hr import ProvisionQuestion
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import STEPS, DaysLeft, HrStepName
from workflows.rules.shared.money import Money

AMOUNT = Money(amount=Decimal("12.50"), currency="USD")
SEA = HrRequest(
    request_id="HR-1",
    type=HrType.TIME_OFF,
    title="The sea",
    starts=date(2027, 3, 1),
    ends=date(2027, 3, 5),
)
REQUESTS = {
    HrType.TIME_OFF: SEA,
    HrType.EXPENSE: HrRequest(request_id="HR-1", type=HrType.EXPENSE, title="Train", amount=AMOUNT),
    HrType.EQUIPMENT: HrRequest(
        request_id="HR-1", type=HrType.EQUIPMENT, title="Desk", item="DESK-1"
    ),
    HrType.PROMOTION: HrRequest(
        request_id="HR-1", type=HrType.PROMOTION, title="Up", new_role="Lead"
    ),
    HrType.TRANSFER: HrRequest(
        request_id="HR-1", type=HrType.TRANSFER, title="Over", new_team="Rail"
    ),
}
EACH_STEP = [(REQUESTS[type_], step) for type_ in HrType for step in STEPS[type_]]


def question(request: HrRequest, step: HrStepName, key: str = "") -> ProvisionQuestion:
    key = key or f"{request.request_id}:{step}"
    return ProvisionQuestion(key=key, step=step, request=request, person="UANA")


@pytest.fixture
async def database(database: Database) -> Database:
    """The test's database, with one desk in stock."""
    await Stock(database).seed([Product(sku="DESK-1", name="Desk", on_hand=1)])
    return database


async def _ledger(database: Database) -> tuple[object, ...]:
    """Return everything that provisioning can change."""
    return (
        (await TimeOff(database).balance("UANA", 2027)).booked,
        await Payouts(database).queued("UANA"),
        (await Balance(database).of_stock())[0].reserved,
        await Personnel(database).entries_of("UANA"),
    )


UNTOUCHED = (0, (), 0, ())


@pytest.mark.parametrize(("request_", "step"), EACH_STEP)
async def test_a_step_is_done_once_undone_once_and_then_refused(
    database: Database, request_: HrRequest, step: HrStepName
) -> None:
    port = ProvisionActivities(database)
    run = ActivityEnvironment().run
    first = await run(port.provision, question(request_, step))
    done = await _ledger(database)
    again = await run(port.provision, question(request_, step))
    still = await _ledger(database)
    for _ in range(2):
        await run(port.take_back, question(request_, step))

    assert again == first
    assert done == still != UNTOUCHED
    assert await _ledger(database) == UNTOUCHED
    with pytest.raises(ApplicationError) as caught:
        await run(port.provision, question(request_, step))
    assert (caught.value.type, caught.value.non_retryable) == ("step_undone", True)


@pytest.mark.parametrize(("request_", "step"), EACH_STEP)
async def test_a_step_after_its_undo_is_refused(
    database: Database, request_: HrRequest, step: HrStepName
) -> None:
    port = ProvisionActivities(database)

    await port.take_back(question(request_, step))

    with pytest.raises(ApplicationError) as caught:
        await port.provision(question(request_, step))
    assert caught.value.type == "step_undone"
    assert await _ledger(database) == UNTOUCHED


@pytest.mark.parametrize(("request_", "step"), EACH_STEP)
async def test_another_requests_key_is_refused(
    database: Database, request_: HrRequest, step: HrStepName
) -> None:
    port = ProvisionActivities(database)
    await port.provision(question(request_, step))
    other = replace(request_, request_id="HR-2")

    for verb in (port.provision, port.take_back):
        with pytest.raises(ApplicationError) as caught:
            await verb(question(other, step, key=f"HR-1:{step}"))
        assert caught.value.type == "key_reused"


async def test_the_days_left_are_returned(database: Database) -> None:
    done = await ProvisionActivities(database).provision(question(SEA, HrStepName.BOOK_DAYS))

    assert done.left == (DaysLeft(year=2027, days=DEFAULT_DAYS - 5),)


async def test_too_few_days_are_refused_with_the_number_left(database: Database) -> None:
    await TimeOff(database).grant("UANA", 2027, 4)

    with pytest.raises(ApplicationError) as caught:
        await ProvisionActivities(database).provision(question(SEA, HrStepName.BOOK_DAYS))

    assert caught.value.type == "not_enough_days"
    assert caught.value.details == ({"year": "2027", "wanted": "5", "left": "4"},)
    assert caught.value.non_retryable


async def test_only_one_of_several_concurrent_requests_gets_the_last_item(
    database: Database,
) -> None:
    port = ProvisionActivities(database)
    desk = REQUESTS[HrType.EQUIPMENT]
    requests = [replace(desk, request_id=f"HR-{number}") for number in range(4)]

    found = await asyncio.gather(
        *(port.provision(question(request, HrStepName.RESERVE_ITEM)) for request in requests),
        return_exceptions=True,
    )

    refused = [error for error in found if isinstance(error, ApplicationError)]
    assert [error.type for error in refused] == ["out_of_stock"] * 3
    assert all(product.balanced for product in await Balance(database).of_stock())


async def test_the_personnel_file_contains_the_approved_request(database: Database) -> None:
    await ProvisionActivities(database).provision(question(SEA, HrStepName.REGISTER))

    (entry,) = await Personnel(database).entries_of("UANA")

    assert (entry.request_id, entry.kind) == ("HR-1", "time_off")
    assert '"ends": "2027-03-05"' in entry.entry


async def test_a_step_without_the_data_it_needs_is_refused(database: Database) -> None:
    with pytest.raises(ApplicationError) as caught:
        await ProvisionActivities(database).provision(question(SEA, HrStepName.QUEUE_PAYOUT))

    assert caught.value.type == "nothing_to_do"
