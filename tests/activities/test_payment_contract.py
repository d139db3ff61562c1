"""The contract of every payment port, tested on the database port and on the gateway port."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import aiohttp
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.orders import PaymentActivities
from activities.payment_gateway import GatewayPaymentActivities, PaymentGateway
from records.database import Database
from tests.activities.gateway import TOKEN, Gateway, running_gateway
from tests.records.balance import Balance
from tests.records.builders import order
from workflows.ports.orders import PaymentPort, StepQuestion, StepReference
from workflows.rules.orders.order import Order, PaymentMode

LAST_DAY, NEXT_DAY = date(2030, 12, 31), date(2031, 1, 1)
QUESTION = StepQuestion(key="ORD-1:pay", order=order())
PAID_ELSEWHERE = StepQuestion(
    key="ORD-1:pay",
    order=replace(order(), payment=PaymentMode.AWAIT, card_expiry=""),
    reference="evt-1",
)
TOTAL = Decimal("20.20")


class Bank:
    """A payment port and its ledger."""

    port: PaymentPort

    async def charged(self) -> Decimal:
        raise NotImplementedError

    async def refunded(self) -> Decimal:
        raise NotImplementedError

    def tomorrow(self) -> None:
        raise NotImplementedError


class EmbeddedBank(Bank):
    """The database port."""

    def __init__(self, database: Database) -> None:
        self._day = LAST_DAY
        self._balance = Balance(database)
        self.port = PaymentActivities(database, lambda: self._day)

    async def charged(self) -> Decimal:
        return (await self._balance.of_order("ORD-1")).charged

    async def refunded(self) -> Decimal:
        return (await self._balance.of_order("ORD-1")).refunded

    def tomorrow(self) -> None:
        self._day = NEXT_DAY


@dataclass
class HttpBank(Bank):
    """The gateway port."""

    gateway: Gateway
    port: PaymentPort

    async def charged(self) -> Decimal:
        return self.gateway.charged("ORD-1")

    async def refunded(self) -> Decimal:
        return self.gateway.refunded("ORD-1")

    def tomorrow(self) -> None:
        self.gateway.day = NEXT_DAY


@pytest.fixture(params=["embedded", "http"])
async def bank(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Bank]:
    if request.param == "embedded":
        yield EmbeddedBank(database)
        return
    async with running_gateway(LAST_DAY) as gateway, aiohttp.ClientSession() as session:
        port = GatewayPaymentActivities(PaymentGateway(session, gateway.url, TOKEN))
        yield HttpBank(gateway, port)


Step = Callable[[StepQuestion], Awaitable[StepReference]]


async def _refusal(step: Step, question: StepQuestion) -> ApplicationError:
    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(step, question)
    assert refused.value.non_retryable
    return refused.value


@pytest.mark.parametrize("elsewhere", [False, True], ids=["charged", "paid elsewhere"])
async def test_the_same_key_charges_the_total_once(bank: Bank, *, elsewhere: bool) -> None:
    step = bank.port.receive if elsewhere else bank.port.charge
    question = PAID_ELSEWHERE if elsewhere else QUESTION

    first = await ActivityEnvironment().run(step, question)
    again = await ActivityEnvironment().run(step, question)

    assert first.reference
    assert again == first
    assert await bank.charged() == TOTAL


async def test_a_refund_is_made_once_and_in_full(bank: Bank) -> None:
    await bank.port.charge(QUESTION)

    await bank.port.refund(QUESTION)
    await bank.port.refund(QUESTION)

    assert (await bank.charged(), await bank.refunded()) == (TOTAL, TOTAL)


async def test_a_refund_without_a_charge_refunds_nothing(bank: Bank) -> None:
    await bank.port.refund(QUESTION)

    assert [await bank.charged(), await bank.refunded()] == [0, 0]


@pytest.mark.parametrize("charged_first", [True, False])
async def test_a_charge_after_its_refund_is_refused(bank: Bank, *, charged_first: bool) -> None:
    if charged_first:
        await bank.port.charge(QUESTION)
    await bank.port.refund(QUESTION)

    refusal = await _refusal(bank.port.charge, QUESTION)

    assert refusal.type == "StepUndoneError"
    assert refusal.message == "This step came too late: it was already undone."
    assert await bank.charged() == await bank.refunded()


async def test_a_payment_made_elsewhere_is_booked_and_refunded_like_a_charge(bank: Bank) -> None:
    await bank.port.receive(PAID_ELSEWHERE)
    await bank.port.refund(PAID_ELSEWHERE)

    refusal = await _refusal(bank.port.receive, PAID_ELSEWHERE)

    assert refusal.type == "StepUndoneError"
    assert (await bank.charged(), await bank.refunded()) == (TOTAL, TOTAL)


async def test_an_expired_card_is_declined_and_not_charged(
    bank: Bank,
) -> None:
    expired = replace(QUESTION, order=replace(order(), card_expiry="12/23"))

    refusal = await _refusal(bank.port.charge, expired)

    assert refusal.type == "PaymentDeclinedError"
    assert refusal.message == "The payment card has expired (12/23)."
    assert await bank.charged() == 0


async def test_a_charge_from_the_cards_last_day_is_not_declined_when_repeated_later(
    bank: Bank,
) -> None:
    first = await bank.port.charge(QUESTION)
    bank.tomorrow()

    assert await bank.port.charge(QUESTION) == first
    refusal = await _refusal(bank.port.charge, replace(QUESTION, key="ORD-1:other"))
    assert refusal.type == "PaymentDeclinedError"


@pytest.mark.parametrize(
    "other",
    [order("ORD-2"), order(price="10.11")],
    ids=["another order", "another amount"],
)
async def test_a_key_belongs_to_one_payment(bank: Bank, other: Order) -> None:
    await bank.port.charge(QUESTION)

    refusal = await _refusal(bank.port.charge, replace(QUESTION, order=other))

    assert refusal.type == "KeyReusedError"
    assert await bank.charged() == TOTAL
