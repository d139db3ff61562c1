"""Directory queries: which people to read for a level, and what their result changes."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals import seats
from workflows.rules.approvals.clock import Tick, TickKind, sorted_ticks
from workflows.rules.approvals.deadlines import advance_clock
from workflows.rules.approvals.levels import pass_if_certain
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.privacy import with_readers
from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    LevelState,
    Notification,
    NotificationKind,
)
from workflows.rules.approvals.transitions import note, with_level, with_notification
from workflows.rules.people.actors import CLOCK, DirectoryQuery, DirectoryResult, Standing
from workflows.rules.shared.audit import Fact


def directory_query(state: ApprovalState) -> DirectoryQuery:
    """Return the directory query for the level that waits for its approvers."""
    request, level = state.request, state.levels[-1]
    return DirectoryQuery(
        request_id=request.request_id,
        level=level.number,
        requester=request.requester.person,
        sources=level.sources,
        admins=request.policy.admins,
        people=tuple(delegate.person for delegate in state.delegations),
        managers=request.managers,
        channel=request.policy.channel if request.policy.notify is Notify.CARD else "",
        content_revision=state.content_revision,
        turn=level.turn,
    )


def apply_directory_result(
    state: ApprovalState, query: DirectoryQuery, result: DirectoryResult, now: datetime
) -> Change:
    """Apply the result of a directory query: open the level, change its people, or block it.

    The result of an outdated query (an admin or the clock has changed the level since) changes
    nothing, and neither does applying a result twice. A level is blocked if no one may decide, or
    if it has fewer people than its quorum needs: the request stays pending, its clock runs, and
    the query is repeated. If sources cannot be read, an open level keeps its current approvers.
    """
    change = advance_clock(state, now)
    state = change.state
    if not state.waits_for_approvers or query != directory_query(state):
        return change
    level = state.levels[-1]
    change = replace(change, state=replace(state, admins=_admins(state, result)))
    if result.approvers.unreadable:
        if not level.blocked:
            return change
        unreadable = result.approvers.unreadable
        level = replace(level, unreadable=unreadable, evidence=result.approvers.members)
        return _block(change, level, "approvers_unreadable", result, now)
    change = _void_delegations(change, level, result, now)
    level = _with_people(change.state, level, result, now)
    if cause := _block_cause(level):
        return _block(change, level, cause, result, now)
    return _open(change, level, result, now)


def _admins(state: ApprovalState, result: DirectoryResult) -> tuple[str, ...]:
    if result.admins.unreadable:
        return state.admins
    admins = result.admins.members
    active = (admin.person for admin in admins if admin.standing is Standing.ACTIVE)
    return tuple(dict.fromkeys(active))


def _void_delegations(
    change: Change, level: LevelState, result: DirectoryResult, now: datetime
) -> Change:
    """Remove delegates who may not decide here, and notify the approver who named them."""
    filled = {decision.seat for decision in level.decisions}
    open_seats = set(seats.eligible(change.state, level, result.approvers)) - filled
    members = (*result.approvers.members, *result.people)
    standings = {member.person: member.standing for member in members}
    barred = seats.barred(change.state, level)
    for delegate in change.state.delegations:
        standing = standings.get(delegate.person, Standing.UNKNOWN)
        may_decide = standing is Standing.ACTIVE and delegate.person not in barred
        if delegate.seat not in open_seats or may_decide:
            continue
        others = tuple(other for other in change.state.delegations if other != delegate)
        change = replace(change, state=replace(change.state, delegations=others))
        change = note(
            change,
            Fact.DELEGATION_VOIDED,
            CLOCK,
            now,
            level=level.number,
            rule="barred" if standing is Standing.ACTIVE else f"standing_{standing}",
            data={"delegate": delegate.person, "on_behalf_of": delegate.seat},
        )
        change = with_notification(
            change, Notification(kind=NotificationKind.DELEGATE_REFUSED, people=(delegate.seat,))
        )
    return change


def _with_people(
    state: ApprovalState, level: LevelState, result: DirectoryResult, now: datetime
) -> LevelState:
    eligible = seats.eligible(state, level, result.approvers)
    delegates = seats.delegates(state, level, eligible, result)
    starts = {delegate.starts for delegate in delegates}
    clock = [tick for tick in level.clock if tick.kind is not TickKind.READ]
    clock += [Tick(at=at, kind=TickKind.READ) for at in starts if at is not None and at > now]
    return replace(
        level,
        clock=sorted_ticks(clock),
        unreadable=(),
        eligible=eligible,
        delegates=delegates,
        evidence=result.approvers.members,
        outside=result.outside,
    )


def _block_cause(level: LevelState) -> str:
    """Return the code of why the level cannot be decided, or an empty string."""
    if level.approvals + len(level.unfilled) >= level.needed:
        return ""
    return "too_few_eligible" if level.eligible else "no_eligible_approver"


def _block(
    change: Change, level: LevelState, cause: str, result: DirectoryResult, now: datetime
) -> Change:
    is_known = change.state.levels[-1].blocked == cause
    change = with_level(change, replace(level, blocked=cause, opened_at=None))
    if is_known:
        return change
    change = note(
        change,
        Fact.LEVEL_BLOCKED,
        CLOCK,
        now,
        level=level.number,
        rule=cause,
        data=_evidence(level, result),
    )
    return with_notification(change, Notification(kind=NotificationKind.BLOCKED))


def _open(change: Change, level: LevelState, result: DirectoryResult, now: datetime) -> Change:
    before = change.state.levels[-1]
    # Without admins no one could help this level later, so the query is repeated.
    to_read = bool(result.admins.unreadable) and not change.state.admins
    level = replace(level, blocked="", to_read=to_read, opened_at=level.opened_at or now)
    change = with_level(change, level)
    change = replace(change, state=with_readers(change.state, level))
    if before.blocked:
        kind = Fact.LEVEL_OPENED
    elif (before.eligible, before.delegates) != (level.eligible, level.delegates):
        kind = Fact.APPROVERS_CHANGED
    else:
        return _notify(change, level, before, now)
    change = note(
        change,
        kind,
        CLOCK,
        now,
        level=level.number,
        rule=level.rule.name,
        data=_evidence(level, result),
    )
    change = pass_if_certain(change, CLOCK, now)
    return change if change.state.levels[-1].passed else _notify(change, level, before, now)


def _notify(change: Change, level: LevelState, before: LevelState, now: datetime) -> Change:
    """Notify everyone who may decide now, each person once per level.

    A person who has turned out not to be in the card's channel is notified again, because they
    cannot read the card.
    """
    if change.state.request.policy.notify is Notify.NONE:
        return change
    notified = set(level.told) - (set(level.outside) - set(before.outside))
    new = tuple(person for person in seats.may_decide(level, now) if person not in notified)
    if not new:
        return change
    change = with_level(change, replace(level, told=tuple(dict.fromkeys((*level.told, *new)))))
    return with_notification(change, Notification(kind=NotificationKind.ASKED, people=new))


def _evidence(level: LevelState, result: DirectoryResult) -> dict[str, str]:
    found = result.approvers
    return {
        "eligible": ",".join(level.eligible),
        "evidence": ";".join(f"{m.person}={m.standing} by {m.source}" for m in found.members),
        "delegates": ";".join(delegate.description for delegate in level.delegates),
        "unreadable": ",".join(found.unreadable),
        "read_at": found.read_at.isoformat(),
        "quorum": str(level.rule.quorum),
        "expires_at": level.expires_at.isoformat() if level.expires_at else "",
    }
