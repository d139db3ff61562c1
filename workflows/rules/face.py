"""Faces: what a card shows, and what an update answers. Pure functions of the state, nothing private."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workflows.rules.people import Actor
from workflows.rules.request import ApprovalState, Content, Counted, LevelState, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelFace:
    """One reached level as people see it. `blocked` names why nobody may decide, or is empty."""

    number: int
    name: str
    sources: tuple[str, ...]
    eligible: tuple[str, ...]
    needed: int
    blocked: str
    expires_at: datetime | None
    decisions: tuple[Counted, ...]
    passed: bool
    reject_reason_required: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalFace:
    """An approval as people see it, at one `card_version`."""

    kind: Literal["approval"] = "approval"
    request_id: str
    title: str
    channel: str
    language: str
    mention_approvers: bool
    requester: Actor
    content: Content
    status: Status
    rule: str
    levels: tuple[LevelFace, ...]
    levels_in_all: int
    content_revision: int
    card_version: int
    submitted_at: datetime
    closed_at: datetime | None
    closed_by: Actor | None
    closing_rule: str
    closing_reason: str

    @property
    def open_level(self) -> LevelFace | None:
        """The level that waits for decisions now, or None."""
        if self.status is not Status.PENDING or not self.levels or self.levels[-1].passed:
            return None
        return self.levels[-1]


def approval_face(state: ApprovalState, card_version: int) -> ApprovalFace:
    """Return what everybody may see of `state`."""
    request = state.request
    return ApprovalFace(
        request_id=request.request_id,
        title=request.policy.title,
        channel=request.policy.channel,
        language=request.policy.language,
        mention_approvers=request.policy.notify == "card",
        requester=request.requester,
        content=request.content,
        status=state.status,
        rule=request.route.rule,
        levels=tuple(_level_face(level) for level in state.levels),
        levels_in_all=len(request.route.levels),
        content_revision=state.content_revision,
        card_version=card_version,
        submitted_at=state.submitted_at,
        closed_at=state.closed_at,
        closed_by=state.closed_by,
        closing_rule=state.closing_rule,
        closing_reason=state.closing_reason,
    )


def _level_face(level: LevelState) -> LevelFace:
    return LevelFace(
        number=level.number,
        name=level.rule.name,
        sources=tuple(str(source) for source in level.rule.approvers),
        eligible=level.eligible,
        needed=level.needed,
        blocked=level.blocked,
        expires_at=level.expires_at,
        decisions=level.decisions,
        passed=level.passed,
        reject_reason_required=level.rule.reject_reason == "required",
    )
