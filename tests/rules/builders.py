"""Small builders, so that a row of a table says only what matters to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from workflows.rules import approval as rules
from workflows.rules.audit import AuditEvent
from workflows.rules.errors import RuleError
from workflows.rules.money import Money
from workflows.rules.people import Actor, ApproverSet, Member, Origin, Standing
from workflows.rules.policy import (
    ApproverSource,
    LevelRule,
    Policy,
    Quorum,
    QuorumKind,
    ReasonRule,
    SourceKind,
    Tier,
    digest,
    route,
)
from workflows.rules.request import (
    ApprovalRequest,
    ApprovalState,
    Change,
    Content,
    Decision,
    LevelState,
    Status,
    Verdict,
    Withdrawal,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When everything begins."""

FIVE_MINUTES = timedelta(minutes=5)

ANA = "UANA"
"""The requester, everywhere."""
BORIS, CLARA, DORA, EMIL, FINN = "UBORIS", "UCLARA", "UDORA", "UEMIL", "UFINN"

ONE = Quorum()
ALL = Quorum(kind=QuorumKind.ALL)
MAJORITY = Quorum(kind=QuorumKind.MAJORITY)


class Row(Protocol):
    """One row of a table: a sentence, and whatever else the table's question needs."""

    @property
    def description(self) -> str: ...


def table(*rows: Row) -> pytest.MarkDecorator:
    """Run a test once per row, under the row's sentence."""
    return pytest.mark.parametrize("row", rows, ids=[row.description for row in rows])


def after(**time: float) -> datetime:
    """Return the instant so long after NOON."""
    return NOON + timedelta(**time)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def actor(person: str, origin: Origin = Origin.SLACK, operator: str = "") -> Actor:
    return Actor(person=person, origin=origin, operator=operator)


def of(count: int) -> Quorum:
    """Return the quorum of so many."""
    return Quorum(count=count)


def level(  # noqa: PLR0913 - a level has this many parts
    *people: str,
    name: str = "sales",
    quorum: Quorum = ONE,
    reject_quorum: int = 1,
    approve_reason: ReasonRule = ReasonRule.OPTIONAL,
    reject_reason: ReasonRule = ReasonRule.OPTIONAL,
    expire_after: timedelta | None = FIVE_MINUTES,
    max_expire_after: timedelta | None = None,
) -> LevelRule:
    return LevelRule(
        name=name,
        approvers=tuple(ApproverSource(kind=SourceKind.USER, value=person) for person in people),
        quorum=quorum,
        reject_quorum=reject_quorum,
        approve_reason=approve_reason,
        reject_reason=reject_reason,
        expire_after=expire_after,
        max_expire_after=max_expire_after,
    )


def policy(*levels: LevelRule, distinct: bool = True) -> Policy:
    """Return a policy by which up to 1,000.00 needs nobody and more needs all of `levels`."""
    written = Policy(
        name="order",
        title="Customer order",
        channel="#approvals",
        tiers=(
            Tier(up_to=usd("1000.00"), levels=()),
            Tier(up_to=None, levels=tuple(level.name for level in levels)),
        ),
        levels=levels,
        distinct_approvers=distinct,
    )
    return replace(written, version=digest(written))


def request(
    *levels: LevelRule,
    amount: str = "1500.00",
    distinct: bool = True,
    expire_after: timedelta | None = None,
) -> ApprovalRequest:
    pinned = policy(*levels, distinct=distinct)
    return ApprovalRequest(
        request_id="APR-1",
        requester=actor(ANA),
        content=Content(title="A new desk", amount=usd(amount)),
        policy=pinned,
        route=route(pinned, usd(amount)),
        expire_after=expire_after,
    )


def submitted(*levels: LevelRule, distinct: bool = True) -> ApprovalState:
    return rules.submit(request(*levels, distinct=distinct), NOON).state


