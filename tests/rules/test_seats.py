"""Seats: for which seat a delegate's decision counts, and that no one counts twice."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from tests.rules.builders import (
    ALL,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    GUS,
    NOON,
    absence_of,
    after,
    apply_result,
    directory_result,
    latest_level,
    level,
    next_opened,
    opened,
    opened_with_absences,
    quorum_of,
    reached,
    table,
)
from tests.rules.verbs import decide, decided, delegate_seat, reassign, refresh, refusal, yes
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.request import ApprovalState, Decision
from workflows.rules.approvals.seats import may_decide

TOMORROW = after(days=1)
A_WEEK = after(days=7)
A_MOMENT = timedelta(microseconds=1)


def handed(
    state: ApprovalState, *, found: tuple[str, ...], people: tuple[str, ...]
) -> ApprovalState:
    """Return the request after Boris has delegated to Emil and the directory was queried."""
    state = delegate_seat(state, BORIS, EMIL).state
    return apply_result(state, directory_result(*found, people=people)).state


HANDED = handed(
    opened(level(BORIS, CLARA, quorum=quorum_of(2))), found=(BORIS, CLARA), people=(EMIL,)
)
AWAY = opened_with_absences(absence_of(BORIS, EMIL, starts=TOMORROW, ends=A_WEEK))
TWO_AWAY = opened_with_absences(
    absence_of(BORIS, EMIL), absence_of(CLARA, EMIL), found=(BORIS, CLARA)
)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The seat of a decision, or its refusal."""

    description: str
    given: ApprovalState
    when: Decision
    at: datetime = NOON
    then: str


@table(
    Counts(
        description="a delegate's decision counts for the approver who named them",
        given=HANDED,
        when=yes(EMIL),
        then=BORIS,
    ),
    Counts(
        description="an approver who has delegated may still decide",
        given=HANDED,
        when=yes(BORIS),
        then=BORIS,
    ),
    Counts(
        description="a delegate cannot decide before their time",
        given=AWAY,
        when=yes(EMIL),
        at=TOMORROW - A_MOMENT,
        then="not_an_approver",
    ),
    Counts(
        description="a delegate in their time counts for the absent approver",
        given=AWAY,
        when=yes(EMIL),
        at=TOMORROW,
        then=BORIS,
    ),
    Counts(
        description="a delegate cannot decide after their time",
        given=AWAY,
        when=yes(EMIL),
        at=A_WEEK,
        then="not_an_approver",
    ),
    Counts(
        description="a delegate of two approvers counts for the first",
        given=TWO_AWAY,
        when=yes(EMIL),
        then=BORIS,
    ),
    Counts(
        description="an approver who is also a delegate counts for themselves first",
        given=opened_with_absences(absence_of(BORIS, CLARA), found=(BORIS, CLARA)),
        when=yes(CLARA),
        then=CLARA,
    ),
    Counts(
        description="the approver is too late if their delegate was faster",
        given=decided(HANDED, yes(EMIL)),
        when=yes(BORIS),
        then="seat_taken",
    ),
    Counts(
        description="the delegate is too late if the approver was faster",
        given=decided(HANDED, yes(BORIS)),
        when=yes(EMIL),
        then="seat_taken",
    ),
    Counts(
        description="a delegate cannot decide twice",
        given=decided(HANDED, yes(EMIL)),
        when=yes(EMIL),
        then="already_decided",
    ),
    Counts(
        description="a delegate of two approvers does not count a second time for the other",
        given=decided(
            apply_result(
                reached(level(BORIS, CLARA, DORA, quorum=ALL)),
                directory_result(
                    BORIS,
                    CLARA,
                    DORA,
                    absences=(absence_of(BORIS, EMIL), absence_of(CLARA, EMIL)),
                    people=(EMIL,),
                ),
            ).state,
            yes(EMIL),
        ),
        when=yes(EMIL),
        then="already_decided",
    ),
    Counts(
        description="an approver whose delegate has decided cannot decide for another seat",
        given=decided(
            apply_result(
                reached(level(BORIS, CLARA, DORA, quorum=ALL)),
                directory_result(
                    BORIS,
                    CLARA,
                    DORA,
                    absences=(absence_of(BORIS, EMIL), absence_of(CLARA, BORIS)),
                    people=(EMIL,),
                ),
            ).state,
            yes(EMIL),
        ),
        when=yes(BORIS),
        then="seat_taken",
    ),
)
def test_the_seat_of_a_delegates_decision(row: Counts) -> None:
    if row.then.startswith("U"):
        change = decide(row.given, row.when, row.at)

        assert latest_level(change.state).decisions[-1].seat == row.then
        assert latest_level(change.state).decisions[-1].person == row.when.actor.person
        on_behalf = row.then if row.then != row.when.actor.person else None
        assert change.facts[0].data.get("on_behalf_of") == on_behalf
    else:
        assert refusal(row.given, row.when, row.at).code == row.then


