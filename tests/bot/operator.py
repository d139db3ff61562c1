"""An operator who ends workflows in Temporal by hand, and the reconciliation that follows."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.bot.order_driver import TIMEOUT, exists, unique
from workflows.reconciliation import (
    ReconciliationInput,
    ReconciliationReport,
    ReconciliationWorkflow,
)
from workflows.rules.ended_outside import RunEnd
from workflows.rules.shared.ids import ending_id

NOW = ReconciliationInput(older_than=timedelta(0))
POLL = 0.02
"""Seconds between two questions to the server, which sends no event when it deletes."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Ends workflows, and runs the reconciliation."""

    env: WorkflowEnvironment
    queue: str

    async def end(self, workflow_id: str, how: RunEnd) -> None:
        """End a workflow by hand."""
        match how:
            case RunEnd.TERMINATED:
                await self._handle(workflow_id).terminate(reason="by hand")
            case RunEnd.CANCELLED:
                await self._cancel(workflow_id)
            case RunEnd.DELETED:
                await self._delete(workflow_id)
            case RunEnd.RESET:
                await self.reset(workflow_id)
            case _:
                raise AssertionError(how)

    async def reconcile(self) -> ReconciliationReport:
        """Run the reconciliation, and the settlements that it starts, to the end."""
        report = await self.env.client.execute_workflow(
            ReconciliationWorkflow.run, NOW, id=unique("reconcile"), task_queue=self.queue
        )
        async with asyncio.timeout(TIMEOUT):
            for request_id in report.gone:
                await self._handle(ending_id(request_id)).result()
        return report

    async def reconcile_until_gone(self) -> ReconciliationReport:
        """Repeat the reconciliation until it finds a request: a conflict shows only after a try."""
        async with asyncio.timeout(TIMEOUT):
            while not (report := await self.reconcile()).gone:  # noqa: ASYNC110 - the server sends no event
                await asyncio.sleep(POLL)
        return report

    async def reset(self, workflow_id: str, task: int = 0) -> None:
        """Take a workflow back to the end of its workflow task number `task`, counted from 0."""
        done = await self.completed_tasks(workflow_id)
        await self.env.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.env.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id),
                reason="by hand",
                workflow_task_finish_event_id=done[task],
                request_id=unique("reset"),
            )
        )

    async def completed_tasks(self, workflow_id: str) -> list[int]:
        """Return the events that completed the workflow's tasks."""
        history = await self._handle(workflow_id).fetch_history()
        return [
            event.event_id
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        ]

    async def _cancel(self, workflow_id: str) -> None:
        await self._handle(workflow_id).cancel()
        with pytest.raises(WorkflowFailureError):
            await self._handle(workflow_id).result()

    async def _delete(self, workflow_id: str) -> None:
        await self.env.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=self.env.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            )
        )
        async with asyncio.timeout(TIMEOUT):
            while await exists(self.env, workflow_id):  # noqa: ASYNC110 - the server sends no event
                await asyncio.sleep(POLL)

    def _handle(self, workflow_id: str) -> WorkflowHandle[Any, Any]:
        return self.env.client.get_workflow_handle(workflow_id)
