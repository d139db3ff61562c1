"""Delegation of a seat on one request, and its refusals."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ALL,
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    absence_of,
    actor,
    after,
    apply_result,
    blocked,
    directory_result,
    kinds,
    latest_level,
    level,
    open_request,
    opened,
    policy,
    quorum_of,
    reached,
    request_under,
    submitted,
    table,
)
from tests.rules.verbs import CLOSED, changes, decided, delegate_seat, in_status, refusal_of, yes
from workflows.rules.approvals.request import ApprovalState, Change, Delegate, Status
from workflows.rules.approvals.seats import may_decide

TWO_OF_TWO = level(BORIS, CLARA, quorum=quorum_of(2), reject_quorum=2)
OPEN = opened(TWO_OF_TWO, expires_at=after(minutes=5))


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    when: Callable[[], Change]
    then: str


def refusing(state: ApprovalState, person: str = BORIS, to: str = EMIL) -> Callable[[], Change]:
    return lambda: delegate_seat(state, person, to)


def with_delegate(state: ApprovalState) -> ApprovalState:
    """Return the request after Boris has delegated to Emil, who is active."""
    state = delegate_seat(state, BORIS, EMIL).state
    return apply_result(state, directory_result(BORIS, CLARA, people=(EMIL,))).state


@table(
    Refused(
        description="a stranger has no seat to delegate",
        when=refusing(OPEN, DORA),
        then="not_an_approver",
    ),
    Refused(
        description="the requester has no seat to delegate",
        when=refusing(OPEN, ANA),
        then="not_an_approver",
    ),
    Refused(
        description="an admin has no seat to delegate",
        when=refusing(OPEN, GUS),
        then="not_an_approver",
    ),
    Refused(
        description="a delegate cannot delegate the seat of another person",
        when=refusing(with_delegate(OPEN), EMIL, FINN),
        then="not_an_approver",
    ),
    Refused(
        description="an approver who has decided has nothing to delegate",
        when=refusing(decided(OPEN, yes(BORIS))),
        then="already_decided",
    ),
    Refused(
        description="an approver whose delegate has decided has nothing to delegate",
        when=refusing(decided(with_delegate(OPEN), yes(EMIL)), BORIS, DORA),
        then="seat_taken",
    ),
    Refused(
        description="no one is their own delegate",
        when=refusing(OPEN, BORIS, BORIS),
        then="delegate_yourself",
    ),
    Refused(
        description="the requester cannot be a delegate on their own request",
        when=refusing(OPEN, BORIS, ANA),
        then="delegate_is_requester",
    ),
    Refused(
        description="a cycle of two is refused",
        when=refusing(delegate_seat(OPEN, BORIS, CLARA).state, CLARA, BORIS),
        then="delegation_cycle",
    ),
    Refused(
        description="a cycle of three is refused",
        when=refusing(
            delegate_seat(
                delegate_seat(opened(level(BORIS, CLARA, DORA, quorum=ALL)), BORIS, CLARA).state,
                CLARA,
                DORA,
            ).state,
            DORA,
            BORIS,
        ),
        then="delegation_cycle",
    ),
    Refused(
        description="a policy may forbid delegation",
        when=refusing(open_request(request_under(policy(TWO_OF_TWO, delegation=False)))),
        then="delegation_forbidden",
    ),
    Refused(
        description="before the first level no one has a seat",
        when=refusing(submitted(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="before the approvers are known no one has a seat",
        when=refusing(reached(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="in a blocked level no one has a seat",
        when=refusing(blocked(TWO_OF_TWO)),
        then="level_not_open",
    ),
    Refused(
        description="a level that has passed has no seats",
        when=refusing(decided(opened(level(BORIS, CLARA), level(DORA, name="hr")), yes(CLARA))),
        then="level_not_open",
    ),
    Refused(
        description="nothing is delegated while changes are requested",
        when=refusing(decided(OPEN, changes(CLARA))),
        then="changes_requested",
    ),
    Refused(
        description="nothing is delegated after expiry",
        when=lambda: delegate_seat(OPEN, BORIS, EMIL, after(minutes=5)),
        then="request_closed",
    ),
    *(
        Refused(
            description=f"nothing is delegated on a request that is {status}",
            when=refusing(in_status(status)),
            then="request_closed",
        )
        for status in CLOSED
    ),
)
def test_delegations_are_refused_with_their_reason(row: Refused) -> None:
    error = refusal_of(row.when)

    assert error.code == row.then


def test_a_delegation_cycle_is_refused_with_the_delegate() -> None:
    error = refusal_of(refusing(delegate_seat(OPEN, BORIS, CLARA).state, CLARA, BORIS))

    assert error.data == {"person": BORIS}


def test_a_delegation_is_a_fact_and_queries_the_directory() -> None:
    change = delegate_seat(OPEN, BORIS, EMIL, after(minutes=1))

    assert kinds(change.facts) == ["SeatDelegated"]
    assert change.facts[0].actor == actor(BORIS)
    assert change.facts[0].level == 1
    assert change.facts[0].data == {"delegate": EMIL}
    assert change.state.delegations == (Delegate(person=EMIL, seat=BORIS),)
    assert change.state.waits_for_approvers


def test_a_delegate_cannot_decide_before_the_directory_was_queried() -> None:
    state = delegate_seat(OPEN, BORIS, EMIL).state

    error = refusal_of(lambda: delegate_seat(state, EMIL, FINN))

    assert may_decide(latest_level(state), after()) == (BORIS, CLARA)
    assert error.code == "not_an_approver"


def test_delegating_again_replaces_the_delegate() -> None:
    state = delegate_seat(with_delegate(OPEN), BORIS, FINN).state

    state = apply_result(state, directory_result(BORIS, CLARA, people=(FINN,))).state

    assert may_decide(latest_level(state), after()) == (BORIS, CLARA, FINN)


def test_an_absent_delegate_passes_the_seat_on() -> None:
    state = delegate_seat(OPEN, BORIS, EMIL).state

    answer = directory_result(BORIS, CLARA, absences=(absence_of(EMIL, FINN),), people=(EMIL, FINN))
    state = apply_result(state, answer).state

    assert may_decide(latest_level(state), after()) == (BORIS, CLARA, EMIL, FINN)


def test_an_absence_does_not_return_a_delegated_seat() -> None:
    state = delegate_seat(OPEN, BORIS, EMIL).state

    answer = directory_result(BORIS, CLARA, absences=(absence_of(EMIL, BORIS),), people=(EMIL,))
    state = apply_result(state, answer).state

    assert latest_level(state).delegates == (Delegate(person=EMIL, seat=BORIS),)


def test_an_absent_approver_who_delegated_has_two_delegates_and_one_seat() -> None:
    state = delegate_seat(OPEN, BORIS, EMIL).state
    answer = directory_result(
        BORIS, CLARA, absences=(absence_of(BORIS, FINN),), people=(EMIL, FINN)
    )
    state = apply_result(state, answer).state

    state = decided(state, yes(EMIL))

    assert latest_level(state).approvals == 1
    assert may_decide(latest_level(state), after()) == (CLARA,)


@pytest.mark.parametrize("delegate", [EMIL, CLARA])
def test_a_delegate_never_decides_a_level_of_two_alone(delegate: str) -> None:
    state = delegate_seat(OPEN, BORIS, delegate).state
    state = apply_result(state, directory_result(BORIS, CLARA, people=(delegate,))).state

    state = decided(state, yes(delegate))

    assert state.status is Status.PENDING
