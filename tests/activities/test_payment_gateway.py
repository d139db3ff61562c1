"""A misbehaving payment gateway: which calls are retried, when, and that money moves only once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import aiohttp
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.incoming_payments import RefundActivities
from activities.payment_gateway import (
    MAX_RESPONSE_BYTES,
    MAX_RETRY_DELAY,
    GatewayBank,
    GatewayPaymentActivities,
    PaymentGateway,
)
from records.database import Database
from records.incoming_payments import IncomingPayments
from tests.activities.gateway import LOST, TOKEN, Fault, Gateway, running_gateway
from tests.records.builders import NOON, order
from workflows.ports.orders import RETRIED_WITH_MESSAGE, StepQuestion
from workflows.rules.orders.incoming_payment import (
    IncomingPayment,
    PaymentVerdict,
    Progress,
)
from workflows.rules.shared.money import Money

QUESTION = StepQuestion(key="ORD-1:pay", order=order())
TOTAL = Decimal("20.20")
CALLS = ["charge", "refund"]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(date(2030, 12, 31)) as gateway:
        yield gateway


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _port(
    gateway: Gateway, session: aiohttp.ClientSession, *, token: str = TOKEN, seconds: float = 5
) -> GatewayPaymentActivities:
    timeout = aiohttp.ClientTimeout(total=seconds)
    return GatewayPaymentActivities(PaymentGateway(session, gateway.url, token, timeout))


@pytest.fixture
def port(gateway: Gateway, session: aiohttp.ClientSession) -> GatewayPaymentActivities:
    return _port(gateway, session)


async def _failure(port: GatewayPaymentActivities, call: str = "charge") -> ApplicationError:
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(getattr(port, call), QUESTION)
    return failed.value


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_with_a_lost_response_is_retried_and_charges_once(
    gateway: Gateway, port: GatewayPaymentActivities, call: str
) -> None:
    if call == "refund":
        await port.charge(QUESTION)
    gateway.faults = [LOST, Fault(status=502, processed=True)]

    for _ in range(2):
        assert not (await _failure(port, call)).non_retryable
    await ActivityEnvironment().run(getattr(port, call), QUESTION)

    assert gateway.charged("ORD-1") == TOTAL
    assert gateway.refunded("ORD-1") == (TOTAL if call == "refund" else 0)
    assert len({key for path, key, _ in gateway.calls if path.endswith(f"{call}s")}) == 1


async def test_a_slow_gateway_times_out_and_is_retried(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    gateway.held = asyncio.Event()
    hasty = _port(gateway, session, seconds=0.05)

    error = await _failure(hasty)
    gateway.held.set()
    gateway.held = None

    assert not error.non_retryable
    assert error.details == ("TimeoutError", {"code": "gateway_unclear"})
    await _port(gateway, session).charge(QUESTION)
    assert gateway.charged("ORD-1") == TOTAL


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the error table."""

    status: int
    retried: bool
    sentence: str
    kind: str = "PaymentGatewayError"
    body: bytes = b""


BUSY = "The payment gateway is busy."
UNCLEAR = "The payment gateway didn't confirm the payment."
ODD = "The payment gateway returned status"
DECLINED = b'{"detail": "No \\u0000money\\n left"}'
TABLE = [
    Row(
        status=402, retried=False, kind="PaymentDeclinedError", sentence="The payment was declined."
    ),
    Row(
        status=402,
        retried=False,
        kind="PaymentDeclinedError",
        sentence="No money left",
        body=DECLINED,
    ),
    Row(
        status=409,
        retried=False,
        kind="StepUndoneError",
        sentence="This step came too late: it was already undone.",
        body=b'{"type": "/problems/charge-undone"}',
    ),
    Row(
        status=422,
        retried=False,
        kind="KeyReusedError",
        sentence="The step's key is already in use for another step.",
    ),
    *(Row(status=s, retried=True, sentence=BUSY) for s in (408, 409, 425, 429, 503)),
    *(
        Row(status=s, retried=True, sentence="The payment gateway rejected our credentials.")
        for s in (401, 403)
    ),
    *(Row(status=s, retried=True, sentence=UNCLEAR) for s in (500, 502, 504, 599, 204)),
    Row(status=200, retried=True, sentence=UNCLEAR, body=b"<html>"),
    Row(status=200, retried=True, sentence=UNCLEAR, body=b"[1]"),
    Row(status=200, retried=True, sentence=UNCLEAR, body=b'{"reference": 7}'),
    Row(status=200, retried=True, sentence=UNCLEAR, body=b" " * (MAX_RESPONSE_BYTES + 1)),
    *(Row(status=s, retried=False, sentence=f"{ODD} {s}.") for s in (301, 307, 400, 404, 405)),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.status} {row.body[:20]!r}")
