"""The payment webhook over real HTTP: signatures, verdicts, and no lost payments."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio.testing import WorkflowEnvironment

from bot.http.problems import MAX_BODY
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from bot.runtime.signing import SIGNATURE, TIMESTAMP, WINDOW, sign
from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.database import Database
from records.incoming_payments import Receipt
from tests.bot.http_client import AWAITED, ORDER, SECRET, HttpClient, Json, http_server
from tests.bot.order_driver import TIMEOUT, OrderDriver
from workflows.ports.orders import StepReference
from workflows.rules.orders.incoming_payment import PaymentVerdict, Progress
from workflows.rules.orders.order import OrderStatus, PaymentConfirmation
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import refund_id


@pytest.fixture
async def http_client(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> AsyncIterator[HttpClient]:
    async with http_server(services, database, temporal.client, queue) as http_client:
        yield http_client


def payment_body(order_id: str, event: str = "first", **other: str) -> Json:
    """Return a gateway's payment event. Its id is unique, because tests share a Temporal server."""
    payment = {
        "event_id": f"{order_id}-{event}",
        "order_id": order_id,
        "amount": "500.00",
        "currency": "USD",
        "paid_at": "2026-11-21T12:00:00Z",
    }
    return {**payment, **other}


async def _awaiting(http_client: HttpClient, order_driver: OrderDriver) -> str:
    """Create an order that awaits payment."""
    created = await http_client.call(
        "POST", "/api/v1/orders", AWAITED, Idempotency_Key=new_id("KEY")
    )
    order_id = str(created.body["order_id"])
    async with asyncio.timeout(TIMEOUT):
        while await order_driver.workflows.order_status(order_id) != OrderStatus.AWAITING_PAYMENT:
            await order_driver.until_idle(order_id)
    return order_id


async def _kept(http_client: HttpClient, order_id: str) -> Receipt:
    receipt = await http_client.payments.get(f"{order_id}-first")
    assert receipt is not None
    return receipt


async def _refunded(env: WorkflowEnvironment, order_id: str, event: str = "first") -> str:
    event_id = f"{order_id}-{event}"
    handle = env.client.get_workflow_handle(refund_id(event_id), result_type=StepReference)
    async with asyncio.timeout(TIMEOUT):
        refund: StepReference = await handle.result()
    return refund.reference


async def test_a_signed_payment_completes_its_order_and_a_replay_gets_the_same_answer(
    http_client: HttpClient, order_driver: OrderDriver, services: Services
) -> None:
    order_id = await _awaiting(http_client, order_driver)

    first = await http_client.pay(payment_body(order_id))
    again = await http_client.pay(payment_body(order_id, paid_at="2026-11-21T12:00:00.5Z"))
    await order_driver.skip_to_end(order_id)
    later = await http_client.pay(payment_body(order_id))

    assert (first.status, first.body["verdict"]) == (200, "wanted")
    assert first.body == again.body == later.body
    assert (again.status, later.status) == (200, 200)
    found = await services.orders.look_up(order_id)
    assert found is not None
    assert found.status is OrderStatus.COMPLETED
    facts = [fact.kind for fact in await services.trail.facts(order_id)]
    assert facts.count(Fact.PAYMENT_CONFIRMED) == 1
    assert Fact.PAYMENT_UNMATCHED not in facts
    assert (await _kept(http_client, order_id)).progress is Progress.CONFIRMED


async def test_a_payment_for_an_unknown_order_is_recorded(http_client: HttpClient) -> None:
    reply = await http_client.pay(payment_body("ORD-00000000"))

    assert (reply.status, reply.body["verdict"]) == (202, "unmatched")
    receipt = await _kept(http_client, "ORD-00000000")
    assert (receipt.verdict, receipt.progress) == (PaymentVerdict.UNMATCHED, Progress.OPEN)