@pytest.mark.parametrize(("first", "second"), [(EMIL, BORIS), (BORIS, EMIL)])
def test_the_slower_of_owner_and_delegate_is_given_the_faster_person_and_the_seat(
    first: str, second: str
) -> None:
    error = refusal(decided(HANDED, yes(first)), yes(second))

    assert error.data == {"person": first, "seat": BORIS}


def test_a_delegate_and_its_owner_never_make_a_quorum_of_two() -> None:
    state = decided(HANDED, yes(EMIL))

    assert refusal(state, yes(BORIS)).code == "seat_taken"
    assert latest_level(state).approvals == 1


def test_a_delegate_who_has_decided_gets_no_seat_when_a_group_adds_them() -> None:
    state = refresh(decided(HANDED, yes(EMIL))).state

    state = apply_result(state, directory_result(BORIS, CLARA, EMIL, people=(EMIL,))).state

    assert latest_level(state).eligible == (BORIS, CLARA)
    assert refusal(state, yes(EMIL)).code == "already_decided"


def test_a_delegate_and_their_seat_count_at_no_other_level() -> None:
    second = level(BORIS, CLARA, EMIL, name="hr")
    state = handed(opened(level(BORIS), second), found=(BORIS,), people=(EMIL,))
    state = next_opened(decided(state, yes(EMIL)))

    assert latest_level(state).eligible == (CLARA,)
    assert refusal(state, yes(EMIL, level=2)).code == "counted_elsewhere"
    assert refusal(state, yes(BORIS, level=2)).code == "counted_elsewhere"


def test_a_person_who_counted_at_an_earlier_level_cannot_be_a_delegate_at_the_next() -> None:
    state = decided(opened(level(BORIS), level(CLARA, name="hr")), yes(BORIS))
    state = reach_level(state, ())

    state = apply_result(
        state, directory_result(CLARA, absences=(absence_of(CLARA, BORIS),), people=(BORIS,))
    ).state

    assert may_decide(latest_level(state), NOON) == (CLARA,)


def test_an_admin_who_reassigned_the_level_cannot_be_a_delegate_there() -> None:
    state = reassign(opened(level(BORIS)), CLARA, by=GUS).state

    state = apply_result(
        state, directory_result(CLARA, absences=(absence_of(CLARA, GUS),), people=(GUS,))
    ).state

    assert may_decide(latest_level(state), NOON) == (CLARA,)
    assert refusal(state, yes(GUS)).code == "chose_the_approvers"


def test_a_delegation_whose_seat_was_filled_is_not_voided_at_the_next_level() -> None:
    """Emil has counted for Boris, so Boris is not notified that Emil may not count again."""
    state = handed(opened(level(BORIS), level(CLARA, name="hr")), found=(BORIS,), people=(EMIL,))
    state = reach_level(decided(state, yes(EMIL)), ())

    change = apply_result(state, directory_result(CLARA, people=(EMIL,)))

    assert [fact.kind.value for fact in change.facts] == ["LevelOpened"]
    assert change.state.delegations == state.delegations


def test_delegates_and_their_time_limits_are_part_of_the_evidence() -> None:
    state = refresh(opened(level(BORIS))).state
    absence = replace(absence_of(BORIS, EMIL), starts=TOMORROW, ends=A_WEEK)

    change = apply_result(state, directory_result(BORIS, absences=(absence,), people=(EMIL,)))

    assert change.facts[0].data["delegates"] == (
        "UEMIL for UBORIS from 2026-03-03T12:00:00+00:00 until 2026-03-09T12:00:00+00:00"
    )
