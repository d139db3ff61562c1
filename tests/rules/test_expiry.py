"""Expiry: a request expires exactly at its instant, blocked or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    FIVE_MINUTES,
    NOON,
    after,
    apply_result,
    blocked,
    directory_result,
    expiry,
    kinds,
    latest_level,
    level,
    next_opened,
    opened,
    quorum_of,
    reached,
    request,
    submitted,
    table,
)
from tests.rules.verbs import CLOSED, decide, decided, in_status, refusal, withdrawal, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.clock import TickKind, Window
from workflows.rules.approvals.levels import next_windows, reach_level
from workflows.rules.approvals.policy import LevelRule
from workflows.rules.approvals.request import ApprovalState, Status
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.errors import RequestClosedError

RULE = level(BORIS, CLARA, quorum=quorum_of(2))
DUE = after(minutes=5)
A_MOMENT = timedelta(microseconds=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Instant:
    description: str
    given: ApprovalState
    when: datetime
    then: Status


@table(
    Instant(
        description="a moment before its instant a request is pending",
        given=opened(RULE, expires_at=DUE),
        when=DUE - A_MOMENT,
        then=Status.PENDING,
    ),
    Instant(
        description="at its instant it expires",
        given=opened(RULE, expires_at=DUE),
        when=DUE,
        then=Status.EXPIRED,
    ),
    Instant(
        description="a clock advanced late expires it at its instant",
        given=opened(RULE, expires_at=DUE),
        when=DUE + WEEK,
        then=Status.EXPIRED,
    ),
    Instant(
        description="a level without an expiry never expires",
        given=opened(RULE),
        when=DUE + WEEK,
        then=Status.PENDING,
    ),
    Instant(
        description="the clock runs before the approvers are known",
        given=reached(RULE, expires_at=DUE),
        when=DUE,
        then=Status.EXPIRED,
    ),
    Instant(
        description="the clock runs while the level is blocked",
        given=blocked(RULE, expires_at=DUE),
        when=DUE,
        then=Status.EXPIRED,
    ),
    Instant(
        description="half a quorum does not stop the clock",
        given=decided(opened(RULE, expires_at=DUE), yes(BORIS)),
        when=DUE,
        then=Status.EXPIRED,
    ),
    Instant(
        description="before the first level is reached no clock runs",
        given=submitted(RULE),
        when=DUE + WEEK,
        then=Status.PENDING,
    ),
    Instant(
        description="the clock of a level that has passed does not run",
        given=decided(opened(level(BORIS), RULE, expires_at=DUE), yes(BORIS)),
        when=DUE,
        then=Status.PENDING,
    ),
    Instant(
        description="the next level has its own instant",
        given=next_opened(
            decided(opened(level(BORIS), level(CLARA, name="hr"), expires_at=DUE), yes(BORIS)),
            DUE + FIVE_MINUTES,
        ),
        when=DUE + FIVE_MINUTES - A_MOMENT,
        then=Status.PENDING,
    ),
    Instant(
        description="at the next level's instant the request expires",
        given=next_opened(
            decided(opened(level(BORIS), level(CLARA, name="hr"), expires_at=DUE), yes(BORIS)),
            DUE + FIVE_MINUTES,
        ),
        when=DUE + FIVE_MINUTES,
        then=Status.EXPIRED,
    ),
    *(
        Instant(
            description=f"a request that is {status} does not expire",
            given=in_status(status),
            when=DUE,
            then=status,
        )
        for status in (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN)
    ),
)
def test_expiry(row: Instant) -> None:
    change = deadlines.advance_clock(row.given, row.when)

    assert change.state.status is row.then
    assert bool(change.facts) == (change.state.status is not row.given.status)
    assert all(fact.at == deadlines.next_deadline(row.given) for fact in change.facts)


def test_an_expiry_names_its_rule_and_the_clock() -> None:
    change = deadlines.advance_clock(opened(RULE, expires_at=DUE), DUE)

    assert kinds(change.facts) == ["RequestExpired"]
    assert change.facts[0].actor == CLOCK
    assert change.state.closing_rule == "expire_after"
    assert change.state.closed_at == DUE
    assert change.state.closed_by == CLOCK


def test_a_request_expires_once() -> None:
    expired = deadlines.advance_clock(opened(RULE, expires_at=DUE), DUE).state

    again = deadlines.advance_clock(expired, DUE + WEEK)

    assert again.facts == ()
    assert again.state == expired


@pytest.mark.parametrize("late", [timedelta(0), A_MOMENT, WEEK])
def test_a_decision_at_or_after_the_instant_is_refused_as_expired(late: timedelta) -> None:
    state = opened(RULE, expires_at=DUE)

    error = refusal(state, yes(BORIS), DUE + late)

    assert error.code == "request_closed"
    assert error.data == {"status": "expired", "person": ""}


def test_a_decision_a_moment_before_the_instant_counts() -> None:
    change = decide(opened(level(BORIS), expires_at=DUE), yes(BORIS), DUE - A_MOMENT)

    assert change.state.status is Status.APPROVED


@pytest.mark.parametrize("late", [timedelta(0), A_MOMENT])
def test_a_withdrawal_at_or_after_the_instant_is_refused_as_expired(late: timedelta) -> None:
    state = opened(RULE, expires_at=DUE)

    with pytest.raises(RequestClosedError) as refused:
        rules.check_withdraw(state, withdrawal(), DUE + late)

    assert refused.value.data["status"] == "expired"


def test_a_withdrawal_between_two_levels_is_not_refused_by_the_first_ones_clock() -> None:
    state = decided(opened(level(BORIS), RULE, expires_at=DUE), yes(BORIS))

    rules.check_withdraw(state, withdrawal(), DUE)

    assert state.waits_for_level


def test_opening_a_blocked_level_keeps_its_instant() -> None:
    state = blocked(RULE, expires_at=DUE)

    state = apply_result(state, directory_result(BORIS, CLARA), after(minutes=4)).state

    assert deadlines.next_deadline(state) == DUE


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_request_has_no_deadline(status: Status) -> None:
    deadline = deadlines.next_deadline(in_status(status))

    assert deadline is None


@dataclass(frozen=True, kw_only=True)
class Wait:
    description: str
    given: LevelRule
    wish: timedelta | None
    then: timedelta | None


@table(
    Wait(
        description="without a requested expiry the level's own applies",
        given=level(BORIS, expire_after=FIVE_MINUTES, max_expire_after=WEEK),
        wish=None,
        then=FIVE_MINUTES,
    ),
    Wait(
        description="a request may ask for an earlier expiry",
        given=level(BORIS, expire_after=FIVE_MINUTES, max_expire_after=WEEK),
        wish=timedelta(minutes=1),
        then=timedelta(minutes=1),
    ),
    Wait(
        description="a request may ask for a later expiry",
        given=level(BORIS, expire_after=FIVE_MINUTES, max_expire_after=WEEK),
        wish=timedelta(days=1),
        then=timedelta(days=1),
    ),
    Wait(
        description="a request may ask for exactly the limit",
        given=level(BORIS, expire_after=FIVE_MINUTES, max_expire_after=WEEK),
        wish=WEEK,
        then=WEEK,
    ),
    Wait(
        description="a requested expiry beyond the limit becomes the limit",
        given=level(BORIS, expire_after=FIVE_MINUTES, max_expire_after=WEEK),
        wish=WEEK + A_MOMENT,
        then=WEEK,
    ),
    Wait(
        description="without a limit the expiry cannot be later",
        given=level(BORIS, expire_after=FIVE_MINUTES),
        wish=WEEK,
        then=FIVE_MINUTES,
    ),
    Wait(
        description="without a limit the expiry may be earlier",
        given=level(BORIS, expire_after=FIVE_MINUTES),
        wish=timedelta(minutes=1),
        then=timedelta(minutes=1),
    ),
    Wait(
        description="a level that never expires has no expiry window",
        given=level(BORIS, expire_after=None),
        wish=None,
        then=None,
    ),
)
def test_the_expiry_of_a_level(row: Wait) -> None:
    state = rules.submit(request(row.given, expire_after=row.wish), NOON).state

    ends = [window.after for window in next_windows(state) if window.kind is TickKind.EXPIRE]

    assert ends == ([] if row.then is None else [row.then])


def test_each_level_has_its_own_window() -> None:
    second = level(CLARA, name="hr", expire_after=WEEK)
    state = decided(opened(level(BORIS), second), yes(BORIS))

    windows = next_windows(state)

    assert windows == (Window(kind=TickKind.EXPIRE, after=WEEK),)


def test_reaching_a_level_pins_its_instant_and_its_number() -> None:
    state = reach_level(submitted(RULE), expiry(DUE))

    assert latest_level(state).number == 1
    assert latest_level(state).rule == RULE
    assert deadlines.next_deadline(state) == DUE
    assert not state.waits_for_level