async def test_a_payment_for_a_closed_order_is_refunded(
    http_client: HttpClient, order_driver: OrderDriver, temporal: WorkflowEnvironment
) -> None:
    order_id = await _awaiting(http_client, order_driver)
    body = {"actor": "U0ANA"}
    assert (await http_client.call("POST", f"/api/v1/orders/{order_id}/cancel", body)).status == 200
    await order_driver.skip_to_end(order_id)

    reply = await http_client.pay(payment_body(order_id))

    assert (reply.status, reply.body["verdict"]) == (202, "not_wanted")
    reference = await _refunded(temporal, order_id)
    receipt = await _kept(http_client, order_id)
    assert (receipt.progress, receipt.refund_reference) == (Progress.REFUNDED, reference)
    assert (await http_client.pay(payment_body(order_id))).body == reply.body


async def test_a_payment_that_arrives_while_its_order_ends_is_left_to_the_sweep(
    http_client: HttpClient, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the final state of the order shows whether it accepted this payment."""
    order_id = await _awaiting(http_client, order_driver)

    async def ended(order_id: str, confirmation: PaymentConfirmation) -> bool:
        return False

    monkeypatch.setattr(order_driver.workflows, "confirm_payment", ended)
    reply = await http_client.pay(payment_body(order_id))

    assert reply.body["verdict"] == "wanted"
    assert (await _kept(http_client, order_id)).progress is Progress.CONFIRMED


async def test_a_second_payment_for_an_order_is_refunded(
    http_client: HttpClient, order_driver: OrderDriver, temporal: WorkflowEnvironment
) -> None:
    order_id = await _awaiting(http_client, order_driver)
    await http_client.pay(payment_body(order_id))

    reply = await http_client.pay(payment_body(order_id, "second"))

    assert (reply.status, reply.body["verdict"]) == (202, "not_wanted")
    await _refunded(temporal, order_id, "second")


async def test_a_payment_for_an_order_that_is_charged_is_refunded(
    http_client: HttpClient, order_driver: OrderDriver, temporal: WorkflowEnvironment
) -> None:
    created = await http_client.call("POST", "/api/v1/orders", ORDER, Idempotency_Key=new_id("KEY"))
    order_id = str(created.body["order_id"])
    await order_driver.skip_to_end(order_id)

    reply = await http_client.pay(payment_body(order_id))

    assert reply.body["verdict"] == "not_wanted"
    await _refunded(temporal, order_id)


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "499.99"}, {"currency": "EUR"}, {"amount": "500", "currency": "JPY"}],
    ids=str,
)
async def test_a_wrong_amount_is_recorded_and_not_accepted(
    http_client: HttpClient, order_driver: OrderDriver, wrong: Json
) -> None:
    order_id = await _awaiting(http_client, order_driver)

    reply = await http_client.pay(payment_body(order_id, **wrong))
    again = await http_client.pay(payment_body(order_id, **wrong))

    assert (reply.status, reply.problem) == (422, "amount-mismatch")
    assert again.body == reply.body
    assert (await _kept(http_client, order_id)).verdict is PaymentVerdict.MISMATCHED
    assert await order_driver.workflows.order_status(order_id) == OrderStatus.AWAITING_PAYMENT


@pytest.mark.parametrize("other", [{"amount": "1.00"}, {"currency": "EUR"}, {"order_id": "ORD-1"}])
async def test_a_repeated_event_with_another_amount_is_rejected(
    http_client: HttpClient, other: Json
) -> None:
    first = await http_client.pay(payment_body("ORD-00000000"))

    reply = await http_client.pay({**payment_body("ORD-00000000"), **other})

    assert (reply.status, reply.problem) == (409, "event-reused")
    assert (await http_client.pay(payment_body("ORD-00000000"))).body == first.body


async def test_a_payment_is_kept_while_temporal_is_down(
    http_client: HttpClient, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await _awaiting(http_client, order_driver)

    async def down(*_: object) -> bool:
        raise TemporalUnavailableError("confirm_payment")

    with monkeypatch.context() as patched:
        patched.setattr(WorkflowClient, "confirm_payment", down)
        reply = await http_client.pay(payment_body(order_id))
    kept = await _kept(http_client, order_id)

    assert (reply.status, reply.problem) == (503, "temporal-unavailable")
    assert reply.headers["Retry-After"]
    assert (kept.verdict, kept.progress) == (PaymentVerdict.WANTED, Progress.CONFIRMED)
    assert (await http_client.pay(payment_body(order_id))).status == 200
    assert (await _kept(http_client, order_id)).progress is Progress.CONFIRMED


BODY = json.dumps(payment_body("ORD-00000000")).encode()
AT = 1_795_262_400
FIVE = int(WINDOW.total_seconds())
UNSIGNED: dict[str, dict[str, str]] = {
    "nothing": {},
    "no time": {SIGNATURE: sign(SECRET, AT, BODY)[SIGNATURE]},
    "no signature": {TIMESTAMP: str(AT)},
    "another secret": sign("guess", AT, BODY),
    "another body": sign(SECRET, AT, BODY + b" "),
    "another time": {**sign(SECRET, AT, BODY), TIMESTAMP: str(AT + 1)},
    "too old": sign(SECRET, AT - FIVE - 1, BODY),
    "too new": sign(SECRET, AT + FIVE + 1, BODY),
    "no number": {**sign(SECRET, AT, BODY), TIMESTAMP: "now"},
    "no ASCII": {TIMESTAMP: "\N{ARABIC-INDIC DIGIT ONE}", SIGNATURE: "v1=é"},
    "capitals": {**sign(SECRET, AT, BODY), SIGNATURE: sign(SECRET, AT, BODY)[SIGNATURE].upper()},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
async def test_an_unsigned_payment_is_rejected_and_not_recorded(
    http_client: HttpClient, headers: dict[str, str]
) -> None:
    http_client.now = http_client.now.fromtimestamp(AT, http_client.now.tzinfo)

    reply = await http_client.send("POST", "/webhooks/payments", BODY, headers)

    assert (reply.status, reply.problem) == (401, "unsigned")
    assert await http_client.payments.of_order("ORD-00000000") == ()


@pytest.mark.parametrize("seconds", [-FIVE, 0, FIVE])
async def test_a_signature_is_valid_for_five_minutes_in_both_directions(
    http_client: HttpClient, seconds: int
) -> None:
    http_client.now = http_client.now.fromtimestamp(AT, http_client.now.tzinfo) + timedelta(
        seconds=seconds
    )

    reply = await http_client.send("POST", "/webhooks/payments", BODY, sign(SECRET, AT, BODY))

    assert reply.status == 202


async def test_without_a_secret_all_payments_are_rejected(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> None:
    async with http_server(services, database, temporal.client, queue, secret="") as http_client:
        reply = await http_client.pay(payment_body("ORD-1"), secret="")

    assert (reply.status, reply.problem) == (503, "not-set-up")


async def test_an_oversized_body_is_not_read_to_its_end(http_client: HttpClient) -> None:
    reply = await http_client.pay(b" " * (MAX_BODY + 1))

    assert (reply.status, reply.problem) == (413, "too-long")


MISTAKES: dict[str, list[object]] = {
    "event_id": ["", "a b", "é", "x" * 101, 7, None],
    "order_id": ["", "a\n", "x" * 101],
    "amount": [
        500,
        500.0,
        "500",
        "500.0",
        "-1.00",
        "1e3",
        "\N{ARABIC-INDIC DIGIT FIVE}.00",
        "NaN",
        "0500.00",
        "9" * 14,
    ],
    "currency": ["usd", "US", "USDX", "", None],
    "paid_at": ["yesterday", "2026-11-21T12:00:00", "0001-01-01T00:00:00+14:00", 1795262400],
}


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, some in MISTAKES.items() for value in some]
)
async def test_unreadable_fields_are_pointed_at(
    http_client: HttpClient, field: str, value: object
) -> None:
    reply = await http_client.pay({**payment_body("ORD-00000000"), field: value})

    assert (reply.status, reply.problem) == (422, "unreadable")
    assert [error["pointer"] for error in reply.body["errors"]] == [f"#/{field}"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_PAYMENT = st.fixed_dictionaries(
    {},
    optional={name: _JSON | st.just(value) for name, value in payment_body("ORD-00000000").items()},
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary() | st.builds(lambda body: json.dumps(body).encode(), _JSON | _PAYMENT))
@example(body=b"[" * 60_000)
@example(body=rb'{"event_id": "\ud800"}')
async def test_arbitrary_bodies_never_cause_a_server_error(
    http_client: HttpClient, body: bytes
) -> None:
    reply = await http_client.pay(body)

    assert reply.status in {200, 202, 409, 413, 422}
