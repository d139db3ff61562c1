"""The inbox: on whom a request waits, and where people find it. Pure functions of a face."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from workflows.rules.approvals.request import Delegate, RequestKind
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import ENDED, OrderSnapshot
from workflows.rules.snapshots import Snapshot

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingApprover:
    """Somebody who may decide on a request now, or will, and has not.

    `seat` is the approver for whom they decide: themselves, or somebody they stand in for from
    `starts` (inclusive) until `ends` (exclusive), if bounded. `source` names that approver.
    `since` is when it began to wait for them. At one instant nobody waits twice on one request.
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
        """Whether they may decide at `now`."""
        begun = self.starts is None or self.starts <= now
        return begun and (self.ends is None or now < self.ends)


def waiting_approvers(snapshot: Snapshot) -> tuple[WaitingApprover, ...]:
    """Return who may decide on the open level, now or later, and has not.

    Nobody while it is blocked, waits for changes, or is closed; an order waits on nobody, its
    approval does. At any instant these are exactly the people of `seats.may_decide`, each with
    the seat of `seats.seat_of`.
    """
    level = snapshot.open_level if isinstance(snapshot, ApprovalSnapshot) else None
    if not isinstance(snapshot, ApprovalSnapshot) or level is None or level.blocked:
        return ()
    sources = {one.person: one.source for one in level.asked}
    opened = level.opened_at or snapshot.changed_at
    return tuple(
        WaitingApprover(
            request_id=snapshot.request_id,
            person=one.person,
            seat=one.seat,
            source=sources.get(one.seat, ""),
            about=snapshot.about,
            policy=snapshot.policy,
            since=max(opened, one.starts or opened),
            expires_at=level.expires_at,
            starts=one.starts,
            ends=one.ends,
        )
        for one in _without_overlap(_able(level))
    )


def _able(level: LevelSnapshot) -> Iterator[Delegate]:
    """Yield who may decide for which open seat: its owner, and who stands in and owns none here."""
    filled = {said.seat for said in level.decisions}
    counted = filled | {said.person for said in level.decisions}
    unfilled = [seat for seat in level.eligible if seat not in filled]
    owners = (Delegate(person=seat, seat=seat) for seat in unfilled)
    stand_ins = (
        one for one in level.delegates if one.seat in unfilled and one.person not in level.eligible
    )
    for one in (*owners, *stand_ins):
        if one.person not in counted:
            yield one


def _without_overlap(able: Iterator[Delegate]) -> Iterator[Delegate]:
    """Cut off from each what the same person was given before: a decision fills the first seat."""
    taken: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in able:
        span = (one.starts or _BEGINNING, one.ends or _END)
        before = taken.setdefault(one.person, [])
        for starts, ends in _rest(span, before):
            yield Delegate(
                person=one.person,
                seat=one.seat,
                starts=starts if starts > _BEGINNING else None,
                ends=ends if ends < _END else None,
            )
        before.append(span)


def _rest(
    span: tuple[datetime, datetime], taken: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Return what is left of a span of time, in parts that are not empty."""
    left = [span]
    for starts, ends in taken:
        left = [
            part for one, end in left for part in ((one, min(end, starts)), (max(one, ends), end))
        ]
    return [(starts, ends) for starts, ends in left if starts < ends]


def about_of(snapshot: Snapshot) -> RequestKind:
    """Return what it is about, be it the whole or a part."""
    if isinstance(snapshot, ApprovalSnapshot):
        return snapshot.about
    return RequestKind.ORDER if isinstance(snapshot, OrderSnapshot) else RequestKind.HR


def listed_as(snapshot: Snapshot) -> str:
    """Return the kind under which its requester finds it, empty for a part of something else.

    The approval of an order, or of an HR request, is a part of it.
    """
    is_part = isinstance(snapshot, ApprovalSnapshot) and snapshot.about is not RequestKind.APPROVAL
    return "" if is_part else about_of(snapshot)


def goes_on(snapshot: Snapshot) -> bool:
    """Say whether anything about it is still to come."""
    if isinstance(snapshot, HrSnapshot):
        return snapshot.ended_at is None
    return snapshot.status not in ENDED if isinstance(snapshot, OrderSnapshot) else snapshot.is_open
