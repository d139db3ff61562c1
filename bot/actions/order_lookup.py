"""The current state of an order: from its workflow or, if it does not answer, the records."""

from dataclasses import replace

from bot.temporal.calls import NamespaceMissingError, TemporalUnavailableError
from bot.temporal.client import WorkflowClient
from records.requests import RequestRecord, Requests
from records.snapshots import decode_as
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot


class OrderLookup:
    """Queries the order's workflow, also after it ended, and falls back to the records."""

    def __init__(self, requests: Requests, workflows: WorkflowClient) -> None:
        self._requests = requests
        self._workflows = workflows

    async def look_up(self, order_id: str) -> OrderSnapshot | None:
        """Return the current order with its approval, or None if there is none.

        The workflow has two seconds to answer. If the snapshot is from the records, its
        `as_of` is when they were last updated.
        """
        try:
            snapshot = await self._workflows.order_details(order_id)
        except TemporalUnavailableError:
            snapshot = None
        if snapshot is not None:
            return await self._with_approval(snapshot)
        return await self._recorded(order_id)

    async def latest_of(self, person: str, limit: int = 10) -> list[OrderSnapshot]:
        """Return a person's latest orders as the records have them, newest first."""
        records = await self._requests.orders(requester=person, limit=limit)
        snapshots = [decode_as(record.face, OrderSnapshot) for record in records]
        return [await self._with_approval(snapshot) for snapshot in snapshots if snapshot]

    async def exists(self, order_id: str) -> bool:
        """Return whether there is such an order; True also if Temporal does not answer.

        Raises NamespaceMissingError: nothing can be found then.
        """
        try:
            return await self._workflows.order_status(order_id) is not None
        except NamespaceMissingError:
            raise
        except TemporalUnavailableError:
            return True

    async def requires_approval(self, order_id: str) -> bool | None:
        """Return whether the order needs an approval; None if Temporal has no such order.

        Raises TemporalUnavailableError if there is no answer in time.
        """
        return await self._workflows.order_requires_approval(order_id)

    async def _recorded(self, order_id: str) -> OrderSnapshot | None:
        record = await self._requests.get(order_id)
        snapshot = decode_as(record.face, OrderSnapshot) if record else None
        if record is None or snapshot is None:
            return None
        as_of = record.changed_at
        approval = await self._approval_of(snapshot)
        if approval is not None:
            as_of = max(as_of, approval.changed_at)
        return replace(_joined(snapshot, approval), as_of=as_of)

    async def _with_approval(self, snapshot: OrderSnapshot) -> OrderSnapshot:
        return _joined(snapshot, await self._approval_of(snapshot))

    async def _approval_of(self, snapshot: OrderSnapshot) -> RequestRecord | None:
        """Return the approval that the order waits for; it is newer than the order's own snapshot."""
        if not snapshot.waits_for_approval:
            return None
        return await self._requests.get(snapshot.approval_id)


def _joined(snapshot: OrderSnapshot, record: RequestRecord | None) -> OrderSnapshot:
    approval = decode_as(record.face, ApprovalSnapshot) if record else None
    return replace(snapshot, approval=approval) if approval else snapshot
