"""The HTTP API for orders over real HTTP: create, read and cancel, and problems for all errors."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio.testing import WorkflowEnvironment

from bot.http.problems import MAX_BODY
from bot.listeners.services import Services
from bot.runtime.ids import new_id
from bot.temporal.calls import (
    Accepted,
    NotAccepted,
    TemporalUnavailableError,
    Unconfirmed,
    WorkflowUnknown,
)
from bot.temporal.client import StartInput, WorkflowClient
from records.database import Database
from tests.bot.http_client import LINE, ORDER, TOKEN, HttpClient, Json, Reply, http_server
from tests.bot.order_driver import (
    ANA,
    BORIS,
    OrderDriver,
    RunningWorker,
    exists,
    has_approve_button,
)
from views import notices
from views.translator import ENGLISH
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderSnapshot, PaymentMode
from workflows.rules.people.actors import Origin

ORDERS = "/api/v1/orders"
COSTLY = {**ORDER, "lines": [{**LINE, "quantity": 3}]}


@pytest.fixture
async def http_client(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> AsyncIterator[HttpClient]:
    async with http_server(services, database, temporal.client, queue) as http_client:
        yield http_client


async def _create(http_client: HttpClient, body: Json, key: str = "") -> Reply:
    return await http_client.call("POST", ORDERS, body, Idempotency_Key=key or new_id("KEY"))


async def test_an_order_is_created_read_and_completed(
    http_client: HttpClient, order_driver: OrderDriver
) -> None:
    created = await _create(http_client, ORDER)
    order_id = created.body["order_id"]
    await order_driver.skip_to_end(order_id)

    read = await http_client.call("GET", created.headers["Location"])

    assert (created.status, created.headers["Location"]) == (201, f"{ORDERS}/{order_id}")
    assert (created.body["total"], created.body["requires_approval"]) == ("500.00", False)
    assert (read.status, read.body["status"]) == (200, "completed")
    assert (read.body["total"], read.body["currency"]) == ("500.00", "USD")
    assert read.body["lines"] == [{**LINE, "name": "Oak desk", "total": "500.00"}]
    assert {step["status"] for step in read.body["steps"]} == {"done"}


async def test_the_computed_total_decides_whether_an_approval_is_needed(
    http_client: HttpClient, order_driver: OrderDriver
) -> None:
    cents = {"sku": "LAMP-LED", "quantity": 1, "unit_price": "0.01"}
    created = await _create(http_client, {**ORDER, "lines": [{**LINE, "quantity": 2}, cents]})

    assert (created.body["total"], created.body["requires_approval"]) == ("1000.01", True)
    card = await order_driver.card(created.body["order_id"], has_approve_button)
    assert f"<@{BORIS}>" in card["text"]


@pytest.mark.parametrize(("price", "needs"), [("450.00", False), ("449.99", True)])
async def test_a_discount_above_the_policys_limit_needs_an_approval(
    http_client: HttpClient, order_driver: OrderDriver, price: str, *, needs: bool
) -> None:
    created = await _create(http_client, {**ORDER, "lines": [{**LINE, "unit_price": price}]})
    order_id = created.body["order_id"]

    assert created.body["requires_approval"] is needs
    assert await order_driver.workflows.order_requires_approval(order_id) is needs


@pytest.mark.parametrize("by", ["key", "id"])
async def test_repeated_requests_create_one_order(
    http_client: HttpClient, order_driver: OrderDriver, by: str
) -> None:
    body = COSTLY if by == "key" else {**COSTLY, "order_id": new_id("ORD")}
    key = new_id("KEY")

    replies = await asyncio.gather(*(_create(http_client, body, key) for _ in range(4)))
    await order_driver.card(replies[0].body["order_id"], has_approve_button)
    replies.append(await _create(http_client, body, key))

    assert sorted(reply.status for reply in replies) == [200, 200, 200, 200, 201]
    assert len({json.dumps(reply.body) for reply in replies}) == 1
    assert len(await order_driver.requests.orders(requester=ANA)) == 1


OTHERS = [{"note": "soon"}, {"lines": [{**LINE, "quantity": 4}]}, {"requester": BORIS}]


@pytest.mark.parametrize("other", OTHERS, ids=["note", "lines", "requester"])
async def test_a_different_order_with_the_same_key_is_rejected(
    http_client: HttpClient, order_driver: OrderDriver, other: Json
) -> None:
    key = new_id("KEY")
    created = await _create(http_client, COSTLY, key)
    await order_driver.card(created.body["order_id"], has_approve_button)

    reply = await _create(http_client, {**COSTLY, **other}, key)

    assert (reply.status, reply.problem) == (409, "order-exists")


@pytest.mark.parametrize("key", ["", "short", "has a blank in it", "x" * 201])
async def test_an_order_without_a_usable_idempotency_key_is_rejected(
    http_client: HttpClient, key: str
) -> None:
    headers = {"Idempotency_Key": key} if key else {}
    reply = await http_client.call("POST", ORDERS, ORDER, **headers)

    assert (reply.status, reply.problem) == (400, "key-missing")


MISTAKES: list[tuple[Json, str]] = [
    ({"total": "1.00"}, "#/total"),
    ({"requester": "ana"}, "#/requester"),
    ({"customer": " "}, "#/customer"),
    ({"customer": "a\0b"}, "#/customer"),
    ({"email": "ada"}, "#/email"),
    ({"email": "ada@example.org\nBcc: x@example.org"}, "#/email"),
    ({"lines": []}, "#/lines"),
    ({"lines": [LINE] * 101}, "#/lines"),
    ({"lines": [{**LINE, "sku": "NO-SUCH"}]}, "#/lines/0/sku"),
    ({"lines": [LINE, {**LINE, "quantity": 0}]}, "#/lines/1/quantity"),
    ({"lines": [{**LINE, "quantity": 1.5}]}, "#/lines/0/quantity"),
    ({"lines": [{**LINE, "quantity": True}]}, "#/lines/0/quantity"),
    ({"lines": [{**LINE, "unit_price": 500}]}, "#/lines/0/unit_price"),
    ({"lines": [{**LINE, "unit_price": 0.1}]}, "#/lines/0/unit_price"),
    ({"lines": [{**LINE, "unit_price": "0.001"}]}, "#/lines/0/unit_price"),
    ({"lines": [{**LINE, "unit_price": "-1"}]}, "#/lines/0/unit_price"),
    ({"lines": [{**LINE, "unit_price": "1 EUR"}]}, "#/lines/0/unit_price"),
    ({"card_expiry": "13/39"}, "#/card_expiry"),
    ({"card_expiry": ""}, "#/card_expiry"),
    ({"card_expiry": "13/39", "payment": "await"}, "#/card_expiry"),
    ({"payment": "cash"}, "#/payment"),
    ({"expire_after": "soon"}, "#/expire_after"),
    ({"lines": [{**LINE, "quantity": 3}], "expire_after": "8d"}, "#/expire_after"),
    ({"payment_window": "1y"}, "#/payment_window"),
    ({"order_id": "ORD-1"}, "#/order_id"),
]


@pytest.mark.parametrize(("wrong", "pointer"), MISTAKES, ids=lambda mistake: str(mistake)[:50])
async def test_validation_errors_point_at_the_field_and_start_nothing(
    http_client: HttpClient, temporal: WorkflowEnvironment, wrong: Json, pointer: str
) -> None:
    order_id = new_id("ORD")

    reply = await _create(http_client, {**ORDER, "order_id": order_id, **wrong})

    assert (reply.status, reply.problem) == (422, "unreadable")
    assert [error["pointer"] for error in reply.body["errors"]] == [pointer]
    assert all(error["detail"] for error in reply.body["errors"])
    assert not await exists(temporal, order_id)


TOKENS = ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"]
ROUTES = [
    ("POST", ORDERS),
    ("GET", ORDERS),
    ("GET", f"{ORDERS}/ORD-00000000"),
    ("POST", f"{ORDERS}/ORD-00000000/cancel"),
]


@pytest.mark.parametrize("written", TOKENS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_requests_without_the_token_are_rejected(
    http_client: HttpClient, method: str, path: str, written: str
) -> None:
    headers = {"Authorization": written} if written else {}

    reply = await http_client.send(method, path, b"{}", headers)

    assert (reply.status, reply.problem) == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_an_api_without_a_configured_token_is_disabled(
    services: Services, database: Database, temporal: WorkflowEnvironment, queue: str
) -> None:
    async with http_server(services, database, temporal.client, queue, token="") as http_client:
        reply = await http_client.send("GET", ORDERS, None, {"Authorization": "Bearer "})

    assert (reply.status, reply.problem) == (503, "not-set-up")
    assert "API_TOKEN" in reply.body["detail"]


NOWHERE = [
    ("GET", f"{ORDERS}/ORD-00000000", 404, "order-unknown"),
    ("GET", f"{ORDERS}/%00", 404, "order-unknown"),
    ("POST", f"{ORDERS}/ORD-00000000/cancel", 404, "order-unknown"),
    ("DELETE", ORDERS, 405, "http"),
    ("GET", "/api/v2/orders", 404, "http"),
    ("GET", "/webhooks/payments", 405, "http"),
    ("GET", ORDERS, 400, "query"),
    ("GET", f"{ORDERS}?requester=ana", 400, "query"),
    ("GET", f"{ORDERS}?requester={ANA}&limit=0", 400, "query"),
    ("GET", f"{ORDERS}?requester={ANA}&limit=100", 400, "query"),
]


@pytest.mark.parametrize(("method", "path", "status", "problem"), NOWHERE)
async def test_unknown_routes_and_methods_return_problems(  # noqa: PLR0913, PLR0917 - a row
    http_client: HttpClient,
    worker: RunningWorker,
    method: str,
    path: str,
    status: int,
    problem: str,
) -> None:
    body = {"actor": ANA} if method == "POST" else None

    reply = await http_client.call(method, path, body)

    assert (reply.status, reply.problem) == (status, problem)
    assert (status == 405) == ("Allow" in reply.headers)


async def test_orders_of_a_person_are_listed_newest_first(
    http_client: HttpClient, order_driver: OrderDriver
) -> None:
    ids = []
    for _ in range(3):
        created = await _create(http_client, COSTLY)
        ids.append(created.body["order_id"])
        await order_driver.card(ids[-1], has_approve_button)

    listed = await http_client.call("GET", f"{ORDERS}?requester={ANA}&limit=2")
    others = await http_client.call("GET", f"{ORDERS}?requester={BORIS}")

    assert [order["order_id"] for order in listed.body["orders"]] == ids[:0:-1]
    assert others.body == {"orders": []}


async def test_a_refused_cancellation_is_explained_and_recorded(
    http_client: HttpClient, order_driver: OrderDriver
) -> None:
    order_id = (await _create(http_client, COSTLY)).body["order_id"]
    await order_driver.card(order_id, has_approve_button)
    path = f"{ORDERS}/{order_id}/cancel"
    assert (await http_client.call("POST", path, {"actor": ANA})).status == 200

    second = await http_client.call("POST", path, {"actor": BORIS})
    await order_driver.skip_to_end(order_id)
    late = await http_client.call("POST", path, {"actor": BORIS})

    assert (second.status, second.problem) in {(409, "already-cancelled"), (409, "order-closed")}
    assert (late.status, late.problem) == (409, "order-closed")
    assert late.body["detail"] == notices.field_refusal(
        "order_closed", {"status": "cancelled"}, ENGLISH
    )
    refusals = await order_driver.refusals.of(order_id)
    assert [(refusal.actor.person, refusal.verb) for refusal in refusals] == [(BORIS, "cancel")] * 2
    assert {refusal.actor.origin for refusal in refusals} == {Origin.API}


class Fakes(WorkflowClient):
    """Order calls with the answers that a test sets."""

    def __init__(self) -> None:
        self.answer: NotAccepted = WorkflowUnknown()
        self.updates: list[tuple[str, str, object]] = []
        self.started: list[OrderInput] = []

    async def start(self, start_input: StartInput) -> bool:
        if isinstance(self.answer, Unconfirmed):
            raise TemporalUnavailableError("start_order")
        assert isinstance(start_input, OrderInput)
        self.started.append(start_input)
        return True

    async def update(
        self, workflow_id: str, click_id: str, name: str, command: object, result: type[Any]
    ) -> Accepted[Any] | NotAccepted:
        assert (name, result) == ("cancel", OrderSnapshot)
        self.updates.append((workflow_id, click_id, command))
        return self.answer


@pytest.fixture
async def fakes() -> Fakes:
    return Fakes()


@pytest.fixture
async def fake_api_client(
    services: Services,
    database: Database,
    temporal: WorkflowEnvironment,
    queue: str,
    fakes: Fakes,
) -> AsyncIterator[HttpClient]:
    """A client of an API whose order calls are fakes."""
    async with http_server(services, database, temporal.client, queue, orders=fakes) as http_client:
        yield http_client


async def test_with_temporal_down_the_response_says_that_a_retry_is_safe(
    fake_api_client: HttpClient, fakes: Fakes
) -> None:
    fakes.answer = Unconfirmed()
    path = f"{ORDERS}/ORD-00000000/cancel"

    created = await _create(fake_api_client, ORDER)
    for _ in range(2):
        reply = await fake_api_client.call(
            "POST", path, {"actor": ANA}, Idempotency_Key="the-same-key"
        )

        assert (reply.status, reply.problem) == (503, "unconfirmed")
        assert reply.headers["Retry-After"]
    assert (created.status, created.problem) == (503, "temporal-unavailable")
    assert len(set(fakes.updates)) == 1


async def test_an_external_payment_needs_no_card_and_the_email_is_passed_on(
    fake_api_client: HttpClient, fakes: Fakes
) -> None:
    body = {**ORDER, "payment": "await", "email": "ada@example.org"}
    del body["card_expiry"]

    created = await _create(fake_api_client, body)

    (started,) = fakes.started
    assert created.status == 201
    assert (started.order.card_expiry, started.order.payment) == ("", PaymentMode.AWAIT)
    assert started.order.email == "ada@example.org"


async def test_a_body_that_is_too_long_is_rejected(fake_api_client: HttpClient) -> None:
    reply = await fake_api_client.call("POST", ORDERS, b" " * (MAX_BODY + 1))

    assert (reply.status, reply.problem) == (413, "too-long")


_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_LINES = st.lists(
    st.fixed_dictionaries(
        {}, optional={name: _ANY | st.just(value) for name, value in LINE.items()}
    ),
    max_size=3,
)
_NEAR = st.fixed_dictionaries(
    {},
    optional={
        **{name: _ANY | st.just(value) for name, value in ORDER.items()},
        "lines": _LINES,
        **dict.fromkeys(
            ("note", "email", "payment", "expire_after", "payment_window", "actor"), _ANY
        ),
    },
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from([ORDERS, f"{ORDERS}/ORD-00000000/cancel"]),
    body=st.binary() | st.builds(lambda body: json.dumps(body).encode(), _NEAR | _ANY),
)
@example(path=ORDERS, body=b"[" * 60_000)
@example(path=ORDERS, body=json.dumps({**ORDER, "expire_after": "9" * 60_000 + "d"}).encode())
@example(path=ORDERS, body=json.dumps({**ORDER, "payment_window": "999999999d"}).encode())
@example(path=ORDERS, body=rb'{"customer": "\ud800"}')
async def test_arbitrary_bodies_never_cause_a_server_error(
    fake_api_client: HttpClient, path: str, body: bytes
) -> None:
    reply = await fake_api_client.call("POST", path, body, Idempotency_Key="the-same-key")

    assert reply.status in {201, 400, 404, 422}
    assert reply.status == 201 or reply.problem
