"""Admin verbs: reassign, refresh and close. An admin never decides as an admin."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.deadlines import (
    advance_clock,
    clear_approvers,
    mark_stale,
    require_open,
)
from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    Closing,
    LevelState,
    Reassigned,
    Reassignment,
    Refresh,
    Status,
)
from workflows.rules.approvals.transitions import (
    close,
    note,
    require_decidable,
    require_reason,
    with_level,
)
from workflows.rules.people.actors import SLACK, Actor, SourceKind
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.errors import (
    AdminsUnknownError,
    AlreadyDecidedError,
    LevelNotOpenError,
    NoApproverNamedError,
    NotAnAdminError,
    OwnRequestError,
)


def _require_admin(state: ApprovalState, actor: Actor) -> None:
    if not state.admins:
        raise AdminsUnknownError
    if actor.person not in state.admins:
        raise NotAnAdminError


def _waiting_level(state: ApprovalState) -> LevelState:
    """Return the level whose approvers can be changed or refreshed now."""
    require_decidable(state)
    if state.level is None or state.level.passed:
        raise LevelNotOpenError
    return state.level


def check_reassign(state: ApprovalState, reassignment: Reassignment, now: datetime) -> None:
    """Check whether this person may reassign the level now; changes nothing.

    Raises:
        RequestClosedError, AdminsUnknownError, NotAnAdminError, OwnRequestError,
        ChangesRequestedError, LevelNotOpenError, AlreadyDecidedError, NobodyNamedError,
        ReasonRequiredError, ReasonTooLongError.

    """
    state = require_open(state, now)
    admin = reassignment.actor.person
    _require_admin(state, reassignment.actor)
    if admin == state.request.requester.person:
        raise OwnRequestError
    for decision in _waiting_level(state).decisions:
        # A person whose decision counts here must not choose the other approvers.
        if admin in (decision.person, decision.seat):
            raise AlreadyDecidedError(verdict=decision.verdict)
    if not reassignment.approvers:
        raise NoApproverNamedError
    require_reason(reassignment.reason)


def reassign(state: ApprovalState, reassignment: Reassignment, now: datetime) -> Change:
    """Replace the approvers of the open level; decisions that counted still count.

    No one may decide until the new approvers have been read. The admin is not among them, because
    an admin never decides as an admin. Naming a person lifts their exclusion.
    """
    change = advance_clock(state, now)
    before = change.state.levels[-1]
    named = [source.value for source in reassignment.approvers if source.kind is SourceKind.USER]
    off = (*before.taken_off, *before.eligible)
    lifted = tuple(e for e in change.state.exclusions if e.person not in named)
    change = replace(change, state=replace(change.state, exclusions=lifted))
    level = replace(
        clear_approvers(before),
        taken_off=tuple(dict.fromkeys(person for person in off if person not in named)),
        sources=reassignment.approvers,
        reassigned=Reassigned(person=reassignment.actor.person, reason=reassignment.reason, at=now),
        reassigned_by=tuple(dict.fromkeys((*before.reassigned_by, reassignment.actor.person))),
    )
    return note(
        with_level(change, level),
        Fact.LEVEL_REASSIGNED,
        reassignment.actor,
        now,
        level=level.number,
        reason=reassignment.reason,
        data={"approvers": ",".join(map(str, reassignment.approvers))},
    )


def check_refresh(state: ApprovalState, refresh: Refresh, now: datetime) -> None:
    """Check whether this actor may refresh the approvers now; changes nothing.

    Raises:
        RequestClosedError, AdminsUnknownError, NotAnAdminError, ChangesRequestedError,
        LevelNotOpenError.

    """
    state = require_open(state, now)
    if refresh.actor != SLACK:
        _require_admin(state, refresh.actor)
    _waiting_level(state)


def refresh(state: ApprovalState, refresh: Refresh, now: datetime) -> Change:
    """Have the approvers read again. A refresh by Slack is a fact only if it changes them."""
    change = advance_clock(state, now)
    level = mark_stale(change.state.levels[-1])
    change = with_level(change, level)
    if refresh.actor == SLACK:
        return change
    return note(change, Fact.REFRESH_ASKED, refresh.actor, now, level=level.number)


def check_close(state: ApprovalState, closing: Closing, now: datetime) -> None:
    """Check whether this person may close the request without a decision; changes nothing.

    Raises:
        RequestClosedError, AdminsUnknownError, NotAnAdminError, ReasonRequiredError,
        ReasonTooLongError.

    """
    state = require_open(state, now)
    _require_admin(state, closing.actor)
    require_reason(closing.reason)


def close_request(state: ApprovalState, closing: Closing, now: datetime) -> Change:
    """Close the request on behalf of an admin: it is neither approved nor rejected."""
    return close(
        advance_clock(state, now),
        Status.ADMIN_CLOSED,
        closing.actor,
        now,
        rule="admin",
        reason=closing.reason,
    )
