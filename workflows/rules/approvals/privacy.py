"""Privacy: what a channel may show of a private request, and who may read the rest of it."""

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
from workflows.rules.hr.request import HrRequest
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

_Said = TypeVar("_Said", RecordedDecision, Reassigned)


def public_snapshot(snapshot: ApprovalSnapshot) -> ApprovalSnapshot:
    """Return what everybody may see of a private face; any other one comes back as it is.

    Left are kind, requester, levels, people and state. Gone are the content, what changed in it,
    everything that somebody wrote, and the words of the rule: they bound the amount. Its title is
    the policy's, so that a sentence about it still has a subject.
    """
    if not snapshot.private or snapshot.hidden:
        return snapshot
    wanted = snapshot.change_request
    return replace(
        snapshot,
        hidden=True,
        content=Content(title=snapshot.title),
        rule=RouteReason(policy=snapshot.policy),
        levels=tuple(_public_level(level) for level in snapshot.levels),
        changes=(),
        change_request=replace(wanted, reason="") if wanted else None,
        comments=0,
        remarks=(),
        closing_reason="",
    )


def public(snapshot: Snapshot) -> Snapshot:
    """Return what a channel may show of any face. An order has nothing that is private.

    Of an HR request that was private, or whose approval was lost, only its type is left.
    """
    if isinstance(snapshot, ApprovalSnapshot):
        return public_snapshot(snapshot)
    if not isinstance(snapshot, HrSnapshot) or (
        snapshot.approval and not snapshot.approval.private
    ):
        return snapshot
    bare = HrRequest(
        request_id=snapshot.request.request_id, type=snapshot.request.type, title=snapshot.title
    )
    approval = public_snapshot(snapshot.approval) if snapshot.approval else None
    return replace(snapshot, request=bare, approval=approval, failure=None)


def _public_level(level: LevelSnapshot) -> LevelSnapshot:
    return replace(
        level,
        decisions=tuple(_without_reason(one) for one in level.decisions),
        reassigned=_without_reason(level.reassigned) if level.reassigned else None,
    )


def _without_reason(said: _Said) -> _Said:
    return replace(said, reason="")


def may_read(state: ApprovalState, person: str) -> bool:
    """Whether `person` may read the whole of a request.

    Everybody may where its policy keeps nothing from its channel. Of a private one: who asks, who
    is or was asked, decided or stands in, and the admins.
    """
    return state.request.policy.visibility is not Visibility.PRIVATE or person in readers_of(state)


def readers_of(state: ApprovalState) -> tuple[str, ...]:
    """Return everybody who may read the whole of a private request; nobody where all may."""
    if state.request.policy.visibility is not Visibility.PRIVATE:
        return ()
    people = (state.request.requester.person, *state.admins, *state.readers)
    return tuple(dict.fromkeys(people))


def may_read_snapshot(snapshot: ApprovalSnapshot, person: str, readers: Collection[str]) -> bool:
    """Whether `person` may read the whole of it, by the `readers_of` that were written down last."""
    return not snapshot.private or person in {snapshot.requester.person, *readers}


def may_read_trail(snapshot: ApprovalSnapshot, person: str) -> bool:
    """Whether `person` may read what was written down of it: who asks, and the people of its levels.

    Of a private one whoever may read it may read that too.
    """
    people = {snapshot.requester.person}
    for level in snapshot.levels:
        people |= {*level.eligible, *(one.person for one in level.delegates)}
        people |= {who for said in level.decisions for who in (said.person, said.seat)}
    return person in people or (snapshot.private and not snapshot.hidden)


def with_readers(state: ApprovalState, level: LevelState) -> ApprovalState:
    """Note that the people of a level that opens are asked; safe to repeat."""
    if state.request.policy.visibility is not Visibility.PRIVATE:
        return state
    asked = (*state.readers, *level.eligible, *(one.person for one in level.delegates))
    return replace(state, readers=tuple(dict.fromkeys(asked)))
