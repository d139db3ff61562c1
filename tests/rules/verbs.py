"""The verbs of an approval, applied as the workflow does: first the check, then the verb."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    GUS,
    NOON,
    actor,
    after,
    level,
    opened,
    users,
)
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Change,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Status,
    Verdict,
    Withdrawal,
)
from workflows.rules.approvals.verbs import ApprovalCommand, rule_of
from workflows.rules.people.actors import SLACK, Actor
from workflows.rules.shared.content import Content
from workflows.rules.shared.errors import RuleError


def yes(person: str, *, level: int = 1, reason: str = "", revision: int = 1) -> Decision:
    return Decision(
        actor=actor(person),
        verdict=Verdict.APPROVE,
        reason=reason,
        content_revision=revision,
        level=level,
    )


def no(person: str, *, level: int = 1, reason: str = "", revision: int = 1) -> Decision:
    return replace(
        yes(person, level=level, reason=reason, revision=revision), verdict=Verdict.REJECT
    )


def changes(person: str, *, level: int = 1, reason: str = "cheaper", revision: int = 1) -> Decision:
    return replace(
        yes(person, level=level, reason=reason, revision=revision), verdict=Verdict.REQUEST_CHANGES
    )


def execute(state: ApprovalState, command: ApprovalCommand, now: datetime = NOON) -> Change:
    """Check and apply any command."""
    rule = rule_of(command)
    rule.check(state, command, now)
    return rule.apply(state, command, now)


def decide(state: ApprovalState, decision: Decision, now: datetime = NOON) -> Change:
    return execute(state, decision, now)


def decided(state: ApprovalState, *decisions: Decision) -> ApprovalState:
    for decision in decisions:
        state = decide(state, decision).state
    return state


def refusal(state: ApprovalState, decision: Decision, now: datetime = NOON) -> RuleError:
    """Return the refusal of the decision."""
    return refusal_of(lambda: decide(state, decision, now))


def refusal_of(act: Callable[[], Change]) -> RuleError:
    """Return the refusal of the action."""
    with pytest.raises(RuleError) as caught:
        act()
    return caught.value


def withdrawal(person: str = ANA, reason: str = "") -> Withdrawal:
    return Withdrawal(actor=actor(person), reason=reason)


def withdraw(state: ApprovalState, taken_back: Withdrawal, now: datetime = NOON) -> Change:
    return execute(state, taken_back, now)


def comment(
    state: ApprovalState,
    person: str,
    text: str = "which colour?",
    now: datetime = NOON,
    *,
    notify: bool = False,
) -> Change:
    said = Comment(actor=actor(person), text=text, notify=notify)
    return execute(state, said, now)


def amend(
    state: ApprovalState,
    content: Content,
    now: datetime = NOON,
    *,
    person: str = ANA,
    revision: int | None = None,
) -> Change:
    edited = Amendment(
        actor=actor(person),
        content=content,
        content_revision=state.content_revision if revision is None else revision,
    )
    return execute(state, edited, now)


def delegate_seat(state: ApprovalState, person: str, to: str, now: datetime = NOON) -> Change:
    handed = Delegation(actor=actor(person), delegate=to)
    return execute(state, handed, now)


def reassign(
    state: ApprovalState,
    *people: str,
    by: str = GUS,
    reason: str = "she left",
    now: datetime = NOON,
) -> Change:
    wanted = Reassignment(actor=actor(by), approvers=users(*people), reason=reason)
    return execute(state, wanted, now)


def refresh(state: ApprovalState, by: Actor = SLACK, now: datetime = NOON) -> Change:
    wanted = Refresh(actor=by)
    return execute(state, wanted, now)


def close(
    state: ApprovalState, by: str = GUS, reason: str = "a duplicate", now: datetime = NOON
) -> Change:
    ended = Closing(actor=actor(by), reason=reason)
    return execute(state, ended, now)


def in_status(status: Status) -> ApprovalState:  # noqa: PLR0911 - one end each
    """Return a request with one level in this status; Boris has made the decision, if there is one."""
    state = opened(level(BORIS, CLARA), expires_at=after(minutes=5))
    match status:
        case Status.APPROVED:
            return decided(state, yes(BORIS))
        case Status.REJECTED:
            return decided(state, no(BORIS))
        case Status.EXPIRED:
            return deadlines.advance_clock(state, after(minutes=5)).state
        case Status.WITHDRAWN:
            return withdraw(state, withdrawal()).state
        case Status.ADMIN_CLOSED:
            return close(state).state
        case Status.CHANGES_REQUESTED:
            return decided(state, changes(BORIS))
        case Status.PENDING:
            return state


CLOSED = tuple(
    status for status in Status if status not in (Status.PENDING, Status.CHANGES_REQUESTED)
)
"""The statuses of a closed request."""
