"""The golden paths: each plays one journey on an office, step by step, so that it is always the same."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.office import Office
from workflows.rules.request import Verdict

Scenario = Callable[[Office, str], Awaitable[WorkflowHandle[Any, Any]]]
"""Plays a journey under the given workflow id and returns the workflow that has ended."""


async def approved_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.click(handle, "UBORIS", click="golden-click")
    await office.at_rest(handle)
    await office.end(handle)
    return handle


async def rejected_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.decide(handle, "UCLARA", Verdict.REJECT, reason="too dear", click="golden-click")
    await office.end(handle)
    return handle


async def expired_approval(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    handle = await office.open_request(request_id=workflow_id)
    await office.end(handle)
    return handle


async def completed_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    return await _approved_order(office, workflow_id, ["reserve", "charge", "ship"])


async def compensated_order(office: Office, workflow_id: str) -> WorkflowHandle[Any, Any]:
    office.world.steps.declines = {"charge"}
    return await _approved_order(office, workflow_id, ["reserve", "charge", "refund", "release"])


async def _approved_order(
    office: Office, workflow_id: str, steps: list[str]
) -> WorkflowHandle[Any, Any]:
    """Let one step at a time go on, each when the publish of the one before is over."""
    fakes = office.world.steps
    fakes.held = set(steps)
    order, approval = await office.awaiting_order(order_id=workflow_id)
    await office.decide(approval, "UBORIS", click="golden-click")
    for step in steps:
        await office.world.until(lambda step=step: fakes.tries[step])  # type: ignore[misc]
        await office.at_rest(order, but=step)
        fakes.let(step)
    await office.end(order)
    return order


SCENARIOS: dict[str, Scenario] = {
    "approved_approval": approved_approval,
    "rejected_approval": rejected_approval,
    "expired_approval": expired_approval,
    "completed_order": completed_order,
    "compensated_order": compensated_order,
}
