"""The inbox: the people a request waits for, now or later."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    NOON,
    after,
    apply_result,
    blocked,
    directory_result,
    level,
    member,
    opened,
    quorum_of,
)
from tests.rules.verbs import CLOSED, amend, changes, decided, delegate_seat, in_status, yes
from tests.views.any_snapshot import AnySnapshot
from workflows.rules.approvals.request import ApprovalState, RequestKind, Status
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.inbox import WaitingApprover, listed_as, waiting_approvers
from workflows.rules.people.actors import Absence
from workflows.rules.shared.content import Content
from workflows.rules.snapshots import Snapshot

WEEK = timedelta(days=7)


def waits(state: ApprovalState) -> tuple[WaitingApprover, ...]:
    return waiting_approvers(approval_snapshot(state, 1))


def people(state: ApprovalState) -> list[tuple[str, str]]:
    return [(waiting.person, waiting.seat) for waiting in waits(state)]


def away(state: ApprovalState, *absences: Absence) -> ApprovalState:
    """Return the state after a directory result with these absences."""
    stale = replace(state.levels[-1], to_read=True)
    result = directory_result(BORIS, CLARA, absences=absences, people=(member(DORA),))
    return apply_result(replace(state, levels=(*state.levels[:-1], stale)), result).state


def test_a_request_waits_for_everyone_who_has_not_decided() -> None:
    state = opened(level(BORIS, CLARA, quorum=quorum_of(2)), expires_at=after(minutes=5))

    assert people(state) == [(BORIS, BORIS), (CLARA, CLARA)]
    assert people(decided(state, yes(BORIS))) == [(CLARA, CLARA)]
    assert [waiting.expires_at for waiting in waits(state)] == [after(minutes=5)] * 2
    assert [waiting.source for waiting in waits(state)] == [f"user:{BORIS}", f"user:{CLARA}"]
    assert {waiting.since for waiting in waits(state)} == {NOON}


def test_a_request_waits_for_no_one_while_it_is_blocked_or_waits_for_changes() -> None:
    assert waits(blocked(level(BORIS))) == ()
    assert waits(decided(opened(level(BORIS)), changes(BORIS))) == ()


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_request_waits_for_no_one(status: Status) -> None:
    assert waits(in_status(status)) == ()


def test_an_amended_request_waits_for_no_one_until_its_approvers_are_known() -> None:
    state = decided(opened(level(BORIS, CLARA, quorum=quorum_of(2))), yes(BORIS))

    assert waits(amend(state, Content(title="Two desks")).state) == ()


def test_a_future_delegate_is_listed_with_their_time() -> None:
    coming = Absence(person=BORIS, delegate=DORA, starts=NOON + WEEK, ends=NOON + 2 * WEEK)
    state = away(opened(level(BORIS, CLARA)), coming)

    (dora,) = (waiting for waiting in waits(state) if waiting.person == DORA)

    assert (dora.seat, dora.starts, dora.ends) == (BORIS, coming.starts, coming.ends)
    assert dora.since == coming.starts
    assert [dora.is_active(at) for at in (NOON, NOON + WEEK, NOON + 2 * WEEK)] == [
        False,
        True,
        False,
    ]


def test_a_delegate_of_two_seats_waits_for_one_at_a_time() -> None:
    first = Absence(person=BORIS, delegate=DORA, starts=NOON, ends=NOON + 2 * WEEK)
    second = Absence(person=CLARA, delegate=DORA, starts=NOON + WEEK, ends=NOON + 3 * WEEK)
    state = away(opened(level(BORIS, CLARA)), first, second)

    windows = [
        (waiting.seat, waiting.starts, waiting.ends)
        for waiting in waits(state)
        if waiting.person == DORA
    ]

    assert windows == [(BORIS, NOON, NOON + 2 * WEEK), (CLARA, NOON + 2 * WEEK, NOON + 3 * WEEK)]


def test_a_delegate_named_on_the_request_has_no_time_limit() -> None:
    state = delegate_seat(opened(level(BORIS)), BORIS, DORA).state
    state = apply_result(state, directory_result(BORIS, people=(member(DORA),))).state

    assert people(state) == [(BORIS, BORIS), (DORA, BORIS)]


@example(seed=941)  # a delegate whose time ends before it starts
@given(seed=st.integers(0, 10**6))
def test_no_one_is_listed_twice_at_one_instant_in_any_snapshot(seed: int) -> None:
    """Without `_without_overlap` this fails within a second."""
    snapshot = AnySnapshot(["U0BORIS", "U0CLARA"], seed).approval()

    waiting = waiting_approvers(snapshot)

    for approver in waiting:
        same = [two for two in waiting if two.person == approver.person]
        for at in (approver.starts or NOON - 99 * WEEK, approver.ends or NOON + 999 * WEEK):
            assert sum(two.is_active(at) for two in same) <= 1


@pytest.mark.parametrize(
    ("about", "listed"),
    [
        (RequestKind.ORDER, ""),
        (RequestKind.HR, ""),
        (RequestKind.APPROVAL, "approval"),
    ],
)
def test_a_child_approval_is_listed_under_its_parent(about: RequestKind, listed: str) -> None:
    snapshot: Snapshot = replace(approval_snapshot(opened(level(BORIS)), 1), about=about)

    assert (snapshot.about, listed_as(snapshot)) == (about, listed)
    assert snapshot.requester.person == ANA
