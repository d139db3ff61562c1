"""Delegation: an approver names a delegate for their seat on one request."""

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
    """Check whether this person may delegate their seat now; changes nothing.

    Whether the delegate may decide is read from the directory afterwards.

    Raises:
        RequestClosedError, ChangesRequestedError, LevelNotOpenError, DelegationForbiddenError,
        NotAnApproverError, DelegateYourselfError, DelegateIsRequesterError, DelegationCycleError,
        and the errors of `seats.seat_for` if the seat is filled.

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
    """Return `person` and their direct and indirect delegates on this request."""
    delegate_of = {delegation.seat: delegation.person for delegation in state.delegations}
    found: set[str] = set()
    while person in delegate_of and person not in found:
        found.add(person)
        person = delegate_of[person]
    return frozenset(found | {person})


def delegate(state: ApprovalState, delegation: Delegation, now: datetime) -> Change:
    """Delegate a seat; a later delegation of the same seat replaces an earlier one.

    The delegate may decide once the directory has confirmed that they are an active member.
    """
    change = advance_clock(state, now)
    seat = delegation.actor.person
    others = tuple(other for other in change.state.delegations if other.seat != seat)
    delegations = (*others, Delegate(person=delegation.delegate, seat=seat))
    level = mark_stale(change.state.levels[-1])
    change = with_level(change, level)
    return note(
        replace(change, state=replace(change.state, delegations=delegations)),
        Fact.SEAT_DELEGATED,
        delegation.actor,
        now,
        level=level.number,
        data={"delegate": delegation.delegate},
    )
