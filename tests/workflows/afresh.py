"""Continue-as-new on demand: a server that suggests it after a few updates, and what a new run got."""

import asyncio
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.history import kinds
from tests.workflows.office import ApprovalHandle, Office
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.messages import ApprovalInput, CarriedApproval

FEW = 20
"""Updates per run on that server; at 90 % of them it suggests to continue as new."""
NARROW_SERVER_ARGS = [
    *("--dynamic-config-value", f"history.maxTotalUpdates={FEW}"),
    *(
        "--dynamic-config-value",
        'history.workflowIdReuseMinimalInterval="1ms"',
    ),  # else a second each
]


async def use_up_updates(office: Office, handle: ApprovalHandle) -> None:
    """Send as many updates as a run may have before it is to start afresh."""
    sent = kinds(await office.history(handle)).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
    left = FEW * 9 // 10 - sent
    while left > 0:
        burst = min(left, 6)  # the server takes ten at once
        left -= burst
        again = (handle.execute_update(ApprovalWorkflow.republish) for _ in range(burst))
        await asyncio.gather(*again)


async def run_id(handle: WorkflowHandle[Any, Any]) -> str:
    return (await handle.describe()).run_id


async def start_afresh(office: Office, handle: ApprovalHandle) -> None:
    """Send updates until the workflow runs under another run id."""
    first = await run_id(handle)
    await use_up_updates(office, handle)
    await office.until_idle(handle)
    for _ in range(FEW // 10):
        if await run_id(handle) != first:
            return
        await handle.execute_update(ApprovalWorkflow.republish)
        await office.until_idle(handle)
    assert await run_id(handle) != first, "the workflow never continued as new"


async def carried(office: Office, handle: ApprovalHandle) -> CarriedApproval:
    """Return what the present run was given by the one before."""
    started = (await office.history(handle))[0].workflow_execution_started_event_attributes
    (given,) = await data_converter.decode(started.input.payloads, [ApprovalInput])
    assert isinstance(given, ApprovalInput)
    assert given.carried is not None
    return given.carried
