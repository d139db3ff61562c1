"""Policies: tiers by amount, levels, approver sources, quorums and deadlines."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum

from workflows.rules.people.actors import ApproverSource, Standing
from workflows.rules.shared.errors import NoTierError, RequesterNotAllowedError
from workflows.rules.shared.money import Money


class QuorumKind(StrEnum):
    """How many approvals are enough."""

    COUNT = "count"
    ALL = "all"
    MAJORITY = "majority"


class ReasonRule(StrEnum):
    """Whether a verdict has a reason."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Notify(StrEnum):
    """How approvers are notified: by the card, by a copy of the card each, or not at all.

    CARD mentions the approvers who are members of its channel; the others get a copy as a direct
    message.
    """

    CARD = "card"
    DM = "dm"
    NONE = "none"


class Layout(StrEnum):
    """How a request appears in its channel: as one card, or as a root with one reply per level."""

    CARD = "card"
    THREAD = "thread"


class Visibility(StrEnum):
    """Who may read the content: everyone in the channel, or only the people involved."""

    CHANNEL = "channel"
    PRIVATE = "private"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quorum:
    """How many of the eligible people must approve. `count` is used for COUNT only."""

    kind: QuorumKind = QuorumKind.COUNT
    count: int = 1

    def needed(self, eligible: int) -> int:
        """Return the number of approvals needed from `eligible` people."""
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
    """Further approvers, `after` the level was reached; `replace` removes the earlier approvers."""

    after: timedelta
    to: tuple[ApproverSource, ...]
    replace: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelRule:
    """One level of a policy: its approvers, quorums, reasons and deadlines."""

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
        """The longest expiry that a request may ask for; None if there is no limit."""
        return self.max_expire_after or self.expire_after


class Requesters(StrEnum):
    """Who may send a request: full members, guests too, or people from other workspaces too."""

    MEMBERS = "members"
    GUESTS = "guests"
    ANYONE = "anyone"


_MAY_ASK = {
    Requesters.MEMBERS: frozenset({Standing.ACTIVE}),
    Requesters.GUESTS: frozenset({Standing.ACTIVE, Standing.GUEST}),
    Requesters.ANYONE: frozenset({Standing.ACTIVE, Standing.GUEST, Standing.STRANGER}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """The levels that an amount needs. `up_to` is inclusive; None covers everything above."""

    up_to: Money | None
    levels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A whole policy, as a request pins it at submission. `version` is its digest.

    `admins` may reassign, refresh and close; they are notified in `admin_channel`. Both are the
    same for all policies. `max_amendments` limits how often a request may be amended. The channel
    of a PRIVATE policy shows only what `rules.approvals.privacy` allows; former approvers may read it
    only if `former_approvers_read`. An order with a line more than
    `max_discount` percent below its list price needs an approval.
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
    requesters: Requesters = Requesters.MEMBERS
    max_discount: int = 0
    former_approvers_read: bool = True
    admins: tuple[ApproverSource, ...] = ()
    admin_channel: str = ""
    language: str = "en"
    version: str = ""

    @property
    def currency(self) -> str:
        """The currency of the tiers; empty if no tier has a limit."""
        return next((tier.up_to.currency for tier in self.tiers if tier.up_to), "")

    def level(self, name: str) -> LevelRule:
        """Return the level of that name; the parser has checked that it exists."""
        return next(level for level in self.levels if level.name == name)


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteReason:
    """Why a request takes its route: the tier of `policy` that is `over` or `up_to` a limit.

    With neither, the policy applies to every amount. `discount_over` is set if the amount alone needs
    no approval, but a line is more than so many percent below its list price. `str` returns the
    short code in the audit trail.
    """

    policy: str
    over: Money | None = None
    up_to: Money | None = None
    discount_over: int | None = None

    @property
    def is_always(self) -> bool:
        """Whether the route is the same for every amount."""
        return self.over is None and self.up_to is None and self.discount_over is None

    def __str__(self) -> str:
        if self.discount_over is not None:
            return f"{self.policy}: more than {self.discount_over}% below list price"
        if self.up_to is not None:
            return f"{self.policy}: up to {_in_trail(self.up_to)}"
        return (
            f"{self.policy}: over {_in_trail(self.over)}" if self.over else f"{self.policy}: always"
        )


def _in_trail(limit: Money) -> str:
    """Return a limit as the audit trail has always written it: with two decimals, or more.

    `Money.__str__` follows the currency, which would change the facts of requests that exist.
    """
    exponent = limit.amount.as_tuple().exponent
    decimals = max(2, -exponent if isinstance(exponent, int) else 0)
    return f"{limit.amount:,.{decimals}f} {limit.currency}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The levels that a request must pass, and the rule behind them."""

    reason: RouteReason
    levels: tuple[LevelRule, ...]

    @property
    def rule(self) -> str:
        """The reason as in the audit trail."""
        return str(self.reason)


def route(policy: Policy, amount: Money | None) -> Route:
    """Return the route of the first tier that covers `amount`.

    Without an amount, or if its currency is not that of the tiers, this is the last tier, which is
    the strictest.

    Raises:
        NoTierError: no tier covers it. The parser refuses policies with such gaps.

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


def discount_route(policy: Policy, amount: Money | None) -> Route:
    """Return the route for prices below the policy's limit: the first one with levels, if there is one.

    Raises:
        NoTierError: no tier covers the amount.

    """
    found = route(policy, amount)
    levels = next((tier.levels for tier in policy.tiers if tier.levels), ())
    if found.levels or not levels:
        return found
    return Route(
        reason=RouteReason(policy=policy.name, discount_over=policy.max_discount),
        levels=tuple(policy.level(name) for name in levels),
    )


def check_requester(policy: Policy, standing: Standing) -> None:
    """Check whether a person of this standing may send a request under this policy.

    Raises:
        RequesterNotAllowedError: they may not. Bots and unknown or deactivated people never may.

    """
    if standing not in _MAY_ASK[policy.requesters]:
        raise RequesterNotAllowedError(standing=standing.value)


def _is_within(amount: Money | None, limit: Money) -> bool:
    if amount is None or amount.currency != limit.currency:
        return False
    return amount.amount <= limit.amount


def _reason(policy: Policy, tier: Tier, lower: Money | None) -> RouteReason:
    if tier.up_to is not None:
        return RouteReason(policy=policy.name, up_to=tier.up_to)
    return RouteReason(policy=policy.name, over=lower)


def digest(policy: Policy) -> str:
    """Return the policy's version: twelve hex digits over all its values."""
    values = asdict(policy) | {"version": ""}
    canonical = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
