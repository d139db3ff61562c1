"""The rows behind the inbox: pending and past decisions, written in the transaction of the facts."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from records.schema import decided, waiting
from records.transaction import Transaction
from workflows.rules.approvals.request import RequestKind
from workflows.rules.inbox import WaitingApprover
from workflows.rules.shared.audit import AuditEvent, Fact

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The stored deadline of a request that never expires, so that it sorts last."""


async def keep_waiting(
    connection: Transaction, request_id: str, now_waiting: Sequence[WaitingApprover]
) -> frozenset[str]:
    """Update a request's pending decisions to its new state. Most facts change none of them.

    Returns everyone with a pending decision before or after, because their inbox may have changed.
    """
    of_request = waiting.c.request_id == request_id
    found = await connection.execute(select(waiting).where(of_request).order_by(waiting.c.place))
    before = tuple(map(waiting_of, found))
    after = tuple(replace(row, request_id=request_id) for row in now_waiting)
    if before != after:
        await connection.execute(delete(waiting).where(of_request))
        if after:
            await connection.execute(
                insert(waiting), [_row(place, row) for place, row in enumerate(after)]
            )
    return frozenset(row.person for row in (*before, *after))


async def keep_decisions(
    connection: Transaction, facts: Iterable[AuditEvent], about: RequestKind
) -> None:
    """Store which of these new facts of one request are decisions, and who made them."""
    rows: list[dict[str, Any]] = [
        {
            "request_id": fact.request_id,
            "sequence": fact.sequence,
            "person": fact.actor.person,
            "about": about,
            "at": fact.at,
        }
        for fact in facts
        if fact.kind is Fact.DECISION_RECORDED
    ]
    if rows:
        again = decided.c.sequence.in_([row["sequence"] for row in rows])
        of_request = decided.c.request_id == rows[0]["request_id"]
        await connection.execute(
            delete(decided).where(of_request, again)
        )  # of a trail that was restored
        await connection.execute(insert(decided), rows)


def waiting_of(row: Row[Any]) -> WaitingApprover:
    """Return the pending decision in a row, which may have other columns too."""
    return WaitingApprover(
        request_id=row.request_id,
        person=row.person,
        seat=row.seat,
        source=row.source,
        about=RequestKind(row.about),
        policy=row.policy,
        since=row.since,
        expires_at=None if row.expires_at == FOREVER else row.expires_at,
        starts=row.starts,
        ends=row.ends,
    )


def _row(place: int, pending: WaitingApprover) -> dict[str, object]:
    return asdict(pending) | {"place": place, "expires_at": pending.expires_at or FOREVER}
