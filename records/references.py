"""The requests that other records refer to. Each has a trail: without one, it was deleted."""

import json

from sqlalchemy import ColumnElement, CompoundSelect, exists, or_, select, union

from records.schema import (
    audit_events,
    cards,
    decided,
    payments,
    payouts,
    personnel_entries,
    redactions,
    requests,
    reservations,
    shipments,
    time_off_bookings,
)
from records.transaction import Transaction
from workflows.rules.shared.ids import approval_id, parent_id

TRAIL_COLUMNS = (audit_events.c.request_id, requests.c.request_id, redactions.c.request_id)
"""The ids of a trail's own rows."""
REFERENCES: tuple[ColumnElement[str], ...] = (
    cards.c.request_id,
    requests.c.owner_id,
    decided.c.request_id,
    shipments.c.order_id,
    reservations.c.order_id,
    payments.c.order_id,
    time_off_bookings.c.request_id,
    payouts.c.request_id,
    personnel_entries.c.request_id,
)
"""The columns that name a request of which the trail has facts already."""
_PARENTS = requests.c.kind.in_(("order", "hr"))


def known_ids() -> CompoundSelect[tuple[str]]:
    """Return the statement that selects the id of every request in the records, each once."""
    approvals = select(requests.c.request_id + approval_id("")).where(_PARENTS)
    return union(*(select(column) for column in (*TRAIL_COLUMNS, *REFERENCES)), approvals)


async def is_referenced(connection: Transaction, request_id: str) -> bool:
    """Return whether another record proves that the trail of this request had facts."""
    named = or_(*(exists().where(column == request_id) for column in REFERENCES))
    if await connection.scalar(select(named)):
        return True
    parent = select(requests.c.face).where(
        requests.c.request_id == parent_id(request_id), requests.c.request_id != request_id
    )
    face = await connection.scalar(parent)
    return face is not None and json.loads(face).get("approval") is not None
