"""The written rule: tiers by amount, levels, approver sources, quorums, deadlines."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum

from workflows.rules.people.actors import ApproverSource
from workflows.rules.shared.errors import NoTierError
from workflows.rules.shared.money import Money


class QuorumKind(StrEnum):
    """How many approvals are enough."""

    COUNT = "count"
    ALL = "all"
    MAJORITY = "majority"


class ReasonRule(StrEnum):
    """Whether a verdict takes a reason."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Notify(StrEnum):
    """How approvers hear of a request: by the card, by a copy of it for each, or not at all.

    CARD mentions those who are members of its channel; who is not gets a copy as a direct message.
    """

    CARD = "card"
    DM = "dm"
    NONE = "none"


class Layout(StrEnum):
    """How a request stands in its channel: as one card, or as a root with one reply per level."""

    CARD = "card"
    THREAD = "thread"


class Visibility(StrEnum):
    """Who may read what is asked: everybody in the channel, or only those whom it concerns."""

    CHANNEL = "channel"
    PRIVATE = "private"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quorum:
    """How many of the eligible people must agree. `count` matters for COUNT only."""

    kind: QuorumKind = QuorumKind.COUNT
    count: int = 1

    def needed(self, eligible: int) -> int:
        """Return the number of approvals that is enough among `eligible` people."""
        match self.kind:
            case QuorumKind.ALL:
                return max(eligible, 1)
            case QuorumKind.MAJORITY:
                return eligible // 2 + 1
            case QuorumKind.COUNT:
                return self.count

    def __str__(self) -> str:
        return str(self.count) if self.kind is QuorumKind.COUNT else self.kind.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """Whom else to ask, so long after the level was reached; `replace` lets go of the others."""

    after: timedelta
    to: tuple[ApproverSource, ...]
    replace: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelRule:
    """One rung of the chain as written: who, how many, how long."""

    name: str
    approvers: tuple[ApproverSource, ...]
    quorum: Quorum = Quorum()
    reject_quorum: int = 1
    approve_reason: ReasonRule = ReasonRule.OPTIONAL
    reject_reason: ReasonRule = ReasonRule.REQUIRED
    remind_after: tuple[timedelta, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    expire_after: timedelta | None = None
    max_expire_after: timedelta | None = None

    @property
    def longest(self) -> timedelta | None:
        """For how long a request may wish the level to wait; None where nothing bounds it."""
        return self.max_expire_after or self.expire_after


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """Which levels an amount needs. `up_to` is inclusive; None takes everything above."""

    up_to: Money | None
    levels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A whole policy, as a request pins it at submission. `version` is its digest.

    `admins` and `admin_channel` are the house's: who may reassign, refresh and close, and where
    they are told. `max_amendments` bounds how often a request may be changed. Of a PRIVATE one
    its channel shows no more than `rules.privacy` lets through.
    """

    name: str
    title: str
    channel: str
    tiers: tuple[Tier, ...]
    levels: tuple[LevelRule, ...]
    layout: Layout = Layout.CARD
    visibility: Visibility = Visibility.CHANNEL
    notify: Notify = Notify.CARD
    distinct_approvers: bool = True
    delegation: bool = True
    max_amendments: int = 3
    admins: tuple[ApproverSource, ...] = ()
    admin_channel: str = ""
    language: str = "en"
    version: str = ""

    @property
    def currency(self) -> str:
        """The currency of its tiers; empty where no tier has a limit."""
        return next((tier.up_to.currency for tier in self.tiers if tier.up_to), "")

    def level(self, name: str) -> LevelRule:
        """Return the level of that name; the parser has made sure that it exists."""
        return next(level for level in self.levels if level.name == name)


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteReason:
    """Why a request takes its route: the tier of `policy` that is `over` one limit, or `up_to` another.

    Neither: the policy asks whatever the amount. As a text it is the short code of the audit trail.
    """

    policy: str
    over: Money | None = None
    up_to: Money | None = None

    @property
    def is_always(self) -> bool:
        """Whether the amount does not matter."""
        return self.over is None and self.up_to is None

    def __str__(self) -> str:
        if self.up_to is not None:
            return f"{self.policy}: up to {self.up_to}"
        return f"{self.policy}: over {self.over}" if self.over else f"{self.policy}: always"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The levels a request must pass, and the rule that says so."""

    reason: RouteReason
    levels: tuple[LevelRule, ...]

    @property
    def rule(self) -> str:
        """The reason as the audit trail has it."""
        return str(self.reason)


def route(policy: Policy, amount: Money | None) -> Route:
    """Find the first tier that takes `amount`: the last one (the strictest) when nothing compares.

    Nothing compares without an amount, and when its currency is not the tier's.

    Raises:
        NoTierError: no tier takes it (the parser refuses such gaps, so only by hand-made policy).

    """
    lower: Money | None = None
    for tier in policy.tiers:
        if tier.up_to is None or _is_within(amount, tier.up_to):
            return Route(
                reason=_reason(policy, tier, lower),
                levels=tuple(policy.level(name) for name in tier.levels),
            )
        lower = tier.up_to
    raise NoTierError(policy=policy.name)


def _is_within(amount: Money | None, limit: Money) -> bool:
    if amount is None or amount.currency != limit.currency:
        return False
    return amount.amount <= limit.amount


def _reason(policy: Policy, tier: Tier, lower: Money | None) -> RouteReason:
    if tier.up_to is not None:
        return RouteReason(policy=policy.name, up_to=tier.up_to)
    return RouteReason(policy=policy.name, over=lower)


def digest(policy: Policy) -> str:
    """Return the policy's version: twelve hex digits over everything written in it."""
    written = asdict(policy) | {"version": ""}
    canonical = json.dumps(written, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
