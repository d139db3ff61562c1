"""The everyday verbs of an approval: submit, decide, comment and withdraw."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from workflows.rules.approvals import seats
from workflows.rules.approvals.amendment import require_amendable
from workflows.rules.approvals.deadlines import advance_clock, require_open
from workflows.rules.approvals.levels import (
    approve_if_no_level,
    pass_if_certain,
    reject_if_certain,
)
from workflows.rules.approvals.policy import LevelRule, Notify, ReasonRule, digest
from workflows.rules.approvals.request import (
    ApprovalRequest,
    ApprovalState,
    Change,
    ChangeRequest,
    Comment,
    Decision,
    LevelState,
    Notification,
    NotificationKind,
    RecordedDecision,
    Remark,
    Status,
    Verdict,
    Withdrawal,
)
from workflows.rules.approvals.transitions import (
    close,
    note,
    require_decidable,
    require_reason,
    require_short,
    with_level,
    with_notification,
)
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.content import content_digest, content_evidence
from workflows.rules.shared.errors import (
    LevelClosedError,
    LevelNotOpenError,
    NotInvolvedError,
    NotTheRequesterError,
    OwnRequestError,
    ReasonRequiredError,
    StaleContentError,
)
from workflows.rules.shared.recent import append_recent

MAX_REMARKS = 3
"""Comments that the state keeps for the card. The audit trail has all of them."""


def submit(request: ApprovalRequest, now: datetime) -> Change:
    """Submit a request. A request that needs no level is approved at once, with the rule as reason."""
    state = ApprovalState(request=request, submitted_at=now, changed_at=now)
    change = note(
        Change(state=state),
        Fact.REQUEST_SUBMITTED,
        request.requester,
        now,
        rule=request.route.rule,
        data={
            "policy": request.policy.name,
            "policy_version": digest(request.policy),
            **content_evidence(request.content),
        },
    )
    return approve_if_no_level(change, now)


def refuse_start(state: ApprovalState, code: str, now: datetime) -> ApprovalState:
    """Return the closed state of a request that must not start. It has no fact: no trail has it."""
    return replace(
        state, status=Status.ADMIN_CLOSED, closed_at=now, closed_by=CLOCK, closing_rule=code
    )


def check_decide(state: ApprovalState, decision: Decision, now: datetime) -> None:
    """Check whether `decision` may be recorded now; changes nothing.

    Raises:
        RequestClosedError, ChangesRequestedError, StaleContentError, LevelClosedError,
        LevelNotOpenError, OwnRequestError, ReasonRequiredError, ReasonTooLongError,
        NotAmendableError, AmendmentsUsedUpError, and the errors of `seats.seat_for`.

    """
    state = require_open(state, now)
    person = decision.actor.person
    if decision.content_revision != state.content_revision:
        raise StaleContentError
    if person == state.request.requester.person:
        raise OwnRequestError
    level = _level_of(state, decision)
    require_decidable(state)
    if level.passed:
        raise LevelClosedError
    if level.blocked:
        raise LevelNotOpenError
    seats.seat_for(state, level, person, now)
    if decision.verdict is Verdict.REQUEST_CHANGES:
        require_amendable(state)
    _check_reason(level.rule, decision)


def _level_of(state: ApprovalState, decision: Decision) -> LevelState:
    """Return the level that `decision` is meant for, provided that the person has not decided.

    A person who clicks again gets this refusal first, even after the level has passed, because
    `seat_for` is checked later.
    """
    level = next((level for level in state.levels if level.number == decision.level), None)
    if level is None:
        raise LevelNotOpenError
    seats.require_undecided(level, decision.actor.person)
    return level


def _check_reason(rule: LevelRule, decision: Decision) -> None:
    match decision.verdict:
        case Verdict.APPROVE:
            reason_rule = rule.approve_reason
        case Verdict.REJECT:
            reason_rule = rule.reject_reason
        case Verdict.REQUEST_CHANGES:  # the reason says what to change
            reason_rule = ReasonRule.REQUIRED
        case _:
            assert_never(decision.verdict)
    if reason_rule is ReasonRule.REQUIRED and not decision.reason.strip():
        raise ReasonRequiredError
    require_short(decision.reason)


def decide(state: ApprovalState, decision: Decision, now: datetime) -> Change:
    """Record a decision that `check_decide` has allowed; close level and request if certain."""
    change = advance_clock(state, now)
    state, actor = change.state, decision.actor
    level = state.levels[-1]
    seat = seats.seat_for(state, level, actor.person, now)
    recorded = RecordedDecision(
        person=actor.person, verdict=decision.verdict, reason=decision.reason, at=now, seat=seat
    )
    data = {
        "verdict": str(decision.verdict),
        "content_digest": content_digest(state.request.content),
    }
    change = note(
        with_level(change, replace(level, decisions=(*level.decisions, recorded))),
        Fact.DECISION_RECORDED,
        actor,
        now,
        level=level.number,
        rule=state.request.route.rule,
        reason=decision.reason,
        data=data | _membership(level, seat, actor.person, now),
    )
    match decision.verdict:
        case Verdict.APPROVE:
            return pass_if_certain(change, actor, now)
        case Verdict.REJECT:
            return reject_if_certain(change, actor, now, decision.reason)
        case Verdict.REQUEST_CHANGES:
            return _wait_for_changes(change, recorded)


def _membership(level: LevelState, seat: str, person: str, now: datetime) -> dict[str, str]:
    """Return the sources that name the seat, and for a delegate also the seat and the delegation."""
    sources = (member.source for member in level.evidence if member.person == seat)
    data = {"member_by": ",".join(dict.fromkeys(sources))}
    if seat == person:
        return data
    descriptions = (
        delegate.description
        for delegate in seats.active_delegates(level, now)
        if (delegate.person, delegate.seat) == (person, seat)
    )
    return data | {"on_behalf_of": seat, "stands_in": next(descriptions, "")}


def _wait_for_changes(change: Change, decision: RecordedDecision) -> Change:
    requested = ChangeRequest(person=decision.person, reason=decision.reason, at=decision.at)
    state = replace(change.state, status=Status.CHANGES_REQUESTED, change_request=requested)
    requester = state.request.requester.person
    return with_notification(
        replace(change, state=state),
        Notification(kind=NotificationKind.CHANGES_WANTED, people=(requester,)),
    )


def check_comment(state: ApprovalState, comment: Comment, now: datetime) -> None:
    """Check whether this person may comment now; changes nothing.

    Raises:
        RequestClosedError, NotInvolvedError, ReasonRequiredError, ReasonTooLongError.

    """
    state = require_open(state, now)
    if comment.actor.person not in _involved(state):
        raise NotInvolvedError
    require_reason(comment.text)


def _involved(state: ApprovalState) -> frozenset[str]:
    """Return the requester, the admins, and everyone who may decide or has decided at any level."""
    people = {state.request.requester.person, *state.admins}
    for level in state.levels:
        people |= {*level.eligible, *(delegate.person for delegate in level.delegates)}
        people |= {decision.person for decision in level.decisions}
    return frozenset(people)


def comment(state: ApprovalState, comment: Comment, now: datetime) -> Change:
    """Record a comment that `check_comment` has allowed; the state keeps the last few."""
    change = advance_clock(state, now)
    remark = Remark(person=comment.actor.person, text=comment.text, at=now)
    remarks = append_recent(change.state.remarks, remark, MAX_REMARKS)
    state = replace(change.state, comments=change.state.comments + 1, remarks=remarks)
    change = note(
        replace(change, state=state),
        Fact.COMMENT_ADDED,
        comment.actor,
        now,
        level=len(state.levels),
        reason=comment.text,
    )
    people = _readers_of(state, comment, now) if comment.notify else ()
    if not people:
        return change
    return with_notification(change, Notification(kind=NotificationKind.COMMENTED, people=people))


def _readers_of(state: ApprovalState, comment: Comment, now: datetime) -> tuple[str, ...]:
    """Return the recipients of a comment: the requester, or the requester's approvers who may still decide."""
    requester = state.request.requester.person
    if comment.actor.person != requester:
        return (requester,)
    if state.level is None or state.level.passed or state.request.policy.notify is Notify.NONE:
        return ()
    return seats.may_decide(state.level, now)


def check_withdraw(state: ApprovalState, withdrawal: Withdrawal, now: datetime) -> None:
    """Check whether this person may withdraw the request now; changes nothing.

    Raises:
        RequestClosedError, NotTheRequesterError, ReasonTooLongError.

    """
    state = require_open(state, now)
    if withdrawal.actor.person != state.request.requester.person:
        raise NotTheRequesterError
    require_short(withdrawal.reason)


def withdraw(state: ApprovalState, withdrawal: Withdrawal, now: datetime) -> Change:
    """Close the request as withdrawn by its requester."""
    return close(
        advance_clock(state, now),
        Status.WITHDRAWN,
        withdrawal.actor,
        now,
        rule="requester",
        reason=withdrawal.reason,
    )
