"""Handing over one's seat on one request: who may, to whom, and every refusal."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.rules.acts import CLOSED, changes, decided, hand_over, refused, standing, yes
from tests.rules.builders import (
    ALL,
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    actor,
    after,
    asked,
    away,
    blocked,
    here,
    kinds,
    level,
    of,
    opened,
    opened_as,
    policy,
    reached,
    read,
    reading,
    submitted,
    table,
)
from workflows.rules.approvals.request import ApprovalState, Change, Delegate, Status
from workflows.rules.approvals.seats import may_decide

TWO_OF_TWO = level(BORIS, CLARA, quorum=of(2), reject_quorum=2)
OPEN = opened(TWO_OF_TWO, expires_at=after(minutes=5))


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    when: Callable[[], Change]
    then: str


def refusing(state: ApprovalState, person: str = BORIS, to: str = EMIL) -> Callable[[], Change]:
    return lambda: hand_over(state, person, to)


def stood_in(state: ApprovalState) -> ApprovalState:
    """Return the request after Boris has handed over to Emil, who is active."""
    state = hand_over(state, BORIS, EMIL).state
    return read(state, reading(BORIS, CLARA, people=(EMIL,))).state


@table(
    Refused(
        description="a stranger has no seat to hand over",
        when=refusing(OPEN, DORA),
        then="not_an_approver",
    ),
    Refused(
        description="the requester has no seat to hand over",
        when=refusing(OPEN, ANA),
        then="not_an_approver",
    ),
    Refused(
        description="an admin has no seat to hand over",
        when=refusing(OPEN, GUS),
        then="not_an_approver",
    ),
    Refused(
        description="a stand-in does not hand on what is not theirs",
        when=refusing(stood_in(OPEN), EMIL, FINN),
        then="not_an_approver",
    ),
    Refused(
        description="who has decided has nothing left to hand over",
        when=refusing(decided(OPEN, yes(BORIS))),
        then="already_decided",
    ),
    Refused(
        description="for whom a stand-in has decided, they have nothing left to hand over",
        when=refusing(decided(stood_in(OPEN), yes(EMIL)), BORIS, DORA),
        then="seat_taken",
    ),
    Refused(
        description="nobody stands in for themselves",
        when=refusing(OPEN, BORIS, BORIS),
        then="delegate_yourself",
    ),
    Refused(
        description="the requester does not stand in on their own request",
        when=refusing(OPEN, BORIS, ANA),
        then="delegate_is_requester",
    ),
    Refused(
        description="a circle of two is refused",
        when=refusing(hand_over(OPEN, BORIS, CLARA).state, CLARA, BORIS),
        then="delegation_cycle",
    ),
    Refused(
        description="a circle of three is refused",
        when=refusing(
            hand_over(
                hand_over(opened(level(BORIS, CLARA, DORA, quorum=ALL)), BORIS, CLARA).state,
                CLARA,
                DORA,
            ).state,
            DORA,
            BORIS,
        ),
        then="delegation_cycle",
    ),
    Refused(
        description="a policy may forbid stand-ins",
        when=refusing(opened_as(asked(policy(TWO_OF_TWO, delegation=False)))),
        then="delegation_forbidden",
    ),
    Refused(
        description="before the first level nobody has a seat",
        when=refusing(submitted(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="before the approvers are known nobody has a seat",
        when=refusing(reached(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="in a blocked level nobody has a seat",
        when=refusing(blocked(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="a level that has passed has no seats",
        when=refusing(decided(opened(level(BORIS, CLARA), level(DORA, name="hr")), yes(CLARA))),
        then="level_not_open",
    ),
    Refused(
        description="while changes are awaited nothing is handed over",
        when=refusing(decided(OPEN, changes(CLARA))),
        then="changes_requested",
    ),
    Refused(
        description="when the time is over nothing is handed over",
        when=lambda: hand_over(OPEN, BORIS, EMIL, after(minutes=5)),
        then="request_closed",
    ),
    *(
        Refused(
            description=f"of a request that is {status} nothing is handed over",
            when=refusing(standing(status)),
            then="request_closed",
        )
        for status in CLOSED
    ),
)
def test_what_is_not_handed_over_and_why(row: Refused) -> None:
    error = refused(row.when)

    assert error.code == row.then


def test_a_circle_is_refused_with_whom_it_runs_through() -> None:
    error = refused(refusing(hand_over(OPEN, BORIS, CLARA).state, CLARA, BORIS))

    assert error.data == {"person": BORIS}


def test_handing_over_is_a_fact_and_has_the_stand_in_looked_up() -> None:
    change = hand_over(OPEN, BORIS, EMIL, after(minutes=1))

    assert kinds(change.facts) == ["SeatDelegated"]
    assert change.facts[0].actor == actor(BORIS)
    assert change.facts[0].level == 1
    assert change.facts[0].data == {"delegate": EMIL}
    assert change.state.delegations == (Delegate(person=EMIL, seat=BORIS),)
    assert change.state.waits_for_approvers


def test_a_stand_in_decides_nothing_before_they_were_looked_up() -> None:
    state = hand_over(OPEN, BORIS, EMIL).state

    error = refused(lambda: hand_over(state, EMIL, FINN))

    assert may_decide(here(state), after()) == (BORIS, CLARA)
    assert error.code == "not_an_approver"


def test_handing_over_again_replaces_the_stand_in() -> None:
    state = hand_over(stood_in(OPEN), BORIS, FINN).state

    state = read(state, reading(BORIS, CLARA, people=(FINN,))).state

    assert may_decide(here(state), after()) == (BORIS, CLARA, FINN)


def test_a_stand_in_who_is_away_hands_on() -> None:
    state = hand_over(OPEN, BORIS, EMIL).state

    answer = reading(BORIS, CLARA, absences=(away(EMIL, FINN),), people=(EMIL, FINN))
    state = read(state, answer).state

    assert may_decide(here(state), after()) == (BORIS, CLARA, EMIL, FINN)


def test_an_absence_does_not_hand_back_what_was_handed_over() -> None:
    state = hand_over(OPEN, BORIS, EMIL).state

    answer = reading(BORIS, CLARA, absences=(away(EMIL, BORIS),), people=(EMIL,))
    state = read(state, answer).state

    assert here(state).delegates == (Delegate(person=EMIL, seat=BORIS),)


def test_who_is_away_and_has_handed_over_has_two_stand_ins_and_one_seat() -> None:
    state = hand_over(OPEN, BORIS, EMIL).state
    answer = reading(BORIS, CLARA, absences=(away(BORIS, FINN),), people=(EMIL, FINN))
    state = read(state, answer).state

    state = decided(state, yes(EMIL))

    assert here(state).approvals == 1
    assert may_decide(here(state), after()) == (CLARA,)


@pytest.mark.parametrize("delegate", [EMIL, CLARA])
def test_a_delegate_never_decides_a_level_of_two_alone(delegate: str) -> None:
    state = hand_over(OPEN, BORIS, delegate).state
    state = read(state, reading(BORIS, CLARA, people=(delegate,))).state

    state = decided(state, yes(delegate))

    assert state.status is Status.PENDING
