"""Levels in order: how a level is reached, and when its outcome is certain."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.clock import Tick, Window, sorted_ticks, windows
from workflows.rules.approvals.policy import LevelRule
from workflows.rules.approvals.request import ApprovalState, Change, LevelState, Status
from workflows.rules.approvals.transitions import close, note, with_level
from workflows.rules.people.actors import CLOCK, Actor
from workflows.rules.shared.audit import Fact


def next_level_rule(state: ApprovalState) -> LevelRule:
    """Return the rule of the level to reach next."""
    return state.request.route.levels[len(state.levels)]


def next_windows(state: ApprovalState) -> tuple[Window, ...]:
    """Return the windows of the next level, counted from when it is reached."""
    return windows(next_level_rule(state), state.request.expire_after)


def reach_level(state: ApprovalState, clock: Iterable[Tick]) -> ApprovalState:
    """Add the next level and start its clock. No one may decide until its approvers are known."""
    rule = next_level_rule(state)
    level = LevelState(
        number=len(state.levels) + 1, rule=rule, sources=rule.approvers, clock=sorted_ticks(clock)
    )
    return replace(state, levels=(*state.levels, level))


def approve_if_no_level(change: Change, now: datetime) -> Change:
    """Approve a request whose route has no level. The rule approves it, not a person."""
    if change.state.request.route.levels:
        return change
    return close(change, Status.APPROVED, CLOCK, now, rule="no_level_needed")


def pass_if_certain(change: Change, actor: Actor, now: datetime) -> Change:
    """Pass the level once enough people approved; after the last level, approve the request."""
    level = change.state.levels[-1]
    if level.approvals < level.needed:
        return change
    change = note(
        with_level(change, replace(level, passed=True)),
        Fact.LEVEL_PASSED,
        actor,
        now,
        level=level.number,
        rule="quorum",
    )
    if level.number < len(change.state.request.route.levels):
        return change
    return close(change, Status.APPROVED, actor, now, rule="quorum")


def reject_if_certain(change: Change, actor: Actor, now: datetime, reason: str) -> Change:
    """Reject the request once enough people rejected it, or too few are left to approve."""
    level = change.state.levels[-1]
    if level.rejections >= level.rule.reject_quorum:
        rule = "reject_quorum"
    elif level.approvals + len(level.unfilled) < level.needed:
        rule = "quorum_out_of_reach"
    else:
        return change
    return close(change, Status.REJECTED, actor, now, rule=rule, reason=reason)
