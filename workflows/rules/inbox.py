"""The inbox: which people a request is waiting for, and where its requester finds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from workflows.rules.approvals.request import Delegate, RequestKind
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.snapshots import Snapshot

_MIN_TIME = datetime.min.replace(tzinfo=UTC)
_MAX_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingApprover:
    """A person who may decide on a request, now or later, and has not decided yet.

    `seat` is the approver that they decide for: themselves, or an approver whose delegate they
    are from `starts` (inclusive) until `ends` (exclusive), if bounded. `source` is the approver
    source that names the seat. `since` is when the request began to wait for them. At any instant
    a person waits at most once per request.
    """

    request_id: str
    person: str
    seat: str
    source: str
    about: RequestKind
    policy: str
    since: datetime
    expires_at: datetime | None
    starts: datetime | None = None
    ends: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Return whether they may decide at `now`."""
        has_started = self.starts is None or self.starts <= now
        return has_started and (self.ends is None or now < self.ends)


def waiting_approvers(snapshot: Snapshot) -> tuple[WaitingApprover, ...]:
    """Return the people who may decide on the open level, now or later, and have not decided yet.

    Empty while the request is blocked, waits for changes or is closed. Also empty for orders and
    HR requests, whose approvals wait instead. At any instant these are exactly the people of
    `seats.may_decide`, each with the seat of `seats.seat_for`.
    """
    level = snapshot.open_level if isinstance(snapshot, ApprovalSnapshot) else None
    if not isinstance(snapshot, ApprovalSnapshot) or level is None or level.blocked:
        return ()
    sources = {approver.person: approver.source for approver in level.asked}
    opened = level.opened_at or snapshot.changed_at
    return tuple(
        WaitingApprover(
            request_id=snapshot.request_id,
            person=holder.person,
            seat=holder.seat,
            source=sources.get(holder.seat, ""),
            about=snapshot.about,
            policy=snapshot.policy,
            since=max(opened, holder.starts or opened),
            expires_at=level.expires_at,
            starts=holder.starts,
            ends=holder.ends,
        )
        for holder in _without_overlap(_seat_holders(level))
    )


def _seat_holders(level: LevelSnapshot) -> Iterator[Delegate]:
    """Yield who may decide for each open seat: its owner, and delegates who own no seat here."""
    filled = {decision.seat for decision in level.decisions}
    counted = filled | {decision.person for decision in level.decisions}
    unfilled = [seat for seat in level.eligible if seat not in filled]
    owners = (Delegate(person=seat, seat=seat) for seat in unfilled)
    delegates = (
        delegate
        for delegate in level.delegates
        if delegate.seat in unfilled and delegate.person not in level.eligible
    )
    for holder in (*owners, *delegates):
        if holder.person not in counted:
            yield holder


def _without_overlap(holders: Iterator[Delegate]) -> Iterator[Delegate]:
    """Cut off the time in which the same person holds an earlier seat: that seat is filled first.

    A span that ends before it starts is never active, so it yields nothing and cuts nothing off.
    """
    earlier_spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for holder in holders:
        span = (holder.starts or _MIN_TIME, holder.ends or _MAX_TIME)
        earlier = earlier_spans.setdefault(holder.person, [])
        for starts, ends in _remainder(span, earlier):
            yield Delegate(
                person=holder.person,
                seat=holder.seat,
                starts=starts if starts > _MIN_TIME else None,
                ends=ends if ends < _MAX_TIME else None,
            )
        if span[0] < span[1]:
            earlier.append(span)


def _remainder(
    span: tuple[datetime, datetime], earlier: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Return the parts of a time span that no earlier span covers, without empty parts."""
    parts = [span]
    for starts, ends in earlier:
        parts = [
            part
            for start, end in parts
            for part in ((start, min(end, starts)), (max(start, ends), end))
        ]
    return [(start, end) for start, end in parts if start < end]


def listed_as(snapshot: Snapshot) -> str:
    """Return the kind under which its requester finds it; empty for a child approval.

    The approval of an order or HR request is found under its parent.
    """
    return "" if snapshot.is_child else snapshot.about
