"""What an inbox is made of, kept in the transaction of the facts: who is waited for, who decided."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from records.schema import decided, waiting
from records.transaction import Transaction
from workflows.rules.approvals.request import RequestKind
from workflows.rules.inbox import Waiting
from workflows.rules.shared.audit import AuditEvent, Fact

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The deadline, in the table, of what never expires: it comes last."""


async def keep_waiting(
    connection: Transaction, request_id: str, now_waiting: Sequence[Waiting]
) -> frozenset[str]:
    """Bring the rows of a request to what its state says; most facts change nothing there.

    Returns everybody who was waited for before or is now: what they see may have changed.
    """
    ours = waiting.c.request_id == request_id
    found = await connection.execute(select(waiting).where(ours).order_by(waiting.c.place))
    before = tuple(map(waiting_of, found))
    after = tuple(replace(one, request_id=request_id) for one in now_waiting)
    if before != after:
        await connection.execute(delete(waiting).where(ours))
        if after:
            await connection.execute(insert(waiting), [_row(*one) for one in enumerate(after)])
    return frozenset(one.person for one in (*before, *after))


async def keep_decisions(
    connection: Transaction, facts: Iterable[AuditEvent], about: RequestKind
) -> None:
    """Note which of these new facts of one request are decisions, and whose."""
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
        ours = decided.c.request_id == rows[0]["request_id"]
        await connection.execute(delete(decided).where(ours, again))  # a trail written once more
        await connection.execute(insert(decided), rows)


def waiting_of(row: Row[Any]) -> Waiting:
    """Return what a row of the table says, among other columns perhaps."""
    return Waiting(
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


def _row(place: int, one: Waiting) -> dict[str, object]:
    return asdict(one) | {"place": place, "expires_at": one.expires_at or FOREVER}
