"""The status of an order: from its workflow, else from the records with their age."""

import pytest
from slack_bolt.async_app import AsyncApp
from temporalio.testing import WorkflowEnvironment

from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from tests.bot.forgetting import forget
from tests.bot.order_driver import ANA, APPROVALS, GUS, OrderDriver, RunningWorker
from workflows.rules.approvals.request import Status
from workflows.rules.orders.order import OrderStatus


async def test_an_order_answers_itself_and_the_records_answer_after_its_deletion(
    services: Services, order_driver: OrderDriver, temporal: WorkflowEnvironment
) -> None:
    order_id = await order_driver.order("900.00")
    await order_driver.skip_to_end(order_id)
    itself = await services.orders.look_up(order_id)

    await forget(temporal.client, order_id)
    recorded = await services.orders.look_up(order_id)

    assert itself is not None
    assert recorded is not None
    assert (itself.status, itself.as_of) == (OrderStatus.COMPLETED, None)
    assert (recorded.status, recorded.steps) == (OrderStatus.COMPLETED, itself.steps)
    assert recorded.as_of == itself.ended_at


async def test_without_a_worker_the_records_answer_with_their_age(  # noqa: PLR0913, PLR0917 - its fixtures
    slack: StandInClient,
    bot: AsyncApp,
    order_driver: OrderDriver,
    worker: RunningWorker,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = await order_driver.waiting_order()
    await worker.stop()
    monkeypatch.setattr("bot.temporal.orders.QUERY_WAIT", 0.3)

    snapshot = await services.orders.look_up(card.order_id)
    await slack.say(GUS, APPROVALS, f"/order-status {card.order_id}")

    message = await order_driver.private_message(GUS, "As of")
    assert snapshot is not None
    assert snapshot.as_of is not None
    assert snapshot.approval is not None
    assert snapshot.approval.status is Status.PENDING
    assert card.order_id in text_of(message)
    await worker.start()


async def test_an_order_that_never_existed_is_unknown(
    services: Services, order_driver: OrderDriver
) -> None:
    assert await services.orders.look_up("ORD-NEVERWAS") is None


async def test_queries_are_answered_and_unknown_orders_return_nothing(
    order_driver: OrderDriver,
) -> None:
    order_id = await order_driver.order("900.00")
    await order_driver.skip_to_end(order_id)
    calls = order_driver.workflows

    snapshot = await calls.order_details(order_id)
    assert snapshot is not None
    assert await calls.order_status(order_id) == "completed"
    assert await calls.order_requires_approval(order_id) is False
    assert snapshot.estimated_delivery is not None
    assert await calls.order_status("ORD-NEVERWAS") is None


async def test_the_status_of_a_running_order_offers_its_actions(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.approved_unpaid_order()

    await slack.say(ANA, APPROVALS, f"/order-status {card.order_id}")

    message = await order_driver.private_message(ANA, "Waiting for payment")
    ids = [
        element.get("action_id")
        for block in message["blocks"]
        for element in block.get("elements", [])
    ]
    assert "cancel" in ids
    assert "As of" not in text_of(message)
