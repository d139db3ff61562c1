"""Refusals of decisions: only eligible people decide, once, and on the content that they saw."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    after,
    apply_result,
    blocked,
    directory_result,
    level,
    member,
    next_opened,
    opened,
    quorum_of,
    reached,
    submitted,
    table,
)
from tests.rules.verbs import CLOSED, changes, decide, decided, in_status, no, refusal, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.request import ApprovalState, Decision, Status, Verdict
from workflows.rules.people.actors import Standing

TWO_OF_THREE = level(BORIS, CLARA, DORA, quorum=quorum_of(2))
MANAGER = level(BORIS, name="manager")
HR = level(CLARA, DORA, name="hr")
BOTH_LEVELS = opened(MANAGER, HR)


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    given: ApprovalState
    when: Decision
    then: str


@table(
    Refused(
        description="a stranger is not an approver",
        given=opened(TWO_OF_THREE),
        when=yes(EMIL),
        then="not_an_approver",
    ),
    Refused(
        description="a stranger may not reject either",
        given=opened(TWO_OF_THREE),
        when=no(EMIL),
        then="not_an_approver",
    ),
    Refused(
        description="the requester may not approve their own request",
        given=opened(TWO_OF_THREE),
        when=yes(ANA),
        then="own_request",
    ),
    Refused(
        description="the requester may not reject their own request",
        given=opened(TWO_OF_THREE),
        when=no(ANA),
        then="own_request",
    ),
    Refused(
        description="the requester is refused even if the policy names them",
        given=opened(level(ANA, BORIS)),
        when=yes(ANA),
        then="own_request",
    ),
    Refused(
        description="the requester is refused as such even while the level is blocked",
        given=blocked(level(BORIS)),
        when=yes(ANA),
        then="own_request",
    ),
    Refused(
        description="a second click with the same verdict is already decided",
        given=decided(opened(TWO_OF_THREE), yes(BORIS)),
        when=yes(BORIS),
        then="already_decided",
    ),
    Refused(
        description="a second click cannot change the verdict",
        given=decided(opened(TWO_OF_THREE), yes(BORIS)),
        when=no(BORIS),
        then="already_decided",
    ),
    Refused(
        description="a second click is already decided after the level has passed",
        given=decided(BOTH_LEVELS, yes(BORIS)),
        when=yes(BORIS),
        then="already_decided",
    ),
    Refused(
        description="a second click is already decided after the next level has opened",
        given=next_opened(decided(BOTH_LEVELS, yes(BORIS))),
        when=yes(BORIS),
        then="already_decided",
    ),
    Refused(
        description="a click that was meant for earlier content is stale",
        given=opened(TWO_OF_THREE),
        when=yes(BORIS, revision=0),
        then="stale_content",
    ),
    Refused(
        description="a click that claims later content is stale too",
        given=opened(TWO_OF_THREE),
        when=yes(BORIS, revision=2),
        then="stale_content",
    ),
    Refused(
        description="a level that has passed is closed, before the next one is reached",
        given=decided(opened(level(BORIS, CLARA), HR), yes(BORIS)),
        when=yes(CLARA),
        then="level_closed",
    ),
    Refused(
        description="a level that has passed is closed while the next one is blocked",
        given=reach_level(decided(opened(level(BORIS, CLARA), HR), yes(BORIS)), ()),
        when=yes(CLARA),
        then="level_closed",
    ),
    Refused(
        description="a level that has passed is closed once the next one is open",
        given=next_opened(decided(opened(level(BORIS, CLARA), HR), yes(BORIS))),
        when=yes(CLARA),
        then="level_closed",
    ),
    Refused(
        description="a stranger's click on a passed level is refused for the level",
        given=decided(BOTH_LEVELS, yes(BORIS)),
        when=yes(EMIL),
        then="level_closed",
    ),
    Refused(
        description="a level that was never reached accepts no decision",
        given=BOTH_LEVELS,
        when=yes(CLARA, level=2),
        then="level_not_open",
    ),
    Refused(
        description="there is no level zero",
        given=BOTH_LEVELS,
        when=yes(BORIS, level=0),
        then="level_not_open",
    ),
    Refused(
        description="no one decides before the first level is reached",
        given=submitted(MANAGER),
        when=yes(BORIS),
        then="level_not_open",
    ),
    Refused(
        description="no one decides before the approvers are known",
        given=reached(MANAGER),
        when=yes(BORIS),
        then="level_not_open",
    ),
    Refused(
        description="no one decides while the level is blocked",
        given=blocked(MANAGER),
        when=yes(BORIS),
        then="level_not_open",
    ),
    Refused(
        description="an approver of the next level does not count at this one",
        given=BOTH_LEVELS,
        when=yes(CLARA),
        then="not_an_approver",
    ),
    Refused(
        description="an approver of the last level does not count at the next one",
        given=next_opened(decided(BOTH_LEVELS, yes(BORIS))),
        when=yes(BORIS, level=2),
        then="not_an_approver",
    ),
    Refused(
        description="a person who counted at an earlier level does not count again",
        given=next_opened(decided(opened(MANAGER, level(BORIS, CLARA, name="hr")), yes(BORIS))),
        when=yes(BORIS, level=2),
        then="counted_elsewhere",
    ),
    Refused(
        description="a person who rejected at an earlier level that passed does not count again",
        given=next_opened(
            decided(
                opened(
                    level(BORIS, CLARA, DORA, quorum=quorum_of(2), reject_quorum=2),
                    level(BORIS, EMIL, name="hr"),
                ),
                no(BORIS),
                yes(CLARA),
                yes(DORA),
            )
        ),
        when=yes(BORIS, level=2),
        then="counted_elsewhere",
    ),
)
def test_decisions_are_refused_with_their_reason(row: Refused) -> None:
    error = refusal(row.given, row.when)

    assert error.code == row.then


@table(
    *(
        Refused(
            description=f"a closed request ({status}) refuses {press.verdict} by {press.actor.person}",
            given=in_status(status),
            when=press,
            then=status,
        )
        for status in CLOSED
        for press in (yes(CLARA), no(BORIS), yes(ANA), yes(EMIL), yes(CLARA, revision=7))
    )
)
def test_a_closed_request_refuses_everyone_with_its_status(row: Refused) -> None:
    error = refusal(row.given, row.when, after(days=3))

    assert error.code == "request_closed"
    assert error.data["status"] == row.then


@dataclass(frozen=True, kw_only=True)
class ClosedBy:
    description: str
    given: Status
    then: str


@table(
    ClosedBy(description="the approver who approved", given=Status.APPROVED, then=BORIS),
    ClosedBy(description="the approver who rejected", given=Status.REJECTED, then=BORIS),
    ClosedBy(description="the requester who withdrew", given=Status.WITHDRAWN, then=ANA),
    ClosedBy(description="no one if the request expired", given=Status.EXPIRED, then=""),
)
def test_the_refusal_of_a_late_click_names_who_closed_the_request(row: ClosedBy) -> None:
    error = refusal(in_status(row.given), yes(CLARA))

    assert error.data["person"] == row.then


@pytest.mark.parametrize(
    ("first", "verdict"),
    [
        (yes(BORIS), Verdict.APPROVE),
        (no(BORIS), Verdict.REJECT),
        (changes(BORIS), Verdict.REQUEST_CHANGES),
    ],
)
def test_the_refusal_of_a_second_click_has_the_first_verdict(
    first: Decision, verdict: Verdict
) -> None:
    state = decided(opened(level(BORIS, CLARA, DORA, quorum=quorum_of(2), reject_quorum=2)), first)

    error = refusal(state, yes(BORIS))

    assert error.data == {"verdict": verdict}


def test_the_refusal_of_a_person_who_counted_elsewhere_names_the_level() -> None:
    third = level(BORIS, CLARA, EMIL, name="board")
    state = next_opened(decided(opened(MANAGER, HR, third), yes(BORIS)))
    state = next_opened(decided(state, yes(CLARA, level=2)))

    error = refusal(state, yes(CLARA, level=3))

    assert error.data == {"level": "2"}


def test_a_person_counts_at_two_levels_if_the_policy_allows_it() -> None:
    state = opened(MANAGER, level(BORIS, name="hr"), distinct=False)
    state = next_opened(decided(state, yes(BORIS)))

    change = decide(state, yes(BORIS, level=2))

    assert change.state.status is Status.APPROVED


def test_a_deactivated_person_is_refused_for_that_even_if_people_may_count_twice() -> None:
    second = level(BORIS, CLARA, name="hr")
    state = decided(opened(MANAGER, second, distinct=False), yes(BORIS))
    state = reach_level(state, ())
    found = directory_result(member(BORIS, Standing.DEACTIVATED), CLARA)
    state = apply_result(state, found, after()).state

    error = refusal(state, yes(BORIS, level=2))

    assert error.code == "not_eligible"
    assert error.data == {"standing": "deactivated"}


@pytest.mark.parametrize("press", [yes(EMIL), yes(ANA), yes(BORIS), yes(CLARA, revision=9)])
def test_a_refusal_changes_nothing(press: Decision) -> None:
    state = decided(opened(TWO_OF_THREE), yes(BORIS))
    before = repr(state)

    refusal(state, press)

    assert repr(state) == before


def test_checking_a_good_decision_changes_nothing() -> None:
    state = opened(TWO_OF_THREE)
    before = repr(state)

    rules.check_decide(state, yes(BORIS), after())

    assert repr(state) == before