async def test_each_error_response_has_a_message(
    gateway: Gateway, port: GatewayPaymentActivities, row: Row
) -> None:
    gateway.faults = [Fault(status=row.status, body=row.body)]

    error = await _failure(port)

    assert (error.type, error.message) == (row.kind, row.sentence)
    assert error.non_retryable is not row.retried
    assert not row.retried or error.type in RETRIED_WITH_MESSAGE


WAITS = [
    ("3", timedelta(seconds=3)),
    ("999999999999", MAX_RETRY_DELAY),
    ("-1", None),
    ("soon", None),
    ("", None),
    ("٣", None),
    ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(0)),
]


@pytest.mark.parametrize(("written", "pause"), WAITS)
async def test_a_retry_after_in_seconds_is_obeyed(
    gateway: Gateway, port: GatewayPaymentActivities, written: str, pause: timedelta | None
) -> None:
    gateway.faults = [Fault(status=429, headers={"Retry-After": written})]

    assert (await _failure(port)).next_retry_delay == pause


async def test_a_retry_after_with_a_date_is_obeyed(
    gateway: Gateway, port: GatewayPaymentActivities
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=30)
    gateway.faults = [Fault(status=503, headers={"Retry-After": format_datetime(at, usegmt=True)})]

    pause = (await _failure(port)).next_retry_delay

    assert pause is not None
    assert timedelta(seconds=20) < pause <= timedelta(seconds=30)


async def test_an_unreachable_gateway_is_retried(session: aiohttp.ClientSession) -> None:
    async with running_gateway(date(2030, 1, 1)) as gone:
        port = _port(gone, session)

    error = await _failure(port)

    assert (error.message, error.non_retryable) == (BUSY, False)


async def test_a_wrong_token_is_retried_and_never_shown(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    error = await _failure(_port(gateway, session, token="secret-and-wrong"))

    assert not error.non_retryable
    assert "secret" not in repr(error) + repr(error.__cause__) + repr(error.details)


async def test_the_request_has_the_exact_amounts_and_the_steps_key(
    gateway: Gateway, port: GatewayPaymentActivities
) -> None:
    await port.charge(QUESTION)
    await port.refund(QUESTION)

    paid, back = gateway.calls
    assert paid[:2] == ("/v1/charges", "ORD-1:pay")
    assert (paid[2]["amount"], paid[2]["currency"]) == ("20.20", "USD")
    assert back == (
        "/v1/refunds",
        "ORD-1:pay:refund",
        {"order_id": "ORD-1", "charge_key": "ORD-1:pay"},
    )


async def test_an_incoming_payment_is_refunded_once_even_if_responses_are_lost(
    gateway: Gateway, session: aiohttp.ClientSession, database: Database
) -> None:
    payment = IncomingPayment(
        event_id="evt-1",
        order_id="ORD-1",
        amount=Money(amount=TOTAL, currency="USD"),
        paid_at=NOON,
    )
    payments = IncomingPayments(database)
    await payments.receive(payment, lambda *_: PaymentVerdict.NOT_WANTED, NOON)
    bank = GatewayBank(PaymentGateway(session, gateway.url, TOKEN))
    refunds = RefundActivities(database, bank)
    gateway.faults = [LOST, LOST]

    for _ in range(2):
        with pytest.raises(ApplicationError):
            await refunds.give_back(payment)
    done = await refunds.give_back(payment)
    receipt = await payments.get("evt-1")

    assert gateway.back == {"evt-1": 1}
    assert {key for _, key, _ in gateway.calls} == {"evt-1:refund"}
    assert receipt is not None
    assert (receipt.progress, receipt.refund_reference) == (Progress.REFUNDED, done.reference)


async def test_a_payment_made_elsewhere_is_refunded_even_if_it_was_not_booked(
    gateway: Gateway, port: GatewayPaymentActivities
) -> None:
    await port.refund(StepQuestion(key="ORD-1:pay", order=order(), reference="evt-1"))

    assert gateway.back == {"evt-1": 1}
    with pytest.raises(ApplicationError, match="too late"):
        await port.receive(StepQuestion(key="ORD-1:pay", order=order(), reference="evt-1"))
