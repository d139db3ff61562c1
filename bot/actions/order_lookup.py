"""Where an order stands, for whoever asks: from the running order, else as the records last had it."""

from dataclasses import replace

from bot.temporal.calls import TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.requests import RequestRecord, Requests
from records.snapshots import read_snapshot
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot, OrderStatus


class OrderLookup:
    """Asks the order's workflow, also after its end, and where that gives no answer the records."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def look_up(self, order_id: str) -> OrderSnapshot | None:
        """Return the order with its approval as it stands now, or None where there is none.

        The workflow has two seconds for its answer. Where the records had to answer, the face says
        `as_of` when they last heard of it.
        """
        try:
            snapshot = await self._workflows.order_details(order_id)
        except TemporalUnavailableError:
            snapshot = None
        if snapshot is not None:
            return await self._with_approval(snapshot)
        return await self._recorded(order_id)

    async def latest_of(self, person: str, limit: int = 10) -> list[OrderSnapshot]:
        """Return a person's latest orders as the records have them, the newest first."""
        records = await self._requests.latest_of(person, kind="order", limit=limit)
        snapshots = [read_snapshot(record.face) for record in records]
        return [
            await self._with_approval(snapshot)
            for snapshot in snapshots
            if isinstance(snapshot, OrderSnapshot)
        ]

    async def _recorded(self, order_id: str) -> OrderSnapshot | None:
        record = await self._requests.get(order_id)
        snapshot = read_snapshot(record.face) if record else None
        if record is None or not isinstance(snapshot, OrderSnapshot):
            return None
        heard = record.changed_at
        approval = await self._approval_of(snapshot)
        if approval is not None:
            heard = max(heard, approval.changed_at)
        return replace(_joined(snapshot, approval), as_of=heard)

    async def _with_approval(self, snapshot: OrderSnapshot) -> OrderSnapshot:
        return _joined(snapshot, await self._approval_of(snapshot))

    async def _approval_of(self, snapshot: OrderSnapshot) -> RequestRecord | None:
        """While an order waits for its approval, only the approval knows how that stands."""
        if snapshot.status is not OrderStatus.AWAITING_APPROVAL:
            return None
        return await self._requests.get(snapshot.approval_id)


def _joined(snapshot: OrderSnapshot, record: RequestRecord | None) -> OrderSnapshot:
    approval = read_snapshot(record.face) if record else None
    return (
        replace(snapshot, approval=approval) if isinstance(approval, ApprovalSnapshot) else snapshot
    )
