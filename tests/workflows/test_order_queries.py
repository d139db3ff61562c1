"""The queries of an order, also after its end, and its search attributes."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from bot.cli.demo import temporal_binary
from bot.temporal.client import WorkflowClient
from tests.workflows.fake_ports import FakePorts
from tests.workflows.fake_slack import TIMEOUT
from tests.workflows.fake_steps import ARRIVAL
from tests.workflows.harness import ANA, SALES, Harness, an_order, policy, run_harness
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.rules.approvals.request import Verdict
from workflows.rules.messages import OrderInput
from workflows.rules.orders.latest_decision import ApprovalMessage
from workflows.rules.orders.order import OrderSnapshot, OrderStatus
from workflows.search import CUSTOMER_ID, ORDER_STATUS, ORDER_TOTAL


async def test_an_order_answers_queries_while_it_waits_and_after_its_end(harness: Harness) -> None:
    order, approval = await harness.order_awaiting_approval()
    before = (
        await order.query(OrderWorkflow.status),
        await order.query(OrderWorkflow.approval_message),
        await order.query(OrderWorkflow.estimated_delivery),
    )

    await harness.decide(approval, "UBORIS", Verdict.APPROVE, reason="fine")
    snapshot = await harness.run_to_end(order)

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


async def test_an_order_under_the_limit_requires_no_approval(harness: Harness) -> None:
    order = await harness.start_order("1000.00")
    await harness.run_to_end(order)

    assert not await order.query(OrderWorkflow.requires_approval)
    assert await order.query(OrderWorkflow.approval_message) is None


async def test_the_approval_window_can_be_set_per_order(harness: Harness) -> None:
    order = await harness.submit_order(an_order("1500.00"), expire_after=timedelta(seconds=10))
    approval = harness.approval_of(order)
    await harness.ports.until(lambda: harness.ports.audit.of(approval.id))
    await harness.until_idle(approval)

    await harness.fast_forward(approval, timedelta(seconds=11))
    snapshot = await harness.run_to_end(order)

    assert snapshot.status is OrderStatus.EXPIRED
    assert harness.ports.steps.tries == {}


async def test_an_order_is_found_by_who_asked_how_much_and_how_it_ended(harness: Harness) -> None:
    calls = WorkflowClient(harness.client, harness.queue)
    order = an_order("1500.00")
    await calls.start(OrderInput(order=order, requester=ANA, policy=policy(SALES)))
    handle: WorkflowHandle[OrderWorkflow, OrderSnapshot] = harness.client.get_workflow_handle_for(
        OrderWorkflow.run, order.order_id
    )
    began = (await handle.describe()).typed_search_attributes
    approval = harness.approval_of(handle)
    await harness.ports.until(lambda: harness.ports.audit.of(approval.id))
    await harness.until_idle(approval)

    await harness.decide(approval, "UBORIS", Verdict.REJECT, reason="no")
    await harness.run_to_end(handle)
    ended = (await handle.describe()).typed_search_attributes

    assert (began.get(ORDER_STATUS), ended.get(ORDER_STATUS)) == ("awaiting_approval", "rejected")
    assert (ended.get(CUSTOMER_ID), ended.get(ORDER_TOTAL)) == ("UANA", 1500.0)


@pytest.fixture
async def bare_temporal() -> WorkflowEnvironment:
    """A server whose namespace defines none of our search attributes."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")
        ],
        data_converter=data_converter,
        dev_server_log_level="error",
        ts_config=TimeSkippingConfig(enabled=False),
    )


async def test_an_order_works_in_a_namespace_without_search_attributes(
    bare_temporal: WorkflowEnvironment, ports: FakePorts
) -> None:
    async with bare_temporal, run_harness(bare_temporal, ports) as harness:
        calls = WorkflowClient(harness.client, harness.queue)
        order = an_order("900.00")
        workflow_input = OrderInput(order=order, requester=ANA, policy=policy(SALES))

        first, again = await calls.start(workflow_input), await calls.start(workflow_input)

        handle: WorkflowHandle[OrderWorkflow, OrderSnapshot] = (
            harness.client.get_workflow_handle_for(OrderWorkflow.run, order.order_id)
        )
        async with asyncio.timeout(TIMEOUT):
            snapshot = await handle.result()
    assert (first, again) == (True, False)
    assert snapshot.status is OrderStatus.COMPLETED
