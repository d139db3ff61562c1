"""The reconciliation port: open requests in `records/`, and their workflows in Temporal."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.audit import AUDIT_CONFLICT, public_state
from records.audit import AuditTrail
from records.database import Database
from records.open_requests import KnownState, OpenRequests
from workflows.ports.approvals import AuditBatch
from workflows.ports.reconciliation import (
    Compared,
    EndedRequest,
    EndQuestion,
    GoneRun,
    OpenQuestion,
    ReconciliationPort,
)
from workflows.rules.ended_outside import ENDED_OUTSIDE, RunEnd, ending_fact
from workflows.rules.journeys import journey_of
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.card import CardCopy
from workflows.rules.shared.ids import approval_id, parent_id

PAGE_SIZE = 100
"""Requests compared per call."""
CONCURRENT_CALLS = 8
SUSPICIOUS = 10
"""If Temporal knows none of at least this many open requests, it is not their Temporal."""

_ENDS = {
    WorkflowExecutionStatus.TERMINATED: RunEnd.TERMINATED,
    WorkflowExecutionStatus.CANCELED: RunEnd.CANCELLED,
    WorkflowExecutionStatus.FAILED: RunEnd.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: RunEnd.TIMED_OUT,
    WorkflowExecutionStatus.COMPLETED: RunEnd.COMPLETED,
}
_GOING_ON = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_QUERIES = {"approval": "state", "order": "details", "hr": "state"}
"""The query that returns the snapshot, by the kind of the request."""
RPC_TIMEOUT = timedelta(seconds=10)


class ReconciliationActivities(ReconciliationPort):
    """Compares the records with the Temporal server that runs the activity."""

    def __init__(self, database: Database) -> None:
        self._open = OpenRequests(database)
        self._trail = AuditTrail(database)

    @activity.defn
    async def compare(self, question: OpenQuestion) -> Compared:
        """Ask Temporal about each request of a page; see the port."""
        ids = await self._open.page(question.before, question.after, PAGE_SIZE)
        gate = asyncio.Semaphore(CONCURRENT_CALLS)

        async def end_of(request_id: str) -> RunEnd | None:
            async with gate:
                return await self._run_end(request_id)

        ends = await asyncio.gather(*map(end_of, ids))
        if len(ids) >= SUSPICIOUS and all(end is RunEnd.DELETED for end in ends):
            message = f"Temporal knows none of {len(ids)} open requests: nothing was ended"
            activity.logger.error(message)
            raise ApplicationError(message, type="reconciliation.suspicious", non_retryable=True)
        gone = tuple(
            GoneRun(request_id=request_id, how=end)
            for request_id, end in zip(ids, ends, strict=True)
            if end is not None
        )
        after = ids[-1] if len(ids) == PAGE_SIZE else ""
        return Compared(compared=len(ids), gone=gone, after=after)

    @activity.defn
    async def end_request(self, question: EndQuestion) -> EndedRequest | None:
        """Append the last fact and end the workflows that would continue without their parent; see the port."""
        run = question.run
        known = await self._open.get(run.request_id)
        if known is None:
            return None
        if known.goes_on:
            known = await self._end(known, question)
        elif not await self._was_ended_outside(run.request_id):
            return None
        parent = await self._open.get(parent_id(run.request_id)) if known.face.is_child else None
        copies = known.copies or await self._copies_of_approval(run.request_id)
        return EndedRequest(
            face=known.face,
            shown=parent.face if parent is not None and not parent.goes_on else known.face,
            copies=tuple(_searched_for(copy, known.opened_at) for copy in copies),
            is_told=known.face.is_child,
        )

    async def _run_end(self, request_id: str) -> RunEnd | None:
        """Return the way in which a request's workflow was ended; None if it is running."""
        handle = activity.client().get_workflow_handle(request_id)
        try:
            found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return RunEnd.DELETED
            raise
        is_reset = found.raw_description.workflow_extended_info.HasField("last_reset_time")
        if found.status is None or found.status in _GOING_ON:
            return RunEnd.RESET if is_reset and await self._has_diverged(found) else None
        return RunEnd.RESET if is_reset else _ENDS[found.status]

    async def _has_diverged(self, found: WorkflowExecutionDescription) -> bool:
        """Return whether a reset took the workflow back behind the facts that are recorded.

        It would record other facts under the same numbers, which the audit trail refuses.
        """
        if _has_conflict(found):
            return True
        known = await self._open.get(found.id)
        if known is None:
            return False
        handle = activity.client().get_workflow_handle(found.id)
        snapshot = await handle.query(
            _QUERIES[known.face.kind], result_type=type(known.face), rpc_timeout=RPC_TIMEOUT
        )
        return bool(snapshot.changed_at < known.face.changed_at)

    async def _end(self, known: KnownState, question: EndQuestion) -> KnownState:
        """Append the last fact, after ending the workflows that must not continue."""
        run, now, journey = question.run, question.now, journey_of(known.face)
        if run.how is RunEnd.RESET:
            await _terminate(run.request_id)
        if journey.has_child_approval:  # its next comparison settles it
            await _terminate(approval_id(run.request_id))
        activity.logger.warning("%s was ended outside Countersign: %s", run.request_id, run.how)
        face = journey.end_outside(known.face, now)
        batch = AuditBatch(
            request_id=run.request_id,
            owner_id=known.owner_id,
            facts=(ending_fact(run.request_id, known.sequence + 1, run.how, now),),
            face=face,
            readers=known.readers,
            copies=known.copies,
        )
        await self._trail.append(batch.facts, public_state(batch))
        return replace(known, face=face, goes_on=False)

    async def _was_ended_outside(self, request_id: str) -> bool:
        facts = await self._trail.facts(request_id)
        return facts[-1].kind is Fact.ENDED_OUTSIDE

    async def _copies_of_approval(self, request_id: str) -> tuple[CardCopy, ...]:
        """Return the copies that the request would have taken over from its approval."""
        approval = await self._open.get(approval_id(request_id))
        return approval.copies if approval is not None else ()


async def _terminate(workflow_id: str) -> None:
    """Terminate a workflow whose facts can no longer be recorded. Safe to repeat."""
    handle = activity.client().get_workflow_handle(workflow_id)
    try:
        await handle.terminate(reason=ENDED_OUTSIDE, rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _searched_for(copy: CardCopy, opened_at: datetime) -> CardCopy:
    """Return a copy that is searched for in Slack if the records do not have its message."""
    if copy.ts:
        return copy
    return replace(copy, doubtful=True, intended_at=copy.intended_at or opened_at)


def _has_conflict(found: WorkflowExecutionDescription) -> bool:
    """Whether the workflow tries to append a fact whose number is taken by another."""
    return any(
        pending.last_failure.application_failure_info.type == AUDIT_CONFLICT
        for pending in found.raw_description.pending_activities
    )
