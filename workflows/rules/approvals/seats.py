"""Seats: who may decide at a level, for themselves or standing in for somebody, and who may not."""

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
"""How many absent people a seat is handed on through. A longer chain is a mistake in somebody's plans."""


def barred(state: ApprovalState, level: LevelState) -> frozenset[str]:
    """Return who never decides at `level`, whoever names them.

    The requester; who has named its approvers as an admin; and, where nobody counts twice, who
    has counted at another level, as the one who pressed or as the one they pressed for.
    """
    out = {state.request.requester.person, *level.reassigned_by}
    if state.request.policy.distinct_approvers:
        for other in state.levels:
            if other.number != level.number:
                out |= other.counted
    return frozenset(out)


def eligible(state: ApprovalState, level: LevelState, found: ApproverSet) -> tuple[str, ...]:
    """Return the seats among the people found: active, not barred, each person once.

    Who has decided here for somebody else is not a seat any more: one person counts once.
    """
    out = barred(state, level) | {
        said.person for said in level.decisions if said.seat != said.person
    }
    active = (member.person for member in found.members if member.standing is Standing.ACTIVE)
    return tuple(dict.fromkeys(person for person in active if person not in out))


def delegates(
    state: ApprovalState, level: LevelState, seats: Iterable[str], reading: DirectoryResult
) -> tuple[Delegate, ...]:
    """Return who may decide for which of the seats, and from when until when.

    A seat is handed over by its owner on this request, or while its owner is away; who stands in
    and is away too hands it on. Only active people who are not barred stand in or hand on: else
    the requester, away, would choose who decides.
    """
    if not state.request.policy.delegation:
        return ()
    able = _active((*reading.approvers.members, *reading.people)) - barred(state, level)
    asked = {one.seat: one for one in state.delegations}
    found: list[Delegate] = []
    for seat in seats:
        if seat in asked:
            found += _handed_on(asked[seat], reading.absences, able, (seat,))
        away = Delegate(person=seat, seat=seat)
        found += [one for one in _handed_on(away, reading.absences, able, ()) if one.person != seat]
    return tuple(dict.fromkeys(found))


def _active(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(one.person for one in members if one.standing is Standing.ACTIVE)


def _handed_on(
    holder: Delegate,
    absences: tuple[Absence, ...],
    able: frozenset[str],
    passed: tuple[str, ...],
) -> Iterator[Delegate]:
    """Yield `holder` and whoever stands in for them while they are away, each within its time."""
    if holder.person not in able:
        return
    yield holder
    if len(passed) >= MAX_DELEGATION_DEPTH:
        return
    passed = (*passed, holder.person)
    for absence in absences:
        if absence.person != holder.person or absence.delegate in passed:
            continue
        starts = max(filter(None, (holder.starts, absence.starts)))
        ends = min(filter(None, (holder.ends, absence.ends)))
        if starts < ends:
            onward = replace(holder, person=absence.delegate, starts=starts, ends=ends)
            yield from _handed_on(onward, absences, able, passed)


def active_delegates(level: LevelState, now: datetime) -> tuple[Delegate, ...]:
    """Return who stands in at `now` for a seat that nobody has filled yet."""
    open_seats = level.unfilled
    return tuple(one for one in level.delegates if one.seat in open_seats and one.is_active(now))


def may_decide(level: LevelState, now: datetime) -> tuple[str, ...]:
    """Return everybody who may decide at `now`: owners of open seats and who stands in for them."""
    people = (*level.unfilled, *(one.person for one in active_delegates(level, now)))
    return tuple(dict.fromkeys(person for person in people if person not in level.counted))


def require_undecided(level: LevelState, person: str) -> None:
    """Raise AlreadyDecidedError where this person has pressed at this level, for whomever."""
    for said in level.decisions:
        if said.person == person:
            raise AlreadyDecidedError(verdict=said.verdict)


def seat_for(state: ApprovalState, level: LevelState, person: str, now: datetime) -> str:
    """Return the seat that a decision of `person` fills: their own, or else one they stand in for.

    For whom somebody else has decided, they have counted: they stand in for nobody here.

    Raises:
        AlreadyDecidedError, SeatTakenError, CountedElsewhereError, ChoseTheApproversError,
        NotEligibleError, NotAnApproverError: see each in `errors`.

    """
    require_undecided(level, person)
    if person in level.unfilled:
        return person
    if person not in level.seats:
        for one in active_delegates(level, now):
            if one.person == person:
                return one.seat
    raise _why_not(state, level, person, now)


def _why_not(state: ApprovalState, level: LevelState, person: str, now: datetime) -> RuleError:
    mine = {person} | {
        one.seat for one in level.delegates if one.person == person and one.is_active(now)
    }
    for said in level.decisions:
        if said.seat in mine:
            return SeatTakenError(person=said.person, seat=said.seat)
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
