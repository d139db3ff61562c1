"""Deriving a workflow's audit facts by replaying its history with the workflow code."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from bot.temporal.start_refusals import refusal_in
from workflows.payloads import data_converter
from workflows.ports.approvals import AuditBatch
from workflows.registry import WORKFLOWS, runner
from workflows.rules.shared.audit import AuditEvent

RPC_LIMIT = timedelta(seconds=10)
_APPEND = "append"
"""The activity name of `AuditPort.append`."""
_CUT_OFF = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
)
REPLAY_LIMIT = 60.0
"""Seconds that a replay may take. It usually takes about ten milliseconds."""


class NotReplayableError(Exception):
    """The history exists, but this version of the workflows cannot replay it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedFacts:
    """The facts that a workflow had to append, derived from its history.

    `batches` are the batches it sent to the audit, keyed by the sequence of their last fact. The
    audit has confirmed facts up to `acknowledged`. `finished` means that the workflow completed,
    so no facts can follow, and `cut_off` that it was ended without completing.
    `was_reset` means that its last run began with the history of another. A workflow sends facts only after the step that caused them is in its
    history, so every appended fact can be derived.
    """

    facts: Mapping[int, AuditEvent]
    batches: Mapping[int, AuditBatch]
    acknowledged: int
    finished: bool
    cut_off: bool = False
    was_reset: bool = False


async def replay_facts(client: Client, workflow_id: str) -> ReplayedFacts | None:
    """Replay every run of a workflow, oldest first, and return the facts it had to append.

    Returns None if Temporal does not know the workflow or has deleted it, or if it only has a
    refused start under the same id, which appended no fact. If only the oldest runs are deleted,
    the first facts are missing. Safe to repeat: nothing is written.

    Raises:
        NotReplayableError: this version's code does not match the history.
        RPCError: Temporal is unavailable.

    """
    histories = await _histories(client, workflow_id)
    if not histories or await refusal_in(histories[-1]):
        return None
    collected = _Collected()
    with ThreadPoolExecutor(max_workers=2) as threads:
        replayer = Replayer(
            workflows=WORKFLOWS,
            data_converter=data_converter,
            workflow_runner=runner(sandboxed=False),
            workflow_task_executor=threads,
            interceptors=[_Collecting(collected)],
        )
        for history in histories:
            await _replay(replayer, history)
    for history in histories:
        await _use_recorded(history, collected)
    last = histories[-1].events
    return ReplayedFacts(
        facts=collected.facts,
        batches=collected.batches,
        acknowledged=collected.acknowledged,
        finished=last[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        cut_off=last[-1].event_type in _CUT_OFF,
        was_reset=any(_is_reset(event) for event in last),
    )


def _is_reset(event: HistoryEvent) -> bool:
    failed = event.workflow_task_failed_event_attributes
    return failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW


async def _histories(client: Client, workflow_id: str) -> list[WorkflowHistory]:
    """Return the histories of all runs that Temporal still has, oldest first."""
    histories: list[WorkflowHistory] = []
    run_id: str | None = None
    while run_id != "":
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            history = await handle.fetch_history(rpc_timeout=RPC_LIMIT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                break
            raise
        histories.insert(0, history)
        started = history.events[0].workflow_execution_started_event_attributes
        run_id = started.continued_execution_run_id
    return histories


async def _replay(replayer: Replayer, history: WorkflowHistory) -> None:
    try:
        async with asyncio.timeout(REPLAY_LIMIT):
            await replayer.replay_workflow(history)
    except Exception as error:
        raise NotReplayableError(f"{type(error).__name__}: {error}") from error


async def _use_recorded(history: WorkflowHistory, collected: "_Collected") -> None:
    """Replace derived batches by the batches recorded in the history.

    The replay's clock may differ from the original run's, because replay skips a workflow task
    that only waited for a local activity. Another version may also have written other data.
    """
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == _APPEND:
            (batch,) = await data_converter.decode(scheduled.input.payloads, [AuditBatch])
            collected.facts |= {fact.sequence: fact for fact in batch.facts}
            collected.batches[batch.facts[-1].sequence] = batch


@dataclass(slots=True)
class _Collected:
    """The batches that a workflow sent to the audit trail, over all its runs."""

    facts: dict[int, AuditEvent] = field(default_factory=dict)
    batches: dict[int, AuditBatch] = field(default_factory=dict)
    acknowledged: int = 0

    def add(self, batch: AuditBatch) -> None:
        for fact in batch.facts:
            known = self.facts.setdefault(fact.sequence, fact)
            if known != fact:
                raise NotReplayableError(f"fact {fact.sequence} was sent in two versions")
        self.batches[batch.facts[-1].sequence] = batch

    def confirm(self, batch: AuditBatch) -> None:
        self.acknowledged = max(self.acknowledged, batch.facts[-1].sequence)


class _Collecting(Interceptor):
    """Collects the batches that each replayed workflow sends to the audit."""

    def __init__(self, collected: _Collected) -> None:
        self._collected = collected

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - Temporal's parameter name
    ) -> type[WorkflowInboundInterceptor]:
        """Return the interceptor class. Temporal creates an instance for each workflow."""
        collected = self._collected

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Outbound(outbound, collected))

        return Inbound


class _Outbound(WorkflowOutboundInterceptor):
    """Observes each started activity; issues no commands."""

    def __init__(self, following: WorkflowOutboundInterceptor, collected: _Collected) -> None:
        super().__init__(following)
        self._collected = collected

    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002 - Temporal's parameter name
        """Collect the batch if this activity appends to the audit."""
        handle = self.next.start_activity(input)
        if len(input.args) == 1 and isinstance(input.args[0], AuditBatch):
            batch, collected = input.args[0], self._collected
            collected.add(batch)

            def ended(task: asyncio.Task[Any]) -> None:
                if not task.cancelled() and task.exception() is None:
                    collected.confirm(batch)

            handle.add_done_callback(ended)
        return handle
