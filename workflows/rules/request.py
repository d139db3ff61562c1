"""The values an approval is made of: the request, its levels, what was decided, where it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.rules.audit import AuditEvent
from workflows.rules.money import Money
from workflows.rules.people import Actor, Member
from workflows.rules.policy import LevelRule, Policy, Route


class Status(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What an approver said."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentField:
    """One labelled line of what is asked."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What is asked, as people read it on the card."""

    title: str
    text: str = ""
    fields: tuple[ContentField, ...] = ()
    amount: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequest:
    """The thing asked, with the whole policy pinned to it."""

    request_id: str
    requester: Actor
    content: Content
    policy: Policy
    route: Route
    expire_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What one person said, about which content and which level."""

    actor: Actor
    verdict: Verdict
    reason: str = ""
    content_revision: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """The requester takes the request back; `reason` is theirs and may be empty."""

    actor: Actor
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One decision as it counted."""

    person: str
    verdict: Verdict
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelState:
    """A level that has been reached. Its clock runs from then on; it opens when people are known.

    `blocked` names why nobody may decide yet: `approvers_unread` before the first reading.
    """

    number: int
    rule: LevelRule
    expires_at: datetime | None = None
    blocked: str = "approvers_unread"
    eligible: tuple[str, ...] = ()
    evidence: tuple[Member, ...] = ()
    opened_at: datetime | None = None
    decisions: tuple[Counted, ...] = ()
    passed: bool = False

    @property
    def approvals(self) -> int:
        """How many said yes."""
        return sum(said.verdict is Verdict.APPROVE for said in self.decisions)

    @property
    def rejections(self) -> int:
        """How many said no."""
        return len(self.decisions) - self.approvals

    @property
    def needed(self) -> int:
        """How many approvals are enough."""
        return self.rule.quorum.needed(len(self.eligible))


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalState:
    """Everything an approval is. One value, so that continue-as-new carries one value."""

    request: ApprovalRequest
    status: Status = Status.PENDING
    levels: tuple[LevelState, ...] = ()
    content_revision: int = 1
    sequence: int = 0
    submitted_at: datetime
    closed_at: datetime | None = None
    closed_by: Actor | None = None
    closing_rule: str = ""
    closing_reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether anybody may still change it."""
        return self.status is Status.PENDING

    @property
    def level(self) -> LevelState | None:
        """The level that was reached last, passed or not; None before the first."""
        return self.levels[-1] if self.levels else None

    @property
    def waits_for_level(self) -> bool:
        """Whether the next level is to be reached: its deadline is to be set."""
        return self.is_open and (self.level is None or self.level.passed)

    @property
    def waits_for_approvers(self) -> bool:
        """Whether the level is reached but nobody may decide: its approvers are to be read."""
        return self.is_open and self.level is not None and bool(self.level.blocked)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What one step of the rules did: the new state and the facts to write down."""

    state: ApprovalState
    facts: tuple[AuditEvent, ...] = ()
