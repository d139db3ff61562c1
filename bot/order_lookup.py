"""Where an order stands, for whoever asks: the same truth as its card shows."""

from dataclasses import replace

from bot.faces import read_face
from records.requests import Requests
from workflows.rules.face import ApprovalFace
from workflows.rules.order import Face, OrderFace, OrderStatus


class OrderLookup:
    """Reads from `records/`, which is written with the audit, before any card."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def look_up(self, order_id: str) -> OrderFace | None:
        """Return the order with its approval as it stands now, or None where there is none."""
        face = await self._face(order_id)
        return await self._with_approval(face) if isinstance(face, OrderFace) else None

    async def latest_of(self, person: str, limit: int = 10) -> list[OrderFace]:
        """Return a person's latest orders, the newest first."""
        records = await self._requests.latest_of(person, kind="order", limit=limit)
        faces = [read_face(record.face) for record in records]
        return [await self._with_approval(face) for face in faces if isinstance(face, OrderFace)]

    async def _with_approval(self, face: OrderFace) -> OrderFace:
        """While an order waits for its approval, only the approval knows how that stands."""
        if face.status is not OrderStatus.AWAITING_APPROVAL:
            return face
        approval = await self._face(face.approval_id)
        return replace(face, approval=approval) if isinstance(approval, ApprovalFace) else face

    async def _face(self, request_id: str) -> Face | None:
        record = await self._requests.get(request_id)
        return read_face(record.face) if record else None
