"""The snapshot of an approval: the published state that cards show and updates return."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from workflows.rules.approvals.amendment import may_be_amended
from workflows.rules.approvals.policy import Layout, Notify, ReasonRule, RouteReason, Visibility
from workflows.rules.approvals.request import (
    OPEN,
    ApprovalState,
    ChangeRequest,
    Delegate,
    Exclusion,
    LevelState,
    Reassigned,
    RecordedDecision,
    Remark,
    RequestKind,
    Status,
)
from workflows.rules.people.actors import Actor, Standing
from workflows.rules.shared.content import Content, ContentChange


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedApprover:
    """An approver, and the source that names them."""

    person: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelSnapshot:
    """The published state of a level that has been reached.

    `blocked` is the code of why no one may decide, or empty. `opened_at` is when its approvers
    were first known, None until then. `sources` are the current sources; `unreadable` are those
    that could not be read. `standing_unknown`: Slack does not say whether someone named may decide. A
    change of it alone is no new version of the card.
    """

    number: int
    name: str
    sources: tuple[str, ...]
    unreadable: tuple[str, ...]
    eligible: tuple[str, ...]
    asked: tuple[NamedApprover, ...]
    delegates: tuple[Delegate, ...]
    needed: int
    blocked: str
    expires_at: datetime | None
    decisions: tuple[RecordedDecision, ...]
    passed: bool
    reminders: int
    escalations: int
    reassigned: Reassigned | None
    approve_reason_required: bool
    reject_reason_required: bool
    opened_at: datetime | None = None
    standing_unknown: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalSnapshot:
    """The published state of an approval at one `card_version`.

    `changed_at` is the instant of its newest fact. `level_names` are all levels of the route,
    including those not reached yet. A `private` snapshot is shown in a channel only as `hidden`:
    `rules.approvals.privacy` has removed its private parts.
    """

    kind: Literal["approval"] = "approval"
    request_id: str
    policy: str
    currency: str
    title: str
    channel: str
    admin_channel: str
    language: str
    mention_approvers: bool
    requester: Actor
    content: Content
    status: Status
    rule: RouteReason
    levels: tuple[LevelSnapshot, ...]
    levels_in_all: int
    content_revision: int
    changes: tuple[ContentChange, ...]
    change_request: ChangeRequest | None
    amendable: bool
    voided: int
    comments: int
    remarks: tuple[Remark, ...]
    card_version: int
    submitted_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    closed_by: Actor | None
    closing_rule: str
    closing_reason: str
    about: RequestKind = RequestKind.APPROVAL
    layout: Layout = Layout.CARD
    level_names: tuple[str, ...] = ()
    private: bool = False
    hidden: bool = False
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def approval(self) -> "ApprovalSnapshot":
        """The approval itself: the other snapshots have theirs under this name."""
        return self

    @property
    def approval_id(self) -> str:
        """The id of the approval, which is its own."""
        return self.request_id

    @property
    def waits_for_approval(self) -> bool:
        """Whether a child approval is open: it has none."""
        return False

    @property
    def is_child(self) -> bool:
        """Whether it belongs to an order or an HR request."""
        return self.about is not RequestKind.APPROVAL

    @property
    def submitted(self) -> tuple[str, Content] | None:
        """The policy and the content as submitted; None if it was amended since."""
        return (self.policy, self.content) if self.content_revision == 1 else None

    @property
    def is_open(self) -> bool:
        """Whether the request has not ended yet."""
        return self.status in OPEN

    @property
    def needs_attention(self) -> bool:
        """Whether a compensation has failed; an approval has none."""
        return False

    @property
    def open_level(self) -> LevelSnapshot | None:
        """The level that waits for decisions, or None."""
        if self.status is not Status.PENDING or not self.levels or self.levels[-1].passed:
            return None
        return self.levels[-1]


def approval_snapshot(state: ApprovalState, card_version: int) -> ApprovalSnapshot:
    """Return the snapshot of `state`. It includes private parts; see `rules.approvals.privacy`."""
    request = state.request
    return ApprovalSnapshot(
        request_id=request.request_id,
        policy=request.policy.name,
        currency=request.policy.currency,
        title=request.policy.title,
        channel=request.policy.channel,
        admin_channel=request.policy.admin_channel,
        language=request.policy.language,
        mention_approvers=request.policy.notify is Notify.CARD,
        requester=request.requester,
        content=request.content,
        status=state.status,
        rule=request.route.reason,
        levels=tuple(_level_snapshot(level) for level in state.levels),
        levels_in_all=len(request.route.levels),
        content_revision=state.content_revision,
        changes=state.changes,
        change_request=state.change_request,
        amendable=may_be_amended(state),
        voided=state.voided,
        comments=state.comments,
        remarks=state.remarks,
        card_version=card_version,
        submitted_at=state.submitted_at,
        changed_at=state.changed_at,
        closed_at=state.closed_at,
        closed_by=state.closed_by,
        closing_rule=state.closing_rule,
        closing_reason=state.closing_reason,
        about=request.about,
        layout=request.policy.layout,
        level_names=tuple(level.name for level in request.route.levels),
        private=request.policy.visibility is Visibility.PRIVATE,
        exclusions=state.exclusions,
    )


def _level_snapshot(level: LevelState) -> LevelSnapshot:
    sources: dict[str, str] = {}
    for member in level.evidence:
        sources.setdefault(member.person, member.source)
    return LevelSnapshot(
        number=level.number,
        name=level.rule.name,
        sources=tuple(str(source) for source in level.sources),
        unreadable=level.unreadable,
        eligible=level.eligible,
        asked=tuple(
            NamedApprover(person=person, source=sources.get(person, ""))
            for person in level.eligible
        ),
        delegates=level.delegates,
        needed=level.needed,
        blocked=level.blocked,
        standing_unknown=any(m.standing is Standing.UNKNOWN for m in level.evidence),
        expires_at=level.expires_at,
        decisions=level.decisions,
        passed=level.passed,
        reminders=level.reminders,
        escalations=level.escalations,
        reassigned=level.reassigned,
        approve_reason_required=level.rule.approve_reason is ReasonRule.REQUIRED,
        reject_reason_required=level.rule.reject_reason is ReasonRule.REQUIRED,
        opened_at=level.opened_at,
    )
