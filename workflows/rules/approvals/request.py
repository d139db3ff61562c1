"""The values of an approval: the request, its levels and decisions, and its state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.policy import LevelRule, Policy, Route, discount_route, route
from workflows.rules.people.actors import Actor, ApproverSource, ManagedBy, Member
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import Content, ContentChange
from workflows.rules.shared.errors import NoTierError


class Status(StrEnum):
    """The status of a request."""

    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ADMIN_CLOSED = "admin_closed"


OPEN = (Status.PENDING, Status.CHANGES_REQUESTED)
"""The statuses of a request that has not ended."""


class RequestKind(StrEnum):
    """The kind of a request: on its own, or the approval of an order or HR request."""

    APPROVAL = "approval"
    ORDER = "order"
    HR = "hr"


class Verdict(StrEnum):
    """The verdict of an approver."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRequest:
    """A request, with the whole policy pinned to it.

    `expire_after` is the requested expiry, within the policy's limits. `managers` is the
    requester's line of the table `[managers]`. A request is not `amendable` if its parent workflow
    acts on its own copy of the content, which would not change. The parent sets `about`.
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

    @property
    def submitted(self) -> tuple[str, Content]:
        """The parts that two starts under one id must share: the policy and the content."""
        return self.policy.name, self.content


def demanded_routes(request: ApprovalRequest) -> tuple[Route, ...]:
    """Return the routes that the policy demands for the content; none if no tier covers it.

    There may be two: the discount of an order, which the content does not show, may need more levels
    than its total.
    """
    policy, amount = request.policy, request.content.amount
    try:
        return route(policy, amount), discount_route(policy, amount)
    except NoTierError:
        return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A person's verdict about one content revision at one level."""

    actor: Actor
    verdict: Verdict
    reason: str = ""
    content_revision: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A comment, which decides nothing.

    `notify` is set if its readers must be notified: a reply in the card's thread needs no notice.
    """

    actor: Actor
    text: str
    notify: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """The requester's new content, based on `content_revision`."""

    actor: Actor
    content: Content
    content_revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """An approver names `delegate` for their seat on this request."""

    actor: Actor
    delegate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """The requester withdraws the request; `reason` may be empty."""

    actor: Actor
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reassignment:
    """An admin replaces the approvers of the open level."""

    actor: Actor
    approvers: tuple[ApproverSource, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """Have the approvers read again, for an admin or because Slack reports a change."""

    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """An admin closes the request without a decision."""

    actor: Actor
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedDecision:
    """A decision that counted. `seat` is the approver that it counts for: `person` or another."""

    person: str
    verdict: Verdict
    reason: str
    at: datetime
    seat: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegate:
    """A person who may decide for `seat`, from `starts` (inclusive) until `ends` (exclusive)."""

    person: str
    seat: str
    starts: datetime | None = None
    ends: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Return whether the person may decide at `now`."""
        has_started = self.starts is None or self.starts <= now
        return has_started and (self.ends is None or now < self.ends)

    @property
    def description(self) -> str:
        """The text in a fact: the person, the seat and the time bounds."""
        bounds = (("from", self.starts), ("until", self.ends))
        return " ".join(
            [f"{self.person} for {self.seat}"]
            + [f"{word} {at.isoformat()}" for word, at in bounds if at]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reassigned:
    """The admin who reassigned a level, and why."""

    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """A person that admins have taken off, and who stays off when the request is amended."""

    person: str
    admins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelState:
    """A level that has been reached. Its clock runs; it opens once its approvers are known.

    `sources` are the current sources: the policy's, until an escalation or an admin changes them.
    `blocked` is the code of why no one may decide yet, `approvers_unread` before the first
    directory query. `eligible` are the seats: each is filled by one decision, of its owner or of a
    delegate. `to_read` is set while a directory query is due, and `turn` counts these queries.
    `taken_off` were eligible before an admin reassigned the level. `told` have been notified. `outside` are not members of the card's channel.
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
    taken_off: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    reminders: int = 0
    escalations: int = 0
    passed: bool = False

    @property
    def expires_at(self) -> datetime | None:
        """When the request expires at this level, if it does."""
        ends = (tick.at for tick in self.clock if tick.kind is TickKind.EXPIRE)
        return next(ends, None)

    @property
    def approvals(self) -> int:
        """The number of approvals."""
        return sum(decision.verdict is Verdict.APPROVE for decision in self.decisions)

    @property
    def rejections(self) -> int:
        """The number of rejections."""
        return sum(decision.verdict is Verdict.REJECT for decision in self.decisions)

    @property
    def counted(self) -> frozenset[str]:
        """Everyone who has counted: the people who decided, and the seats that they filled."""
        return frozenset(
            person for decision in self.decisions for person in (decision.person, decision.seat)
        )

    @property
    def seats(self) -> frozenset[str]:
        """All seats of the level: those that are eligible now, and those already filled."""
        return frozenset(self.eligible) | {decision.seat for decision in self.decisions}

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The eligible seats that no decision has filled yet."""
        filled = {decision.seat for decision in self.decisions}
        return tuple(seat for seat in self.eligible if seat not in filled)

    @property
    def needed(self) -> int:
        """The number of approvals that pass the level."""
        return self.rule.quorum.needed(len(self.seats))


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A recent comment, as the card shows it. The audit trail has all comments."""

    person: str
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRequest:
    """An approver asks for changes before deciding."""

    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalState:
    """The whole state of an approval, as one value for continue-as-new.

    `changes` are those of the last amendment; `exclusions` are from levels that amendments replaced; `voided` counts the decisions that amendments made
    void. `readers` have been approvers or delegates at some time, for the current or an earlier
    content, and so have read a private request; empty if the request is not private. `changed_at`
    is the instant of the newest fact.
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
    exclusions: tuple[Exclusion, ...] = ()
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
        """Whether the request has not ended yet."""
        return self.status in OPEN

    @property
    def level(self) -> LevelState | None:
        """The latest level, whether passed or not; None before the first."""
        return self.levels[-1] if self.levels else None

    @property
    def waits_for_level(self) -> bool:
        """Whether the next level must be reached, which needs its deadlines."""
        return self.status is Status.PENDING and (self.level is None or self.level.passed)

    @property
    def waits_for_approvers(self) -> bool:
        """Whether the directory must be queried for the open level."""
        level = self.level
        if self.status is not Status.PENDING or level is None:
            return False
        return level.to_read and not level.passed


class NotificationKind(StrEnum):
    """Notifications while a request is open. The owner of the card notifies about the outcome."""

    ASKED = "asked"
    REMINDED = "reminded"
    CHANGES_WANTED = "changes_wanted"
    DELEGATE_REFUSED = "delegate_refused"
    BLOCKED = "blocked"
    EXCLUDED = "excluded"
    COMMENTED = "commented"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """A notification about a level for `people`; BLOCKED and EXCLUDED are for the admins and have none."""

    kind: NotificationKind
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The effect of a rule: the new state, its facts, and the notifications to send."""

    state: ApprovalState
    facts: tuple[AuditEvent, ...] = ()
    notifications: tuple[Notification, ...] = ()
