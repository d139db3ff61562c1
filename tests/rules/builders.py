"""Builders with defaults, so that a table row has only the values that matter. See also `verbs`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from workflows.rules.approvals import approval as rules
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.directory import apply_directory_result, directory_query
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import (
    Escalation,
    LevelRule,
    Notify,
    Policy,
    Quorum,
    QuorumKind,
    ReasonRule,
    Tier,
    digest,
    route,
)
from workflows.rules.approvals.request import ApprovalRequest, ApprovalState, Change, LevelState
from workflows.rules.people.actors import (
    Absence,
    Actor,
    ApproverSet,
    ApproverSource,
    DirectoryResult,
    Member,
    Origin,
    SourceKind,
    Standing,
)
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import Content
from workflows.rules.shared.money import Money

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""The instant at which every test starts."""

FIVE_MINUTES = timedelta(minutes=5)

ANA = "UANA"
"""The requester in all tests."""
BORIS, CLARA, DORA, EMIL, FINN = "UBORIS", "UCLARA", "UDORA", "UEMIL", "UFINN"
GUS, HANA = "UGUS", "UHANA"
"""The admins in all tests."""

ONE = Quorum()
ALL = Quorum(kind=QuorumKind.ALL)
MAJORITY = Quorum(kind=QuorumKind.MAJORITY)


class Row(Protocol):
    """One row of a table of cases: a description, and the values that the test needs."""

    @property
    def description(self) -> str: ...


def table(*rows: Row) -> pytest.MarkDecorator:
    """Run a test once per row, with the row's description as its id."""
    return pytest.mark.parametrize("row", rows, ids=[row.description for row in rows])


def after(**time: float) -> datetime:
    """Return the instant this long after NOON."""
    return NOON + timedelta(**time)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def actor(person: str, origin: Origin = Origin.SLACK, operator: str = "") -> Actor:
    return Actor(person=person, origin=origin, operator=operator)


def quorum_of(count: int) -> Quorum:
    """Return a quorum of this many approvals."""
    return Quorum(count=count)


def users(*people: str) -> tuple[ApproverSource, ...]:
    return tuple(ApproverSource(kind=SourceKind.USER, value=person) for person in people)


def level(  # noqa: PLR0913 - a level has this many parts
    *people: str,
    name: str = "sales",
    quorum: Quorum = ONE,
    reject_quorum: int = 1,
    approve_reason: ReasonRule = ReasonRule.OPTIONAL,
    reject_reason: ReasonRule = ReasonRule.OPTIONAL,
    expire_after: timedelta | None = FIVE_MINUTES,
    max_expire_after: timedelta | None = None,
    remind_after: tuple[timedelta, ...] = (),
    escalate: tuple[Escalation, ...] = (),
) -> LevelRule:
    return LevelRule(
        name=name,
        approvers=users(*people),
        quorum=quorum,
        reject_quorum=reject_quorum,
        approve_reason=approve_reason,
        reject_reason=reject_reason,
        expire_after=expire_after,
        max_expire_after=max_expire_after,
        remind_after=remind_after,
        escalate=escalate,
    )


def policy(
    *levels: LevelRule,
    distinct: bool = True,
    delegation: bool = True,
    notify: Notify = Notify.CARD,
    max_amendments: int = 3,
) -> Policy:
    """Return a policy under which amounts over 1,000.00 need all `levels`, and others need none."""
    written = Policy(
        name="order",
        title="Customer order",
        channel="#approvals",
        tiers=(
            Tier(up_to=usd("1000.00"), levels=()),
            Tier(up_to=None, levels=tuple(level.name for level in levels)),
        ),
        levels=levels,
        notify=notify,
        distinct_approvers=distinct,
        delegation=delegation,
        max_amendments=max_amendments,
        admins=(ApproverSource(kind=SourceKind.GROUP, value="approval-admins"),),
        admin_channel="#approvals-admin",
    )
    return replace(written, version=digest(written))


def request_under(
    pinned: Policy,
    *,
    amount: str = "1500.00",
    expire_after: timedelta | None = None,
    amendable: bool = True,
) -> ApprovalRequest:
    """Return a request under this policy."""
    return ApprovalRequest(
        request_id="APR-1",
        requester=actor(ANA),
        content=Content(title="A new desk", amount=usd(amount)),
        policy=pinned,
        route=route(pinned, usd(amount)),
        expire_after=expire_after,
        amendable=amendable,
    )


