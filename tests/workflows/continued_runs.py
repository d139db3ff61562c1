"""Continue-as-new on demand, with a server that suggests it after a few updates."""

import asyncio
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.harness import ApprovalHandle, Harness
from tests.workflows.history import kinds
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.messages import ApprovalInput, CarriedApproval

UPDATE_LIMIT = 20
"""The limit of updates per run on that server; at 90 % it suggests continue-as-new."""
LOW_LIMIT_SERVER_ARGS = [
    *("--dynamic-config-value", f"history.maxTotalUpdates={UPDATE_LIMIT}"),
    *(
        "--dynamic-config-value",
        'history.workflowIdReuseMinimalInterval="1ms"',
    ),  # else a second each
]


async def use_up_updates(harness: Harness, handle: ApprovalHandle) -> None:
    """Send updates until the server suggests continue-as-new."""
    sent = kinds(await harness.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    left = UPDATE_LIMIT * 9 // 10 - sent
    while left > 0:
        burst = min(left, 6)  # the server takes ten at once
        left -= burst
        again = (handle.execute_update(ApprovalWorkflow.republish) for _ in range(burst))
        await asyncio.gather(*again)


async def run_id(handle: WorkflowHandle[Any, Any]) -> str:
    return (await handle.describe()).run_id


async def continue_as_new(harness: Harness, handle: ApprovalHandle) -> None:
    """Send updates until the workflow has a new run id."""
    first = await run_id(handle)
    await use_up_updates(harness, handle)
    await harness.until_idle(handle)
    for _ in range(UPDATE_LIMIT // 10):
        if await run_id(handle) != first:
            return
        await handle.execute_update(ApprovalWorkflow.republish)
        await harness.until_idle(handle)
    assert await run_id(handle) != first, "the workflow never continued as new"


async def carried_input(harness: Harness, handle: ApprovalHandle) -> CarriedApproval:
    """Return the state that the previous run passed to the current run."""
    started = (await harness.history(handle))[0].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [ApprovalInput])
    assert isinstance(given, ApprovalInput)
    assert given.carried is not None
    return given.carried
