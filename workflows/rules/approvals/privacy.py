"""Privacy: what a channel may show of a private request, and who may read all of it."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from workflows.rules.approvals.policy import RouteReason, Visibility
from workflows.rules.approvals.request import (
    ApprovalState,
    LevelState,
    Reassigned,
    RecordedDecision,
)
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.shared.content import Content

_WithReason = TypeVar("_WithReason", RecordedDecision, Reassigned)


def public_approval(snapshot: ApprovalSnapshot) -> ApprovalSnapshot:
    """Return the public snapshot of an approval: unchanged unless the approval is private.

    Kind, requester, levels, people and status are kept. The content, its changes, all reasons and
    comments, and the rule's limits are removed: the limits would reveal the amount. The title
    becomes the policy's, so that a sentence about the request still has a subject.
    """
    if not snapshot.private or snapshot.hidden:
        return snapshot
    change_request = snapshot.change_request
    return replace(
        snapshot,
        hidden=True,
        content=Content(title=snapshot.title),
        rule=RouteReason(policy=snapshot.policy),
        levels=tuple(_public_level(level) for level in snapshot.levels),
        changes=(),
        change_request=replace(change_request, reason="") if change_request else None,
        comments=0,
        remarks=(),
        closing_reason="",
    )


def _public_level(level: LevelSnapshot) -> LevelSnapshot:
    return replace(
        level,
        decisions=tuple(_without_reason(decision) for decision in level.decisions),
        reassigned=_without_reason(level.reassigned) if level.reassigned else None,
    )


def _without_reason(record: _WithReason) -> _WithReason:
    return replace(record, reason="")


def may_read(state: ApprovalState, person: str) -> bool:
    """Return whether `person` may read all of a request.

    Everyone may read a request that is not private. A private request may be read by its
    requester, by the admins, and by everyone who is or was an approver or a delegate, or has
    decided.
    """
    return state.request.policy.visibility is not Visibility.PRIVATE or person in readers_of(state)


def readers_of(state: ApprovalState) -> tuple[str, ...]:
    """Return everyone who may read all of a private request; empty if the request is not private."""
    if state.request.policy.visibility is not Visibility.PRIVATE:
        return ()
    people = (state.request.requester.person, *state.admins, *state.readers)
    return tuple(dict.fromkeys(people))


def may_read_snapshot(snapshot: ApprovalSnapshot, person: str, readers: Collection[str]) -> bool:
    """Return whether `person` may read all of a snapshot, given the last stored `readers_of`."""
    return not snapshot.private or person in {snapshot.requester.person, *readers}


def may_read_trail(snapshot: ApprovalSnapshot, person: str) -> bool:
    """Return whether `person` may read the audit trail: the requester and the people of the levels.

    Everyone who may read a private request may read its trail too.
    """
    people = {snapshot.requester.person}
    for level in snapshot.levels:
        people |= {*level.eligible, *(delegate.person for delegate in level.delegates)}
        for decision in level.decisions:
            people |= {decision.person, decision.seat}
    return person in people or (snapshot.private and not snapshot.hidden)


def with_readers(state: ApprovalState, level: LevelState) -> ApprovalState:
    """Add the people of a level that opens to the readers of a private request. Safe to repeat."""
    if state.request.policy.visibility is not Visibility.PRIVATE:
        return state
    delegates = (delegate.person for delegate in level.delegates)
    readers = (*state.readers, *level.eligible, *delegates)
    return replace(state, readers=tuple(dict.fromkeys(readers)))
