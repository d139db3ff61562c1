"""What an order answers about itself, also after its end, and what Temporal finds it by."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.cli.demo import temporal_binary
from bot.temporal.client import WorkflowClient
from tests.workflows.fake_steps import ARRIVAL
from tests.workflows.fakes import World
from tests.workflows.office import ANA, SALES, Office, an_order, office_of, policy
from tests.workflows.weather import PATIENCE
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.rules.approvals.request import Verdict
from workflows.rules.messages import OrderInput
from workflows.rules.orders.answers import ApprovalMessage
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.search import CUSTOMER_ID, ORDER_STATUS, ORDER_TOTAL


async def test_an_order_answers_while_it_waits_and_after_it_has_ended(office: Office) -> None:
    order, approval = await office.awaiting_order()
    before = (
        await order.query(OrderWorkflow.status),
        await order.query(OrderWorkflow.approval_message),
        await order.query(OrderWorkflow.estimated_delivery),
    )

    await office.decide(approval, "UBORIS", Verdict.APPROVE, reason="fine")
    snapshot = await office.end(order)

    assert before == ("awaiting_approval", None, None)
    assert await order.query(OrderWorkflow.status) == "completed"
    assert await order.query(OrderWorkflow.requires_approval)
    assert await order.query(OrderWorkflow.details) == snapshot
    assert await order.query(OrderWorkflow.estimated_delivery) == ARRIVAL
    message = await order.query(OrderWorkflow.approval_message)
    assert message == ApprovalMessage(
        person="UBORIS",
        verdict=Verdict.APPROVE,
        reason="fine",
        at=snapshot.approval.levels[0].decisions[0].at,
    )


async def test_an_order_under_the_limit_requires_no_approval(office: Office) -> None:
    order = await office.order("1000.00")
    await office.end(order)

    assert not await order.query(OrderWorkflow.requires_approval)
    assert await order.query(OrderWorkflow.approval_message) is None


async def test_the_window_of_its_approval_can_be_set_per_order(office: Office) -> None:
    order = await office.ask(an_order("1500.00"), expire_after=timedelta(seconds=10))
    approval = office.approval_of(order)
    await office.world.until(lambda: office.world.audit.of(approval.id))
    await office.until_idle(approval)

    await office.pass_time(approval, timedelta(seconds=11))
    snapshot = await office.end(order)

    assert snapshot.status is OrderStatus.EXPIRED
    assert office.world.steps.tries == {}


async def test_an_order_is_found_by_who_asked_how_much_and_how_it_ended(office: Office) -> None:
    calls = WorkflowClient(office.client, office.queue)
    order = an_order("1500.00")
    await calls.start(OrderInput(order=order, requester=ANA, policy=policy(SALES)))
    handle: WorkflowHandle[OrderWorkflow, OrderSnapshot] = office.client.get_workflow_handle_for(
        OrderWorkflow.run, order.order_id
    )
    began = (await handle.describe()).typed_search_attributes
    approval = office.approval_of(handle)
    await office.world.until(lambda: office.world.audit.of(approval.id))
    await office.until_idle(approval)

    await office.decide(approval, "UBORIS", Verdict.REJECT, reason="no")
    await office.end(handle)
    ended = (await handle.describe()).typed_search_attributes

    assert (began.get(ORDER_STATUS), ended.get(ORDER_STATUS)) == ("awaiting_approval", "rejected")
    assert (ended.get(CUSTOMER_ID), ended.get(ORDER_TOTAL)) == ("UANA", 1500.0)


@pytest.fixture
async def bare_temporal() -> WorkflowEnvironment:
    """A server whose namespace knows none of our search attributes."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")
        ],
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )


async def test_an_order_works_where_the_namespace_knows_no_search_attributes(
    bare_temporal: WorkflowEnvironment, world: World
) -> None:
    async with bare_temporal, office_of(bare_temporal, world) as office:
        calls = WorkflowClient(office.client, office.queue)
        order = an_order("900.00")
        asked = OrderInput(order=order, requester=ANA, policy=policy(SALES))

        first, again = await calls.start(asked), await calls.start(asked)

        handle: WorkflowHandle[OrderWorkflow, OrderSnapshot] = (
            office.client.get_workflow_handle_for(OrderWorkflow.run, order.order_id)
        )
        async with asyncio.timeout(PATIENCE):
            snapshot = await handle.result()
    assert (first, again) == (True, False)
    assert snapshot.status is OrderStatus.COMPLETED
