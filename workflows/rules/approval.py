"""The approval's verbs: levels in order, who may decide, what closes a level, what the clock does."""

from dataclasses import replace
from datetime import datetime, timedelta

from workflows.rules.audit import AuditEvent, Fact
from workflows.rules.errors import (
    AlreadyDecidedError,
    CountedElsewhereError,
    LevelClosedError,
    LevelNotOpenError,
    NotAnApproverError,
    NotTheRequesterError,
    OwnRequestError,
    ReasonRequiredError,
    ReasonTooLongError,
    RequestClosedError,
    StaleContentError,
)
from workflows.rules.people import CLOCK, Actor, ApproverSet, Standing
from workflows.rules.policy import LevelRule, ReasonRule
from workflows.rules.request import (
    ApprovalRequest,
    ApprovalState,
    Change,
    Counted,
    Decision,
    LevelState,
    Status,
    Verdict,
    Withdrawal,
)

MAX_REASON = 3000
"""Characters of a reason: what one Slack input can carry, kept whole in the audit."""


def submit(request: ApprovalRequest, now: datetime) -> Change:
    """Begin a request. One that needs no level is approved at once, and says by which rule."""
    state = ApprovalState(request=request, submitted_at=now)
    change = _note(
        Change(state=state),
        Fact.REQUEST_SUBMITTED,
        request.requester,
        now,
        rule=request.route.rule,
        data={"policy": request.policy.name, "policy_version": request.policy.version},
    )
    if request.route.levels:
        return change
    return _close(change, Status.APPROVED, CLOCK, now, rule="no_level_needed")


def next_level_rule(state: ApprovalState) -> LevelRule:
    """Return the rule of the level to reach next."""
    return state.request.route.levels[len(state.levels)]


def window(state: ApprovalState) -> timedelta | None:
    """Return how long the next level may wait: the request's wish within the policy's bounds."""
    rule = next_level_rule(state)
    wish = state.request.expire_after
    if wish is None or rule.expire_after is None:
        return rule.expire_after
    return min(wish, rule.max_expire_after or rule.expire_after)


def reach_level(state: ApprovalState, expires_at: datetime | None) -> ApprovalState:
    """Begin the next level's clock. Nobody may decide until `open_level` knows the people."""
    level = LevelState(
        number=len(state.levels) + 1, rule=next_level_rule(state), expires_at=expires_at
    )
    return replace(state, levels=(*state.levels, level))


def open_level(state: ApprovalState, approvers: ApproverSet, now: datetime) -> Change:
    """Open the reached level for those of `approvers` who may decide.

    A level that nobody may decide, or that lacks the people its quorum needs, stays blocked: the
    request is still pending, its clock runs, and the reading may be repeated.
    """
    level = state.levels[-1]
    eligible = _eligible(state, approvers)
    blocked = _why_blocked(level.rule, eligible, approvers)
    if blocked and blocked == level.blocked:
        return Change(state=state)
    level = replace(
        level,
        eligible=() if blocked else eligible,
        evidence=approvers.members,
        blocked=blocked,
        opened_at=None if blocked else now,
    )
    data = {
        "eligible": ",".join(level.eligible),
        "evidence": ";".join(f"{m.person}={m.standing} by {m.source}" for m in approvers.members),
        "unreadable": ",".join(approvers.unreadable),
        "read_at": approvers.read_at.isoformat(),
        "quorum": str(level.rule.quorum),
        "expires_at": level.expires_at.isoformat() if level.expires_at else "",
    }
    return _note(
        Change(state=replace(state, levels=(*state.levels[:-1], level))),
        Fact.LEVEL_BLOCKED if blocked else Fact.LEVEL_OPENED,
        CLOCK,
        now,
        level=level.number,
        rule=blocked or level.rule.name,
        data=data,
    )


def check_decide(state: ApprovalState, decision: Decision, now: datetime) -> None:
    """Check whether `decision` may count now; changes nothing.

    Raises:
        RequestClosedError, StaleContentError, LevelClosedError, LevelNotOpenError,
        OwnRequestError, NotAnApproverError, CountedElsewhereError, AlreadyDecidedError,
        ReasonRequiredError, ReasonTooLongError: see each in `errors`.

    """
    _check_open(state, now)
    person = decision.actor.person
    if decision.content_revision != state.content_revision:
        raise StaleContentError
    if person == state.request.requester.person:
        raise OwnRequestError
    level = _open_level(state, decision)
    _check_approver(state, level, person)
    _check_reason(level.rule, decision)


def _open_level(state: ApprovalState, decision: Decision) -> LevelState:
    """Return the level that `decision` is meant for, provided that it takes decisions now."""
    level = next((level for level in state.levels if level.number == decision.level), None)
    if level is None:
        raise LevelNotOpenError
    for said in level.decisions:
        if said.person == decision.actor.person:
            raise AlreadyDecidedError(verdict=said.verdict)
    if level.passed:
        raise LevelClosedError
    if level.blocked:
        raise LevelNotOpenError
    return level


def _check_approver(state: ApprovalState, level: LevelState, person: str) -> None:
    if person in level.eligible:
        return
    distinct = state.request.policy.distinct_approvers
    if distinct and any(member.person == person for member in level.evidence):
        for earlier in state.levels[:-1]:
            if any(said.person == person for said in earlier.decisions):
                raise CountedElsewhereError(level=str(earlier.number))
    raise NotAnApproverError


def decide(state: ApprovalState, decision: Decision, now: datetime) -> Change:
    """Count a decision that `check_decide` has let through; close level and request if certain."""
    level = state.levels[-1]
    said = Counted(
        person=decision.actor.person,
        verdict=decision.verdict,
        reason=decision.reason,
        at=now,
    )
    level = replace(level, decisions=(*level.decisions, said))
    change = Change(state=replace(state, levels=(*state.levels[:-1], level)))
    change = _note(
        change,
        Fact.DECISION_RECORDED,
        decision.actor,
        now,
        level=level.number,
        rule=state.request.route.rule,
        reason=decision.reason,
        data={"verdict": decision.verdict},
    )
    return _settle(change, level, decision, now)


