"""The effects of the clock: remind, escalate and expire, each at its instant and only once."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals import seats
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    LevelState,
    Notification,
    NotificationKind,
    Status,
)
from workflows.rules.approvals.transitions import close, note, with_level, with_notification
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.errors import RequestClosedError


def next_deadline(state: ApprovalState) -> datetime | None:
    """Return the instant at which the clock will change this request, if any.

    A level that has passed no longer has a clock. The next level's clock starts when the level is
    reached.
    """
    level = state.level
    if not state.is_open or level is None or level.passed or not level.clock:
        return None
    return level.clock[0].at


def advance_clock(state: ApprovalState, now: datetime) -> Change:
    """Apply the ticks that are due at `now`, in order; without any, nothing changes.

    Each fact has the instant at which its tick was due, however late this is called.
    """
    change = Change(state=state)
    while (due := next_deadline(change.state)) is not None and due <= now:
        level = change.state.levels[-1]
        tick = level.clock[0]
        # The expiry is the last tick and is kept, because the card still shows it.
        remaining = level.clock if tick.kind is TickKind.EXPIRE else level.clock[1:]
        change = _tick(with_level(change, replace(level, clock=remaining)), tick)
    return change


def require_open(state: ApprovalState, now: datetime) -> ApprovalState:
    """Return the state as of `now`. Every check of a verb starts with this.

    Raises:
        RequestClosedError: the request has ended, possibly by a tick that is due now.

    """
    state = advance_clock(state, now).state
    if not state.is_open:
        by = state.closed_by.person if state.closed_by else ""
        raise RequestClosedError(status=state.status, person=by)
    return state


def _tick(change: Change, tick: Tick) -> Change:
    level = change.state.levels[-1]
    if tick.kind is TickKind.EXPIRE:
        return close(change, Status.EXPIRED, CLOCK, tick.at, rule="expire_after")
    if change.state.status is not Status.PENDING:
        return change  # the request waits for its requester, so there is no approver to remind
    match tick.kind:
        case TickKind.REMIND:
            return _remind(change, level, tick.at)
        case TickKind.ESCALATE:
            return _escalate(change, level, tick)
        case TickKind.READ:
            return with_level(change, mark_stale(level))


def _remind(change: Change, level: LevelState, at: datetime) -> Change:
    """Remind the approvers who have not decided, or the admins if the level is blocked."""
    people = () if level.blocked else seats.may_decide(level, at)
    change = with_level(change, mark_stale(replace(level, reminders=level.reminders + 1)))
    change = note(
        change,
        Fact.LEVEL_REMINDED,
        CLOCK,
        at,
        level=level.number,
        rule="remind_after",
        data={"people": ",".join(people)},
    )
    if level.blocked:
        return with_notification(change, Notification(kind=NotificationKind.BLOCKED))
    if change.state.request.policy.notify is Notify.NONE:
        return change
    return with_notification(change, Notification(kind=NotificationKind.REMINDED, people=people))


def _escalate(change: Change, level: LevelState, tick: Tick) -> Change:
    """Add approvers, or replace them. Approvers who are kept may decide until the new set is read."""
    step = level.rule.escalate[tick.step]
    sources = step.to if step.replace else tuple(dict.fromkeys((*level.sources, *step.to)))
    level = replace(level, sources=sources, escalations=level.escalations + 1)
    level = clear_approvers(level) if step.replace else mark_stale(level)
    return note(
        with_level(change, level),
        Fact.LEVEL_ESCALATED,
        CLOCK,
        tick.at,
        level=level.number,
        rule="escalate",
        data={
            "to": ",".join(map(str, step.to)),
            "instead": "yes" if step.replace else "no",
        },
    )


def mark_stale(level: LevelState) -> LevelState:
    """Return the level with a new directory query due; results of earlier queries no longer count."""
    return replace(level, to_read=True, turn=level.turn + 1)


def clear_approvers(level: LevelState) -> LevelState:
    """Return the level without approvers until they are read again; recorded decisions still count."""
    return replace(
        mark_stale(level),
        blocked="approvers_unread",
        unreadable=(),
        eligible=(),
        delegates=(),
        opened_at=None,
    )
