"""Where an HR request stands, for whoever may know: from its workflow, else from the records."""

from dataclasses import replace

from bot.temporal.client import TemporalUnavailableError, WorkflowClient
from records.requests import Requests
from records.snapshots import read_face
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalFace
from workflows.rules.hr.snapshot import HrFace


class HrLookup:
    """Asks the request's workflow, also after its end, and where that gives no answer the records."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def look_up(self, request_id: str) -> HrFace | None:
        """Return the request with its approval as it stands now, or None where there is none.

        Where the records had to answer, the face says `as_of` when they last heard of it. Who may
        read it is not checked here.
        """
        try:
            face = await self._workflows.hr_state(request_id)
        except TemporalUnavailableError:
            face = None
        if face is not None:
            return await self._with_approval(face)
        record = await self._requests.get(request_id)
        known = read_face(record.face) if record else None
        if record is None or not isinstance(known, HrFace):
            return None
        return await self._with_approval(replace(known, as_of=record.changed_at))

    async def latest_of(self, person: str, limit: int = 10) -> list[HrFace]:
        """Return a person's latest HR requests as the records have them, the newest first."""
        records = await self._requests.latest_of(person, kind="hr", limit=limit)
        faces = [read_face(record.face) for record in records]
        return [await self._with_approval(face) for face in faces if isinstance(face, HrFace)]

    async def _with_approval(self, face: HrFace) -> HrFace:
        """While the request waits for its approval, only the approval knows how that stands."""
        if face.status is not Status.PENDING:
            return face
        record = await self._requests.get(face.approval_id)
        approval = read_face(record.face) if record else None
        if record is None or not isinstance(approval, ApprovalFace):
            return face
        as_of = max(face.as_of, record.changed_at) if face.as_of else None
        return replace(face, approval=approval, status=approval.status, as_of=as_of)
