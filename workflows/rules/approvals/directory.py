"""The people of a level, read: what is asked of the directory, and what its answer changes."""

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
    """Return what to ask the directory about the level that waits for its people."""
    request, level = state.request, state.levels[-1]
    return DirectoryQuery(
        request_id=request.request_id,
        level=level.number,
        requester=request.requester.person,
        sources=level.sources,
        admins=request.policy.admins,
        people=tuple(one.person for one in state.delegations),
        managers=request.managers,
        channel=request.policy.channel if request.policy.notify is Notify.CARD else "",
        content_revision=state.content_revision,
        turn=level.turn,
    )


def apply_directory_result(
    state: ApprovalState, asked: DirectoryQuery, reading: DirectoryResult, now: datetime
) -> Change:
    """Take the directory's answer: open the level, change its people, or say why it is blocked.

    An answer to another question than would be asked now (an admin or the clock was faster)
    changes nothing, and neither does repeating one. A level that nobody may decide, or that lacks the people its
    quorum needs, is blocked: the request is still pending, its clock runs, and the reading is
    repeated. What cannot be read leaves an open level as it is: the set in force stays in force.
    """
    change = advance_clock(state, now)
    state = change.state
    if not state.waits_for_approvers or asked != directory_query(state):
        return change
    level = state.levels[-1]
    change = replace(change, state=replace(state, admins=_admins(state, reading)))
    if reading.approvers.unreadable:
        if not level.blocked:
            return change
        unread = reading.approvers.unreadable
        level = replace(level, unreadable=unread, evidence=reading.approvers.members)
        return _block(change, level, "approvers_unreadable", reading, now)
    change = _void_delegations(change, level, reading, now)
    level = _with_people(change.state, level, reading, now)
    if why := _why_blocked(level):
        return _block(change, level, why, reading, now)
    return _open(change, level, reading, now)


def _admins(state: ApprovalState, reading: DirectoryResult) -> tuple[str, ...]:
    if reading.admins.unreadable:
        return state.admins
    active = (one.person for one in reading.admins.members if one.standing is Standing.ACTIVE)
    return tuple(dict.fromkeys(active))


def _void_delegations(
    change: Change, level: LevelState, reading: DirectoryResult, now: datetime
) -> Change:
    """Drop who was asked to stand in here and may not; have the person who asked them told."""
    filled = {said.seat for said in level.decisions}
    open_seats = set(seats.eligible(change.state, level, reading.approvers)) - filled
    known = {one.person: one.standing for one in (*reading.approvers.members, *reading.people)}
    out = seats.barred(change.state, level)
    for one in change.state.delegations:
        standing = known.get(one.person, Standing.UNKNOWN)
        if one.seat not in open_seats or (standing is Standing.ACTIVE and one.person not in out):
            continue
        left = tuple(other for other in change.state.delegations if other != one)
        change = replace(change, state=replace(change.state, delegations=left))
        change = note(
            change,
            Fact.DELEGATION_VOIDED,
            CLOCK,
            now,
            level=level.number,
            rule="barred" if standing is Standing.ACTIVE else f"standing_{standing}",
            data={"delegate": one.person, "on_behalf_of": one.seat},
        )
        change = with_notification(
            change, Notification(kind=NotificationKind.DELEGATE_REFUSED, people=(one.seat,))
        )
    return change


def _with_people(
    state: ApprovalState, level: LevelState, reading: DirectoryResult, now: datetime
) -> LevelState:
    found = seats.eligible(state, level, reading.approvers)
    standing_in = seats.delegates(state, level, found, reading)
    begins = {one.starts for one in standing_in if one.starts is not None and one.starts > now}
    clock = [tick for tick in level.clock if tick.kind is not TickKind.READ]
    clock += [Tick(at=at, kind=TickKind.READ) for at in begins]
    return replace(
        level,
        clock=sorted_ticks(clock),
        unreadable=(),
        eligible=found,
        delegates=standing_in,
        evidence=reading.approvers.members,
        outside=reading.outside,
    )


def _why_blocked(level: LevelState) -> str:
    """Name why nobody may decide, or return an empty string."""
    if level.approvals + len(level.unfilled) >= level.needed:
        return ""
    return "too_few_eligible" if level.eligible else "no_eligible_approver"


def _block(
    change: Change, level: LevelState, why: str, reading: DirectoryResult, now: datetime
) -> Change:
    known = change.state.levels[-1].blocked == why
    change = with_level(change, replace(level, blocked=why, opened_at=None))
    if known:
        return change
    change = note(
        change,
        Fact.LEVEL_BLOCKED,
        CLOCK,
        now,
        level=level.number,
        rule=why,
        data=_evidence(level, reading),
    )
    return with_notification(change, Notification(kind=NotificationKind.BLOCKED))


def _open(change: Change, level: LevelState, reading: DirectoryResult, now: datetime) -> Change:
    before = change.state.levels[-1]
    # Without admins nobody could help this level later: their reading is repeated.
    to_read = bool(reading.admins.unreadable) and not change.state.admins
    level = replace(level, blocked="", to_read=to_read, opened_at=level.opened_at or now)
    change = with_level(change, level)
    change = replace(change, state=with_readers(change.state, level))
    if before.blocked:
        kind = Fact.LEVEL_OPENED
    elif (before.eligible, before.delegates) != (level.eligible, level.delegates):
        kind = Fact.APPROVERS_CHANGED
    else:
        return _ask(change, level, before, now)
    change = note(
        change,
        kind,
        CLOCK,
        now,
        level=level.number,
        rule=level.rule.name,
        data=_evidence(level, reading),
    )
    change = pass_if_certain(change, CLOCK, now)
    return change if change.state.levels[-1].passed else _ask(change, level, before, now)


def _ask(change: Change, level: LevelState, before: LevelState, now: datetime) -> Change:
    """Have everybody who may decide now told of it, each person once per level.

    Who turns out not to be in the card's channel was told where they cannot read it: once more.
    """
    if change.state.request.policy.notify is Notify.NONE:
        return change
    heard = set(level.told) - (set(level.outside) - set(before.outside))
    new = tuple(one for one in seats.may_decide(level, now) if one not in heard)
    if not new:
        return change
    told = tuple(dict.fromkeys((*level.told, *new)))
    change = with_level(change, replace(level, told=told))
    return with_notification(change, Notification(kind=NotificationKind.ASKED, people=new))


def _evidence(level: LevelState, reading: DirectoryResult) -> dict[str, str]:
    found = reading.approvers
    return {
        "eligible": ",".join(level.eligible),
        "evidence": ";".join(f"{m.person}={m.standing} by {m.source}" for m in found.members),
        "delegates": ";".join(one.description for one in level.delegates),
        "unreadable": ",".join(found.unreadable),
        "read_at": found.read_at.isoformat(),
        "quorum": str(level.rule.quorum),
        "expires_at": level.expires_at.isoformat() if level.expires_at else "",
    }