def _settle(change: Change, level: LevelState, decision: Decision, now: datetime) -> Change:
    """Close the level, and with it perhaps the request, once its outcome is certain."""
    left = len(level.eligible) - len(level.decisions)
    if level.approvals >= level.needed:
        passed = replace(level, passed=True)
        state = replace(change.state, levels=(*change.state.levels[:-1], passed))
        change = _note(
            replace(change, state=state),
            Fact.LEVEL_PASSED,
            decision.actor,
            now,
            level=level.number,
            rule="quorum",
        )
        if level.number < len(state.request.route.levels):
            return change
        return _close(change, Status.APPROVED, decision.actor, now, rule="quorum")
    if level.rejections >= level.rule.reject_quorum:
        rule = "reject_quorum"
    elif level.approvals + left < level.needed:
        rule = "quorum_out_of_reach"
    else:
        return change
    return _close(change, Status.REJECTED, decision.actor, now, rule=rule, reason=decision.reason)


def check_withdraw(state: ApprovalState, withdrawal: Withdrawal, now: datetime) -> None:
    """Check whether this person may take the request back now; changes nothing.

    Raises:
        RequestClosedError, NotTheRequesterError, ReasonTooLongError: see each in `errors`.

    """
    _check_open(state, now)
    if withdrawal.actor.person != state.request.requester.person:
        raise NotTheRequesterError
    _check_length(withdrawal.reason)


def withdraw(state: ApprovalState, withdrawal: Withdrawal, now: datetime) -> Change:
    """Close the request as taken back by its requester."""
    return _close(
        Change(state=state),
        Status.WITHDRAWN,
        withdrawal.actor,
        now,
        rule="requester",
        reason=withdrawal.reason,
    )


def next_deadline(state: ApprovalState) -> datetime | None:
    """Return the instant at which the clock will change this request, if any.

    A level that has passed has no clock any more; the next one's runs once it is reached.
    """
    level = state.level
    return level.expires_at if state.is_open and level and not level.passed else None


def reach(state: ApprovalState, now: datetime) -> Change:
    """Let the clock do what is due at `now`; nothing due changes nothing, so it may be repeated."""
    due = next_deadline(state)
    if due is None or now < due:
        return Change(state=state)
    return _close(Change(state=state), Status.EXPIRED, CLOCK, now, rule="expire_after")


def _check_open(state: ApprovalState, now: datetime) -> None:
    if not state.is_open:
        raise RequestClosedError(
            status=state.status, person=state.closed_by.person if state.closed_by else ""
        )
    due = next_deadline(state)
    if due is not None and now >= due:  # the timer is about to say so itself
        raise RequestClosedError(status=Status.EXPIRED, person="")


def _check_reason(rule: LevelRule, decision: Decision) -> None:
    asked = rule.approve_reason if decision.verdict is Verdict.APPROVE else rule.reject_reason
    if asked is ReasonRule.REQUIRED and not decision.reason.strip():
        raise ReasonRequiredError
    _check_length(decision.reason)


def _check_length(reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise ReasonTooLongError(length=str(len(reason)))


def _eligible(state: ApprovalState, approvers: ApproverSet) -> tuple[str, ...]:
    """Return who may decide: active, not the requester, not counted before, each person once."""
    barred = {state.request.requester.person}
    if state.request.policy.distinct_approvers:
        barred |= {said.person for level in state.levels[:-1] for said in level.decisions}
    active = (m.person for m in approvers.members if m.standing is Standing.ACTIVE)
    return tuple(dict.fromkeys(person for person in active if person not in barred))


def _why_blocked(rule: LevelRule, eligible: tuple[str, ...], approvers: ApproverSet) -> str:
    """Name why a level cannot open, or return an empty string."""
    if approvers.unreadable:
        return "approvers_unreadable"
    if not eligible:
        return "no_eligible_approver"
    if len(eligible) < rule.quorum.needed(len(eligible)):
        return "too_few_eligible"
    return ""


def _note(  # noqa: PLR0913 - a fact has this many parts
    change: Change,
    kind: Fact,
    actor: Actor,
    now: datetime,
    *,
    level: int = 0,
    rule: str = "",
    reason: str = "",
    data: dict[str, str] | None = None,
) -> Change:
    sequence = change.state.sequence + 1
    event = AuditEvent(
        request_id=change.state.request.request_id,
        sequence=sequence,
        kind=kind,
        at=now,
        actor=actor,
        content_revision=change.state.content_revision,
        level=level,
        rule=rule,
        reason=reason,
        data=data or {},
    )
    return Change(state=replace(change.state, sequence=sequence), facts=(*change.facts, event))


_CLOSING_FACT = {
    Status.APPROVED: Fact.REQUEST_APPROVED,
    Status.REJECTED: Fact.REQUEST_REJECTED,
    Status.EXPIRED: Fact.REQUEST_EXPIRED,
    Status.WITHDRAWN: Fact.REQUEST_WITHDRAWN,
}


def _close(  # noqa: PLR0913 - a fact has this many parts
    change: Change, status: Status, actor: Actor, now: datetime, *, rule: str, reason: str = ""
) -> Change:
    state = replace(
        change.state,
        status=status,
        closed_at=now,
        closed_by=actor,
        closing_rule=rule,
        closing_reason=reason,
    )
    return _note(
        replace(change, state=state), _CLOSING_FACT[status], actor, now, rule=rule, reason=reason
    )
