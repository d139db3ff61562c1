"""Seats: who may decide at a level, as an approver or as a delegate, and who may not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.request import ApprovalState, Delegate, LevelState
from workflows.rules.people.actors import Absence, ApproverSet, DirectoryResult, Member, Standing
from workflows.rules.shared.errors import (
    AlreadyDecidedError,
    ChoseTheApproversError,
    CountedElsewhereError,
    NotAnApproverError,
    NotEligibleError,
    RuleError,
    SeatTakenError,
)

MAX_DELEGATION_DEPTH = 5
"""The longest chain of absent people over which a seat is delegated; a longer one is a mistake."""


def barred(state: ApprovalState, level: LevelState) -> frozenset[str]:
    """Return the people who must not decide at `level`, whatever source names them.

    These are the requester, the admins who reassigned the level, and, with distinct approvers,
    everyone who has counted at another level, as the person who decided or as the seat. After an
    amendment, these are also the people that an admin took off before, and that admin.
    """
    barred = {state.request.requester.person, *level.reassigned_by}
    for exclusion in state.exclusions:
        barred |= {exclusion.person, *exclusion.admins}
    if state.request.policy.distinct_approvers:
        for other in state.levels:
            if other.number != level.number:
                barred |= other.counted
    return frozenset(barred)


def eligible(state: ApprovalState, level: LevelState, found: ApproverSet) -> tuple[str, ...]:
    """Return the seats among the people found: active, not barred, each person once.

    A person who has decided here for another seat has no seat, because one person counts once.
    """
    excluded = barred(state, level) | {
        decision.person for decision in level.decisions if decision.seat != decision.person
    }
    active = (member.person for member in found.members if member.standing is Standing.ACTIVE)
    return tuple(dict.fromkeys(person for person in active if person not in excluded))


def delegates(
    state: ApprovalState, level: LevelState, seats: Iterable[str], result: DirectoryResult
) -> tuple[Delegate, ...]:
    """Return the delegates of the seats, each with the time in which they may decide.

    A seat is delegated by its owner on this request, or while its owner is absent. A delegate who
    is absent too passes the seat on. Delegates, and those who pass a seat on, must be active and
    not barred: otherwise the requester's own absence could choose who decides.
    """
    if not state.request.policy.delegation:
        return ()
    allowed = _active((*result.approvers.members, *result.people)) - barred(state, level)
    by_seat = {delegate.seat: delegate for delegate in state.delegations}
    found: list[Delegate] = []
    for seat in seats:
        if seat in by_seat:
            found += _chain(by_seat[seat], result.absences, allowed, (seat,))
        owner = Delegate(person=seat, seat=seat)
        holders = _chain(owner, result.absences, allowed, ())
        found += [holder for holder in holders if holder.person != seat]
    return tuple(dict.fromkeys(found))


def _active(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(member.person for member in members if member.standing is Standing.ACTIVE)


def _chain(
    holder: Delegate,
    absences: tuple[Absence, ...],
    allowed: frozenset[str],
    earlier: tuple[str, ...],
) -> Iterator[Delegate]:
    """Yield `holder` and the delegates during their absences, each within its time."""
    if holder.person not in allowed:
        return
    yield holder
    if len(earlier) >= MAX_DELEGATION_DEPTH:
        return
    earlier = (*earlier, holder.person)
    for absence in absences:
        if absence.person != holder.person or absence.delegate in earlier:
            continue
        starts = max(filter(None, (holder.starts, absence.starts)))
        ends = min(filter(None, (holder.ends, absence.ends)))
        if starts < ends:
            delegate = replace(holder, person=absence.delegate, starts=starts, ends=ends)
            yield from _chain(delegate, absences, allowed, earlier)


def active_delegates(level: LevelState, now: datetime) -> tuple[Delegate, ...]:
    """Return the delegates who may decide at `now` for a seat that is not filled yet."""
    open_seats = level.unfilled
    return tuple(
        delegate
        for delegate in level.delegates
        if delegate.seat in open_seats and delegate.is_active(now)
    )


def may_decide(level: LevelState, now: datetime) -> tuple[str, ...]:
    """Return everyone who may decide at `now`: owners of open seats, and their delegates."""
    people = (*level.unfilled, *(delegate.person for delegate in active_delegates(level, now)))
    return tuple(dict.fromkeys(person for person in people if person not in level.counted))


def require_undecided(level: LevelState, person: str) -> None:
    """Raise AlreadyDecidedError if this person has decided at this level, for any seat."""
    for decision in level.decisions:
        if decision.person == person:
            raise AlreadyDecidedError(verdict=decision.verdict)


def seat_for(state: ApprovalState, level: LevelState, person: str, now: datetime) -> str:
    """Return the seat that a decision of `person` fills: their own, or else one delegated to them.

    A person whose own seat a delegate has filled has counted, and cannot decide for another seat.

    Raises:
        AlreadyDecidedError, SeatTakenError, CountedElsewhereError, ChoseTheApproversError,
        NotEligibleError, NotAnApproverError.

    """
    require_undecided(level, person)
    if person in level.unfilled:
        return person
    if person not in level.seats:
        for delegate in active_delegates(level, now):
            if delegate.person == person:
                return delegate.seat
    raise _refusal(state, level, person, now)


def _refusal(state: ApprovalState, level: LevelState, person: str, now: datetime) -> RuleError:
    seats = {person} | {
        delegate.seat
        for delegate in level.delegates
        if delegate.person == person and delegate.is_active(now)
    }
    for decision in level.decisions:
        if decision.seat in seats:
            return SeatTakenError(person=decision.person, seat=decision.seat)
    named = [member for member in level.evidence if member.person == person]
    if person in level.reassigned_by:
        return ChoseTheApproversError()
    if named and state.request.policy.distinct_approvers:
        for other in state.levels:
            if other.number != level.number and person in other.counted:
                return CountedElsewhereError(level=str(other.number))
    if named and all(member.standing is not Standing.ACTIVE for member in named):
        return NotEligibleError(standing=named[0].standing)
    return NotAnApproverError()
