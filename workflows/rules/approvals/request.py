"""The values an approval is made of: the request, its levels, what was decided, where it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.policy import LevelRule, Policy, Route
from workflows.rules.people.actors import Actor, ApproverSource, ManagedBy, Member
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import Content, ContentChange


class Status(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ADMIN_CLOSED = "admin_closed"


OPEN = (Status.PENDING, Status.CHANGES_REQUESTED)
"""The states from which a request can still go on."""


class RequestKind(StrEnum):
    """What a request is about: itself, or what its parent workflow does once it is approved."""

    APPROVAL = "approval"
    ORDER = "order"
    HR = "hr"


class Verdict(StrEnum):
    """What an approver said."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequest:
    """The thing asked, with the whole policy pinned to it.

    `expire_after` is a wish within the policy's bounds. `managers` is the requester's line of
    the table `[managers]`. What a parent workflow acts upon is not `amendable`: its own copy of
    the content would stay as it was. The parent says what it is `about`.
    """

    request_id: str
    requester: Actor
    content: Content
    policy: Policy
    route: Route
    expire_after: timedelta | None = None
    managers: tuple[ManagedBy, ...] = ()
    amendable: bool = True
    about: RequestKind = RequestKind.APPROVAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What one person said, about which content and which level."""

    actor: Actor
    verdict: Verdict
    reason: str = ""
    content_revision: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """What somebody remarks; it decides nothing."""

    actor: Actor
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """The requester's new content, made from `content_revision`."""

    actor: Actor
    content: Content
    content_revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """An approver has `delegate` stand in for them on this one request."""

    actor: Actor
    delegate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """The requester takes the request back; `reason` is theirs and may be empty."""

    actor: Actor
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reassignment:
    """An admin names other approvers for the level that waits."""

    actor: Actor
    approvers: tuple[ApproverSource, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """Somebody wants the approvers read again: an admin, or the bot when Slack reports a change."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """An admin ends the request, which decides nothing."""

    actor: Actor
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedDecision:
    """One decision as it counted. `seat` is the approver it counts for: oneself, or an absent one."""

    person: str
    verdict: Verdict
    reason: str
    at: datetime
    seat: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegate:
    """Who may decide for `seat`, from `starts` (inclusive) until `ends` (exclusive), if bounded."""

    person: str
    seat: str
    starts: datetime | None = None
    ends: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether it holds at `now`."""
        begun = self.starts is None or self.starts <= now
        return begun and (self.ends is None or now < self.ends)

    @property
    def description(self) -> str:
        """How a fact says it: who, for whom, and within which time."""
        bounds = (("from", self.starts), ("until", self.ends))
        return " ".join(
            [f"{self.person} for {self.seat}"]
            + [f"{word} {at.isoformat()}" for word, at in bounds if at]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reassigned:
    """Which admin has named the approvers of a level, and why."""

    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelState:
    """A level that has been reached. Its clock runs from then on; it opens when people are known.

    `sources` are those in force: the policy's, until an escalation or an admin changes them.
    `blocked` names why nobody may decide yet: `approvers_unread` before the first reading.
    `eligible` are the seats: each is filled by one decision, its owner's or a stand-in's.
    `to_read` says that the people are to be read (again), `turn` counts how often that was wanted.
    `told` have heard that they are asked.
    """

    number: int
    rule: LevelRule
    sources: tuple[ApproverSource, ...]
    clock: tuple[Tick, ...] = ()
    blocked: str = "approvers_unread"
    unreadable: tuple[str, ...] = ()
    to_read: bool = True
    turn: int = 0
    eligible: tuple[str, ...] = ()
    delegates: tuple[Delegate, ...] = ()
    evidence: tuple[Member, ...] = ()
    outside: tuple[str, ...] = ()
    opened_at: datetime | None = None
    decisions: tuple[RecordedDecision, ...] = ()
    reassigned_by: tuple[str, ...] = ()
    reassigned: Reassigned | None = None
    told: tuple[str, ...] = ()
    reminders: int = 0
    escalations: int = 0
    passed: bool = False

    @property
    def expires_at(self) -> datetime | None:
        """When the request expires here, if it does."""
        ends = (tick.at for tick in self.clock if tick.kind is TickKind.EXPIRE)
        return next(ends, None)

    @property
    def approvals(self) -> int:
        """How many said yes."""
        return sum(said.verdict is Verdict.APPROVE for said in self.decisions)

    @property
    def rejections(self) -> int:
        """How many said no."""
        return sum(said.verdict is Verdict.REJECT for said in self.decisions)

    @property
    def counted(self) -> frozenset[str]:
        """Everybody who has counted: who pressed, and for whom they pressed."""
        return frozenset(who for said in self.decisions for who in (said.person, said.seat))

    @property
    def seats(self) -> frozenset[str]:
        """Everybody who counts here: who may decide now, and whose seat was filled before."""
        return frozenset(self.eligible) | {said.seat for said in self.decisions}

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The seats for which nobody has decided yet."""
        filled = {said.seat for said in self.decisions}
        return tuple(seat for seat in self.eligible if seat not in filled)

    @property
    def needed(self) -> int:
        """How many approvals are enough."""
        return self.rule.quorum.needed(len(self.seats))


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """One of the last comments, as the card shows it; the audit has them all."""

    person: str
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRequest:
    """Who wants which changes before deciding."""

    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalState:
    """Everything an approval is. One value, so that continue-as-new carries one value.

    `changes` is what the last amendment changed, `voided` how many decisions amendments voided.
    `readers` were asked at some time, about this content or an earlier one: what a private
    request keeps from others, they have read. Empty where nothing is kept from anybody.
    `changed_at` is the instant of the newest fact.
    """

    request: ApprovalRequest
    status: Status = Status.PENDING
    levels: tuple[LevelState, ...] = ()
    content_revision: int = 1
    changes: tuple[ContentChange, ...] = ()
    change_request: ChangeRequest | None = None
    voided: int = 0
    delegations: tuple[Delegate, ...] = ()
    admins: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    comments: int = 0
    remarks: tuple[Remark, ...] = ()
    sequence: int = 0
    submitted_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    closed_by: Actor | None = None
    closing_rule: str = ""
    closing_reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether anybody may still change it."""
        return self.status in OPEN

    @property
    def level(self) -> LevelState | None:
        """The level that was reached last, passed or not; None before the first."""
        return self.levels[-1] if self.levels else None

    @property
    def waits_for_level(self) -> bool:
        """Whether the next level is to be reached: its deadlines are to be set."""
        return self.status is Status.PENDING and (self.level is None or self.level.passed)

    @property
    def waits_for_approvers(self) -> bool:
        """Whether the people of the level that is still to be decided are to be read."""
        level = self.level
        if self.status is not Status.PENDING or level is None:
            return False
        return level.to_read and not level.passed


class NotificationKind(StrEnum):
    """What people are told while a request is open. The outcome is told by whoever owns the card."""

    ASKED = "asked"
    REMINDED = "reminded"
    CHANGES_WANTED = "changes_wanted"
    DELEGATE_REFUSED = "delegate_refused"
    BLOCKED = "blocked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """People to be told something about a level; BLOCKED is for the admins and names nobody."""

    kind: NotificationKind
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What one step of the rules did: the new state, the facts to write down, whom to tell."""

    state: ApprovalState
    facts: tuple[AuditEvent, ...] = ()
    notifications: tuple[Notification, ...] = ()
