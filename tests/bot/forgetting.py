"""Has Temporal forget a closed workflow, as it does after the retention period."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

TIMEOUT = 20


async def forget(client: Client, workflow_id: str) -> None:
    """Wait until the workflow has ended, and delete it."""
    async with asyncio.timeout(TIMEOUT):
        await client.get_workflow_handle(workflow_id).result()
    await delete_workflow(client, workflow_id)


async def delete_workflow(client: Client, workflow_id: str) -> None:
    """Delete a workflow, open or closed, and wait until it is gone."""
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        )
    )
    await until(lambda: is_forgotten(client, workflow_id))


async def is_forgotten(client: Client, workflow_id: str) -> bool:
    """Return whether Temporal does not know the workflow."""
    try:
        await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds. Temporal sends no event when a history is deleted."""
    async with asyncio.timeout(TIMEOUT):
        while not await holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)
