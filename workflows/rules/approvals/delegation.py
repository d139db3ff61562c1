"""Delegation: an approver has somebody stand in for them on one request."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals import seats
from workflows.rules.approvals.deadlines import advance_clock, mark_stale, require_open
from workflows.rules.approvals.request import ApprovalState, Change, Delegate, Delegation
from workflows.rules.approvals.transitions import note, require_decidable, with_level
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.errors import (
    DelegateIsRequesterError,
    DelegateYourselfError,
    DelegationCycleError,
    DelegationForbiddenError,
    LevelNotOpenError,
    NotAnApproverError,
)


def check_delegate(state: ApprovalState, delegation: Delegation, now: datetime) -> None:
    """Check whether this person may hand over their seat now; changes nothing.

    Whether the stand-in may decide at all is read from the directory afterwards.

    Raises:
        RequestClosedError, ChangesRequestedError, LevelNotOpenError, DelegationForbiddenError,
        NotAnApproverError, DelegateYourselfError, DelegateIsRequesterError, DelegationCycleError,
        and what `seats.seat_for` raises where the seat is filled.

    """
    state = require_open(state, now)
    require_decidable(state)
    level, owner, delegate = state.level, delegation.actor.person, delegation.delegate
    if level is None or level.passed or level.blocked:
        raise LevelNotOpenError
    if not state.request.policy.delegation:
        raise DelegationForbiddenError
    if seats.seat_for(state, level, owner, now) != owner:
        raise NotAnApproverError
    if delegate == owner:
        raise DelegateYourselfError
    if delegate == state.request.requester.person:
        raise DelegateIsRequesterError
    if owner in _chain(state, delegate):
        raise DelegationCycleError(person=delegate)


def _chain(state: ApprovalState, person: str) -> frozenset[str]:
    """Return everybody to whom `person` has handed over here, directly or through others."""
    handed = {one.seat: one.person for one in state.delegations}
    found: set[str] = set()
    while person in handed and person not in found:
        found.add(person)
        person = handed[person]
    return frozenset(found | {person})


def delegate(state: ApprovalState, delegation: Delegation, now: datetime) -> Change:
    """Hand over a seat; a later hand-over of the same seat replaces this one.

    The stand-in may decide once the directory has said that they are an active member.
    """
    change = advance_clock(state, now)
    seat = delegation.actor.person
    kept = tuple(one for one in change.state.delegations if one.seat != seat)
    handed = (*kept, Delegate(person=delegation.delegate, seat=seat))
    level = mark_stale(change.state.levels[-1])
    change = with_level(change, level)
    return note(
        replace(change, state=replace(change.state, delegations=handed)),
        Fact.SEAT_DELEGATED,
        delegation.actor,
        now,
        level=level.number,
        data={"delegate": delegation.delegate},
    )