def request(
    *levels: LevelRule,
    amount: str = "1500.00",
    distinct: bool = True,
    expire_after: timedelta | None = None,
) -> ApprovalRequest:
    return request_under(
        policy(*levels, distinct=distinct), amount=amount, expire_after=expire_after
    )


def submitted(*levels: LevelRule, distinct: bool = True) -> ApprovalState:
    return rules.submit(request(*levels, distinct=distinct), NOON).state


def expiry(at: datetime | None) -> tuple[Tick, ...]:
    """Return a clock with one tick, the expiry; without an instant it has no tick."""
    return () if at is None else (Tick(at=at, kind=TickKind.EXPIRE),)


def reached(
    *levels: LevelRule, expires_at: datetime | None = None, distinct: bool = True
) -> ApprovalState:
    """Return a request whose first level has been reached and is not open yet."""
    return reach_level(submitted(*levels, distinct=distinct), expiry(expires_at))


def opened(
    *levels: LevelRule, expires_at: datetime | None = None, distinct: bool = True
) -> ApprovalState:
    """Return a request whose first level is open for the people that its rule names."""
    return open_request(request(*levels, distinct=distinct), *expiry(expires_at))


def open_request(request: ApprovalRequest, *ticks: Tick) -> ApprovalState:
    """Return the given request with its first level open and this clock."""
    state = reach_level(rules.submit(request, NOON).state, ticks)
    return apply_result(state, result_naming(latest_level(state).rule)).state


def next_opened(state: ApprovalState, expires_at: datetime | None = None) -> ApprovalState:
    """Return `state` with its next level open for the people that its rule names."""
    state = reach_level(state, expiry(expires_at))
    return apply_result(state, result_naming(latest_level(state).rule)).state


def blocked(*levels: LevelRule, expires_at: datetime | None = None) -> ApprovalState:
    """Return a request whose first level is blocked, because its approvers could not be read."""
    state = reached(*levels, expires_at=expires_at)
    return apply_result(state, directory_result(unreadable=("user:UBORIS",))).state


def apply_result(state: ApprovalState, answer: DirectoryResult, now: datetime = NOON) -> Change:
    """Query the directory and apply the result, as the workflow does."""
    return apply_directory_result(state, directory_query(state), answer, now)


def member(person: str, standing: Standing = Standing.ACTIVE) -> Member:
    return Member(person=person, source=f"user:{person}", standing=standing)


def members(people: Iterable[Member | str]) -> tuple[Member, ...]:
    """Return the people as members; a bare id is an active person."""
    return tuple(member(person) if isinstance(person, str) else person for person in people)


def directory_result(  # noqa: PLR0913 - an answer has this many parts
    *found: Member | str,
    at: datetime = NOON,
    unreadable: tuple[str, ...] = (),
    absences: tuple[Absence, ...] = (),
    people: tuple[Member | str, ...] = (),
    admins: tuple[Member | str, ...] = (GUS, HANA),
    admins_unreadable: tuple[str, ...] = (),
) -> DirectoryResult:
    """Return a directory result. `people` are the possible delegates."""
    return DirectoryResult(
        approvers=ApproverSet(members=members(found), read_at=at, unreadable=unreadable),
        admins=ApproverSet(members=members(admins), read_at=at, unreadable=admins_unreadable),
        absences=absences,
        people=members(people),
    )


def result_naming(rule: LevelRule) -> DirectoryResult:
    """Return the directory result in which everyone that `rule` names is active."""
    return directory_result(*(source.value for source in rule.approvers))


def absence_of(
    person: str, delegate: str, starts: datetime = NOON, ends: datetime | None = None
) -> Absence:
    """Return an absence of one week from `starts`, or until `ends`."""
    return Absence(
        person=person, delegate=delegate, starts=starts, ends=ends or starts + timedelta(days=7)
    )


def opened_with_absences(
    *absences: Absence,
    people: tuple[Member | str, ...] = (BORIS, CLARA, DORA, EMIL, FINN),
    found: tuple[Member | str, ...] = (BORIS,),
    delegation: bool = True,
) -> ApprovalState:
    """Return a request whose level is open for the people in `found`, some of them absent."""
    names = [person if isinstance(person, str) else person.person for person in found]
    request = request_under(policy(level(*names), delegation=delegation))
    state = reach_level(rules.submit(request, NOON).state, ())
    answer = directory_result(*found, absences=absences, people=people)
    return apply_result(state, answer).state


def latest_level(state: ApprovalState) -> LevelState:
    """Return the latest level."""
    assert state.level is not None

    return state.level


def kinds(facts: Sequence[AuditEvent]) -> list[str]:
    return [fact.kind.value for fact in facts]
