"""Delegates: named by an approver on one request, or for an absence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    EMIL,
    FINN,
    NOON,
    absence_of,
    after,
    latest_level,
    member,
    opened_with_absences,
    table,
)
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.seats import MAX_DELEGATION_DEPTH, may_decide
from workflows.rules.people.actors import Absence, Standing

TOMORROW = after(days=1)
A_WEEK = after(days=7)
A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class May:
    """The people who may decide at an instant, approvers first."""

    description: str
    given: ApprovalState
    at: datetime = NOON
    then: tuple[str, ...]


def chain(*people: str) -> Iterator[Absence]:
    """Yield absences in which each person has the next as delegate."""
    return (absence_of(one, other) for one, other in pairwise(people))


NAMES = tuple(f"U{number}" for number in range(10))


@table(
    May(
        description="without an absence only the approver",
        given=opened_with_absences(),
        then=(BORIS,),
    ),
    May(
        description="during the absence the approver and the delegate",
        given=opened_with_absences(absence_of(BORIS, EMIL)),
        then=(BORIS, EMIL),
    ),
    May(
        description="a moment before the absence there cannot be a delegate",
        given=opened_with_absences(absence_of(BORIS, EMIL, starts=TOMORROW)),
        at=TOMORROW - A_MOMENT,
        then=(BORIS,),
    ),
    May(
        description="an absence starts at its instant",
        given=opened_with_absences(absence_of(BORIS, EMIL, starts=TOMORROW)),
        at=TOMORROW,
        then=(BORIS, EMIL),
    ),
    May(
        description="a moment before its end the absence still applies",
        given=opened_with_absences(absence_of(BORIS, EMIL, ends=A_WEEK)),
        at=A_WEEK - A_MOMENT,
        then=(BORIS, EMIL),
    ),
    May(
        description="at its end the absence is over",
        given=opened_with_absences(absence_of(BORIS, EMIL, ends=A_WEEK)),
        at=A_WEEK,
        then=(BORIS,),
    ),
    May(
        description="an absence of another person has no effect",
        given=opened_with_absences(absence_of(CLARA, EMIL)),
        then=(BORIS,),
    ),
    May(
        description="two successive absences have a delegate each",
        given=opened_with_absences(
            absence_of(BORIS, EMIL, ends=TOMORROW),
            absence_of(BORIS, FINN, starts=TOMORROW, ends=A_WEEK),
        ),
        at=TOMORROW,
        then=(BORIS, FINN),
    ),
    May(
        description="an absent delegate passes the seat on, and may still decide",
        given=opened_with_absences(*chain(BORIS, EMIL, FINN)),
        then=(BORIS, EMIL, FINN),
    ),
    May(
        description="a chain applies only while both are absent: before",
        given=opened_with_absences(
            absence_of(BORIS, EMIL), absence_of(EMIL, FINN, starts=TOMORROW)
        ),
        at=TOMORROW - A_MOMENT,
        then=(BORIS, EMIL),
    ),
    May(
        description="a chain applies only while both are absent: after the first is back",
        given=opened_with_absences(
            absence_of(BORIS, EMIL, ends=TOMORROW), absence_of(EMIL, FINN, starts=NOON, ends=A_WEEK)
        ),
        at=TOMORROW,
        then=(BORIS,),
    ),
    May(
        description="two absences that do not overlap form no chain",
        given=opened_with_absences(
            absence_of(BORIS, EMIL, ends=TOMORROW), absence_of(EMIL, FINN, starts=TOMORROW)
        ),
        at=TOMORROW,
        then=(BORIS,),
    ),
    May(
        description="a cycle of two adds no one",
        given=opened_with_absences(*chain(BORIS, EMIL, BORIS)),
        then=(BORIS, EMIL),
    ),
    May(
        description="a cycle of three adds no one",
        given=opened_with_absences(*chain(BORIS, EMIL, FINN, BORIS)),
        then=(BORIS, EMIL, FINN),
    ),
    May(
        description="a person who names themselves has no delegate",
        given=opened_with_absences(absence_of(BORIS, BORIS)),
        then=(BORIS,),
    ),
    May(
        description="a long chain ends at the maximum depth",
        given=opened_with_absences(*chain(*NAMES), people=NAMES, found=(NAMES[0],)),
        then=NAMES[: MAX_DELEGATION_DEPTH + 1],
    ),
    May(
        description="the requester cannot be a delegate",
        given=opened_with_absences(absence_of(BORIS, ANA), people=(BORIS, ANA)),
        then=(BORIS,),
    ),
    May(
        description="the absent requester cannot choose a delegate",
        given=opened_with_absences(*chain(BORIS, ANA, EMIL), people=(BORIS, ANA, EMIL)),
        then=(BORIS,),
    ),
    May(
        description="a person unknown to the directory cannot be a delegate",
        given=opened_with_absences(absence_of(BORIS, EMIL), people=(BORIS,)),
        then=(BORIS,),
    ),
    *(
        May(
            description=f"a person who is {standing} cannot be a delegate or pass a seat on",
            given=opened_with_absences(
                *chain(BORIS, EMIL, FINN), people=(member(EMIL, standing), FINN)
            ),
            then=(BORIS,),
        )
        for standing in Standing
        if standing is not Standing.ACTIVE
    ),
    May(
        description="an approver may be the delegate of another approver",
        given=opened_with_absences(absence_of(BORIS, CLARA), found=(BORIS, CLARA)),
        then=(BORIS, CLARA),
    ),
    May(
        description="an absence of a former approver has no effect",
        given=opened_with_absences(
            absence_of(BORIS, EMIL),
            found=(member(BORIS, Standing.DEACTIVATED), CLARA),
            people=(EMIL,),
        ),
        then=(CLARA,),
    ),
    May(
        description="an absence has no effect if the policy forbids delegation",
        given=opened_with_absences(absence_of(BORIS, EMIL), delegation=False),
        then=(BORIS,),
    ),
)
def test_the_delegates_of_an_absent_approver(row: May) -> None:
    people = may_decide(latest_level(row.given), row.at)

    assert people == row.then


def test_a_delegate_without_any_time_is_left_out() -> None:
    state = opened_with_absences(
        absence_of(BORIS, EMIL, ends=TOMORROW), absence_of(EMIL, FINN, starts=TOMORROW)
    )

    people = [delegate.person for delegate in latest_level(state).delegates]

    assert people == [EMIL]