def reached(
    *levels: LevelRule, expires_at: datetime | None = None, distinct: bool = True
) -> ApprovalState:
    """Return a request whose first level is reached and not yet open."""
    return rules.reach_level(submitted(*levels, distinct=distinct), expires_at)


def opened(
    *levels: LevelRule, expires_at: datetime | None = None, distinct: bool = True
) -> ApprovalState:
    """Return a request whose first level is open for the people its rule names."""
    state = reached(*levels, expires_at=expires_at, distinct=distinct)
    return rules.open_level(state, named(levels[0]), NOON).state


def next_opened(state: ApprovalState, expires_at: datetime | None = None) -> ApprovalState:
    """Return `state` with its next level open for the people its rule names."""
    state = rules.reach_level(state, expires_at)
    return rules.open_level(state, named(here(state).rule), NOON).state


def blocked(*levels: LevelRule, expires_at: datetime | None = None) -> ApprovalState:
    """Return a request whose first level could not be read."""
    state = reached(*levels, expires_at=expires_at)
    return rules.open_level(state, reading(unreadable=("user:UBORIS",)), NOON).state


def member(person: str, standing: Standing = Standing.ACTIVE) -> Member:
    return Member(person=person, source=f"user:{person}", standing=standing)


def reading(
    *members: Member | str, at: datetime = NOON, unreadable: tuple[str, ...] = ()
) -> ApproverSet:
    """Return what the directory answered; a bare name is an active person."""
    found = tuple(member(one) if isinstance(one, str) else one for one in members)
    return ApproverSet(members=found, read_at=at, unreadable=unreadable)


def named(rule: LevelRule) -> ApproverSet:
    """Return the reading in which everybody whom `rule` names is active."""
    return reading(*(source.value for source in rule.approvers))


def here(state: ApprovalState) -> LevelState:
    """Return the level that was reached last."""
    assert state.level is not None

    return state.level


def yes(person: str, *, level: int = 1, reason: str = "", revision: int = 1) -> Decision:
    return Decision(
        actor=actor(person),
        verdict=Verdict.APPROVE,
        reason=reason,
        content_revision=revision,
        level=level,
    )


def no(person: str, *, level: int = 1, reason: str = "", revision: int = 1) -> Decision:
    return replace(
        yes(person, level=level, reason=reason, revision=revision), verdict=Verdict.REJECT
    )


def decide(state: ApprovalState, decision: Decision, now: datetime = NOON) -> Change:
    """Do what the workflow does: check, then count."""
    rules.check_decide(state, decision, now)
    return rules.decide(state, decision, now)


def decided(state: ApprovalState, *decisions: Decision) -> ApprovalState:
    for decision in decisions:
        state = decide(state, decision).state
    return state


def refusal(state: ApprovalState, decision: Decision, now: datetime = NOON) -> RuleError:
    """Return why the decision is refused."""
    with pytest.raises(RuleError) as refused:
        rules.check_decide(state, decision, now)
    return refused.value


def withdrawal(person: str = ANA, reason: str = "") -> Withdrawal:
    return Withdrawal(actor=actor(person), reason=reason)


def withdraw(state: ApprovalState, taken_back: Withdrawal, now: datetime = NOON) -> Change:
    """Do what the workflow does: check, then take back."""
    rules.check_withdraw(state, taken_back, now)
    return rules.withdraw(state, taken_back, now)


def kinds(facts: Sequence[AuditEvent]) -> list[str]:
    return [fact.kind.value for fact in facts]


def closed(status: Status) -> ApprovalState:
    """Return a request of one level that has ended in `status`."""
    state = opened(level(BORIS, CLARA), expires_at=after(minutes=5))
    match status:
        case Status.APPROVED:
            return decided(state, yes(BORIS))
        case Status.REJECTED:
            return decided(state, no(BORIS))
        case Status.EXPIRED:
            return rules.reach(state, after(minutes=5)).state
        case Status.WITHDRAWN:
            return rules.withdraw(state, withdrawal(), NOON).state
        case Status.PENDING:
            return state
