"""Where an order stands, for whoever asks: from the running order, else as the records last had it."""

from dataclasses import replace

from bot.temporal.client import TemporalUnavailableError, WorkflowClient
from records.requests import RequestRecord, Requests
from records.snapshots import read_face
from workflows.rules.approvals.snapshot import ApprovalFace
from workflows.rules.orders.order import OrderFace, OrderStatus


class OrderLookup:
    """Asks the order's workflow, also after its end, and where that gives no answer the records."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def look_up(self, order_id: str) -> OrderFace | None:
        """Return the order with its approval as it stands now, or None where there is none.

        The workflow has two seconds for its answer. Where the records had to answer, the face says
        `as_of` when they last heard of it.
        """
        try:
            face = await self._workflows.order_details(order_id)
        except TemporalUnavailableError:
            face = None
        if face is not None:
            return await self._with_approval(face)
        return await self._recorded(order_id)

    async def latest_of(self, person: str, limit: int = 10) -> list[OrderFace]:
        """Return a person's latest orders as the records have them, the newest first."""
        records = await self._requests.latest_of(person, kind="order", limit=limit)
        faces = [read_face(record.face) for record in records]
        return [await self._with_approval(face) for face in faces if isinstance(face, OrderFace)]

    async def _recorded(self, order_id: str) -> OrderFace | None:
        record = await self._requests.get(order_id)
        face = read_face(record.face) if record else None
        if record is None or not isinstance(face, OrderFace):
            return None
        heard = record.changed_at
        approval = await self._approval_of(face)
        if approval is not None:
            heard = max(heard, approval.changed_at)
        return replace(_joined(face, approval), as_of=heard)

    async def _with_approval(self, face: OrderFace) -> OrderFace:
        return _joined(face, await self._approval_of(face))

    async def _approval_of(self, face: OrderFace) -> RequestRecord | None:
        """While an order waits for its approval, only the approval knows how that stands."""
        if face.status is not OrderStatus.AWAITING_APPROVAL:
            return None
        return await self._requests.get(face.approval_id)


def _joined(face: OrderFace, record: RequestRecord | None) -> OrderFace:
    approval = read_face(record.face) if record else None
    return replace(face, approval=approval) if isinstance(approval, ApprovalFace) else face
