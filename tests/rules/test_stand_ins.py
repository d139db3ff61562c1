"""Who may decide for somebody else: whom they asked on this request, or who stands in while they are away."""

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
    after,
    away,
    here,
    member,
    table,
    with_away,
)
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.seats import MAX_DELEGATION_DEPTH, may_decide
from workflows.rules.people.actors import Absence, Standing

TOMORROW = after(days=1)
A_WEEK = after(days=7)
A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class May:
    """Who may decide at an instant, the seats' owners first."""

    description: str
    given: ApprovalState
    at: datetime = NOON
    then: tuple[str, ...]


def chain(*people: str) -> Iterator[Absence]:
    """Yield the absences by which each hands on to the next."""
    return (away(one, other) for one, other in pairwise(people))


NAMES = tuple(f"U{number}" for number in range(10))


@table(
    May(
        description="without an absence the owner alone",
        given=with_away(),
        then=(BORIS,),
    ),
    May(
        description="while the owner is away, the owner and who stands in",
        given=with_away(away(BORIS, EMIL)),
        then=(BORIS, EMIL),
    ),
    May(
        description="a moment before the absence nobody stands in",
        given=with_away(away(BORIS, EMIL, starts=TOMORROW)),
        at=TOMORROW - A_MOMENT,
        then=(BORIS,),
    ),
    May(
        description="an absence begins at its instant",
        given=with_away(away(BORIS, EMIL, starts=TOMORROW)),
        at=TOMORROW,
        then=(BORIS, EMIL),
    ),
    May(
        description="a moment before its end the absence still holds",
        given=with_away(away(BORIS, EMIL, ends=A_WEEK)),
        at=A_WEEK - A_MOMENT,
        then=(BORIS, EMIL),
    ),
    May(
        description="at its end the absence is over",
        given=with_away(away(BORIS, EMIL, ends=A_WEEK)),
        at=A_WEEK,
        then=(BORIS,),
    ),
    May(
        description="an absence of somebody else hands over nothing",
        given=with_away(away(CLARA, EMIL)),
        then=(BORIS,),
    ),
    May(
        description="two absences one after the other have a stand-in each",
        given=with_away(
            away(BORIS, EMIL, ends=TOMORROW), away(BORIS, FINN, starts=TOMORROW, ends=A_WEEK)
        ),
        at=TOMORROW,
        then=(BORIS, FINN),
    ),
    May(
        description="who stands in and is away hands on, and may still decide",
        given=with_away(*chain(BORIS, EMIL, FINN)),
        then=(BORIS, EMIL, FINN),
    ),
    May(
        description="what is handed on holds only while both are away: before",
        given=with_away(away(BORIS, EMIL), away(EMIL, FINN, starts=TOMORROW)),
        at=TOMORROW - A_MOMENT,
        then=(BORIS, EMIL),
    ),
    May(
        description="what is handed on holds only while both are away: after the first is back",
        given=with_away(
            away(BORIS, EMIL, ends=TOMORROW), away(EMIL, FINN, starts=NOON, ends=A_WEEK)
        ),
        at=TOMORROW,
        then=(BORIS,),
    ),
    May(
        description="two absences that do not meet hand on nothing",
        given=with_away(away(BORIS, EMIL, ends=TOMORROW), away(EMIL, FINN, starts=TOMORROW)),
        at=TOMORROW,
        then=(BORIS,),
    ),
    May(
        description="a circle of two comes back to nobody new",
        given=with_away(*chain(BORIS, EMIL, BORIS)),
        then=(BORIS, EMIL),
    ),
    May(
        description="a circle of three comes back to nobody new",
        given=with_away(*chain(BORIS, EMIL, FINN, BORIS)),
        then=(BORIS, EMIL, FINN),
    ),
    May(
        description="who names themselves hands over to nobody",
        given=with_away(away(BORIS, BORIS)),
        then=(BORIS,),
    ),
    May(
        description="a long chain ends after so many absent people",
        given=with_away(*chain(*NAMES), people=NAMES, found=(NAMES[0],)),
        then=NAMES[: MAX_DELEGATION_DEPTH + 1],
    ),
    May(
        description="the requester does not stand in",
        given=with_away(away(BORIS, ANA), people=(BORIS, ANA)),
        then=(BORIS,),
    ),
    May(
        description="the requester, away, does not choose who stands in",
        given=with_away(*chain(BORIS, ANA, EMIL), people=(BORIS, ANA, EMIL)),
        then=(BORIS,),
    ),
    May(
        description="who is unknown to the directory does not stand in",
        given=with_away(away(BORIS, EMIL), people=(BORIS,)),
        then=(BORIS,),
    ),
    *(
        May(
            description=f"who is {standing} does not stand in, and hands on to nobody",
            given=with_away(*chain(BORIS, EMIL, FINN), people=(member(EMIL, standing), FINN)),
            then=(BORIS,),
        )
        for standing in Standing
        if standing is not Standing.ACTIVE
    ),
    May(
        description="an approver may stand in for another one",
        given=with_away(away(BORIS, CLARA), found=(BORIS, CLARA)),
        then=(BORIS, CLARA),
    ),
    May(
        description="an absence of who is no approver any more hands over nothing",
        given=with_away(
            away(BORIS, EMIL), found=(member(BORIS, Standing.DEACTIVATED), CLARA), people=(EMIL,)
        ),
        then=(CLARA,),
    ),
    May(
        description="where the policy knows no stand-ins, an absence hands over nothing",
        given=with_away(away(BORIS, EMIL), delegation=False),
        then=(BORIS,),
    ),
)
def test_who_stands_in_for_an_absent_approver(row: May) -> None:
    people = may_decide(here(row.given), row.at)

    assert people == row.then


def test_who_would_stand_in_for_no_time_at_all_is_not_among_the_stand_ins() -> None:
    state = with_away(away(BORIS, EMIL, ends=TOMORROW), away(EMIL, FINN, starts=TOMORROW))

    people = [one.person for one in here(state).delegates]

    assert people == [EMIL]
