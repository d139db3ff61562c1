"""Where an HR request stands, for whoever may know: from its workflow, else from the records."""

from dataclasses import replace

from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.requests import Requests
from records.snapshots import read_snapshot
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot


class HrLookup:
    """Asks the request's workflow, also after its end, and where that gives no answer the records."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def look_up(self, request_id: str) -> HrSnapshot | None:
        """Return the request with its approval as it stands now, or None where there is none.

        Where the records had to answer, the face says `as_of` when they last heard of it. Who may
        read it is not checked here.
        """
        try:
            snapshot = await self._workflows.hr_state(request_id)
        except TemporalUnavailableError:
            snapshot = None
        if snapshot is not None:
            return await self._with_approval(snapshot)
        record = await self._requests.get(request_id)
        known = read_snapshot(record.face) if record else None
        if record is None or not isinstance(known, HrSnapshot):
            return None
        return await self._with_approval(replace(known, as_of=record.changed_at))

    async def latest_of(self, person: str, limit: int = 10) -> list[HrSnapshot]:
        """Return a person's latest HR requests as the records have them, the newest first."""
        records = await self._requests.latest_of(person, kind="hr", limit=limit)
        snapshots = [read_snapshot(record.face) for record in records]
        return [
            await self._with_approval(snapshot)
            for snapshot in snapshots
            if isinstance(snapshot, HrSnapshot)
        ]

    async def _with_approval(self, snapshot: HrSnapshot) -> HrSnapshot:
        """While the request waits for its approval, only the approval knows how that stands."""
        if snapshot.status is not Status.PENDING:
            return snapshot
        record = await self._requests.get(snapshot.approval_id)
        approval = read_snapshot(record.face) if record else None
        if record is None or not isinstance(approval, ApprovalSnapshot):
            return snapshot
        as_of = max(snapshot.as_of, record.changed_at) if snapshot.as_of else None
        return replace(snapshot, approval=approval, status=approval.status, as_of=as_of)
