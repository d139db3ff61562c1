"""Level outcomes: enough approvals, enough rejections, or a quorum that is out of reach."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ALL,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    MAJORITY,
    ONE,
    kinds,
    latest_level,
    level,
    next_opened,
    opened,
    quorum_of,
    table,
)
from tests.rules.verbs import decide, decided, no, yes
from workflows.rules.approvals.policy import Quorum, QuorumKind
from workflows.rules.approvals.request import Decision, Status


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """A number of people, a quorum, and their verdicts in turn; then the effect of the last verdict."""

    description: str
    people: int
    quorum: Quorum = ONE
    reject_quorum: int = 1
    said: str
    then: Status
    rule: str = ""


PEOPLE = (BORIS, CLARA, DORA, EMIL, FINN)


def ballots(said: str) -> list[Decision]:
    """Turn "yn" into an approval by the first person and a rejection by the second."""
    return [
        (yes if word == "y" else no)(person)
        for word, person in zip(said, PEOPLE[: len(said)], strict=True)
    ]


@table(
    Ballot(
        description="any: the first approval is enough",
        people=3,
        said="y",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="any: the first rejection is enough",
        people=3,
        said="n",
        then=Status.REJECTED,
        rule="reject_quorum",
    ),
    Ballot(
        description="two of three: one approval is not enough",
        people=3,
        quorum=quorum_of(2),
        said="y",
        then=Status.PENDING,
    ),
    Ballot(
        description="two of three: the second approval is enough",
        people=3,
        quorum=quorum_of(2),
        said="yy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="two of three: one rejection closes it by default",
        people=3,
        quorum=quorum_of(2),
        said="yn",
        then=Status.REJECTED,
        rule="reject_quorum",
    ),
    Ballot(
        description="two of three, two to reject: one rejection leaves it open",
        people=3,
        quorum=quorum_of(2),
        reject_quorum=2,
        said="n",
        then=Status.PENDING,
    ),
    Ballot(
        description="two of three, two to reject: one rejection does not stop two approvals",
        people=3,
        quorum=quorum_of(2),
        reject_quorum=2,
        said="nyy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="two of three, two to reject: the second rejection closes it",
        people=3,
        quorum=quorum_of(2),
        reject_quorum=2,
        said="nyn",
        then=Status.REJECTED,
        rule="reject_quorum",
    ),
    Ballot(
        description="two of three, three to reject: the second rejection puts two out of reach",
        people=3,
        quorum=quorum_of(2),
        reject_quorum=3,
        said="nn",
        then=Status.REJECTED,
        rule="quorum_out_of_reach",
    ),
    Ballot(
        description="three of five, three to reject: two against two is still open",
        people=5,
        quorum=quorum_of(3),
        reject_quorum=3,
        said="nyny",
        then=Status.PENDING,
    ),
    Ballot(
        description="three of five, three to reject: the fifth decides",
        people=5,
        quorum=quorum_of(3),
        reject_quorum=3,
        said="nynyy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="all: all but one is not enough",
        people=3,
        quorum=ALL,
        said="yy",
        then=Status.PENDING,
    ),
    Ballot(
        description="all: the last approval is enough",
        people=3,
        quorum=ALL,
        said="yyy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="all, two to reject: one rejection puts all out of reach",
        people=3,
        quorum=ALL,
        reject_quorum=2,
        said="yn",
        then=Status.REJECTED,
        rule="quorum_out_of_reach",
    ),
    Ballot(
        description="all of one: one is all",
        people=1,
        quorum=ALL,
        said="y",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="majority of four: two are only half",
        people=4,
        quorum=MAJORITY,
        reject_quorum=4,
        said="yy",
        then=Status.PENDING,
    ),
    Ballot(
        description="majority of four: three are more than half",
        people=4,
        quorum=MAJORITY,
        reject_quorum=4,
        said="yyy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="majority of four: two against it put three out of reach",
        people=4,
        quorum=MAJORITY,
        reject_quorum=4,
        said="nn",
        then=Status.REJECTED,
        rule="quorum_out_of_reach",
    ),
    Ballot(
        description="majority of five: two against it leave three",
        people=5,
        quorum=MAJORITY,
        reject_quorum=5,
        said="nn",
        then=Status.PENDING,
    ),
    Ballot(
        description="majority of five: three are more than half",
        people=5,
        quorum=MAJORITY,
        reject_quorum=5,
        said="nnyyy",
        then=Status.APPROVED,
        rule="quorum",
    ),
    Ballot(
        description="majority of two: both",
        people=2,
        quorum=MAJORITY,
        said="y",
        then=Status.PENDING,
    ),
    Ballot(
        description="two of two, two to reject: one rejection already puts two out of reach",
        people=2,
        quorum=quorum_of(2),
        reject_quorum=2,
        said="n",
        then=Status.REJECTED,
        rule="quorum_out_of_reach",
    ),
)
def test_the_effect_of_the_last_verdict(row: Ballot) -> None:
    rule = level(*PEOPLE[: row.people], quorum=row.quorum, reject_quorum=row.reject_quorum)

    state = decided(opened(rule), *ballots(row.said))

    assert state.status is row.then
    assert state.closing_rule == row.rule


def test_a_rejection_closes_the_request_with_its_reason_and_person() -> None:
    change = decide(opened(level(BORIS, CLARA)), no(BORIS, reason="too dear"))

    assert change.state.closing_reason == "too dear"
    assert change.state.closed_by is not None
    assert change.state.closed_by.person == BORIS
    assert kinds(change.facts) == ["DecisionRecorded", "RequestRejected"]


def test_a_level_that_has_passed_waits_for_the_next_one() -> None:
    state = opened(level(BORIS), level(CLARA, name="hr"))

    change = decide(state, yes(BORIS))

    assert change.state.status is Status.PENDING
    assert latest_level(change.state).passed
    assert change.state.waits_for_level
    assert not change.state.waits_for_approvers
    assert kinds(change.facts) == ["DecisionRecorded", "LevelPassed"]


def test_the_last_level_approves_the_request() -> None:
    state = next_opened(decided(opened(level(BORIS), level(CLARA, name="hr")), yes(BORIS)))

    change = decide(state, yes(CLARA, level=2))

    assert change.state.status is Status.APPROVED
    assert not change.state.waits_for_level
    assert kinds(change.facts) == ["DecisionRecorded", "LevelPassed", "RequestApproved"]


def test_a_rejection_at_a_later_level_rejects_the_whole_request() -> None:
    state = next_opened(decided(opened(level(BORIS), level(CLARA, name="hr")), yes(BORIS)))

    state = decided(state, no(CLARA, level=2))

    assert state.status is Status.REJECTED
    assert state.levels[0].passed
    assert not state.levels[1].passed


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_levels_are_reached_in_the_order_of_the_policy(count: int) -> None:
    rules_of = [level(person, name=f"level-{person}") for person in PEOPLE[:count]]
    state = opened(*rules_of)

    for number in range(1, count):
        state = next_opened(decided(state, yes(PEOPLE[number - 1], level=number)))
    state = decided(state, yes(PEOPLE[count - 1], level=count))

    assert [reached.number for reached in state.levels] == list(range(1, count + 1))
    assert [reached.rule for reached in state.levels] == rules_of
    assert state.status is Status.APPROVED


@dataclass(frozen=True, kw_only=True)
class Needed:
    description: str
    given: Quorum
    eligible: int
    then: int


@table(
    Needed(description="a count is the number itself", given=quorum_of(2), eligible=5, then=2),
    Needed(
        description="a count does not depend on the number of people",
        given=quorum_of(3),
        eligible=2,
        then=3,
    ),
    Needed(description="all of four are four", given=ALL, eligible=4, then=4),
    Needed(description="all of no one is still one", given=ALL, eligible=0, then=1),
    Needed(description="a majority of no one is one", given=MAJORITY, eligible=0, then=1),
    Needed(description="a majority of one is one", given=MAJORITY, eligible=1, then=1),
    Needed(description="a majority of two is two", given=MAJORITY, eligible=2, then=2),
    Needed(description="a majority of three is two", given=MAJORITY, eligible=3, then=2),
    Needed(description="a majority of four is three", given=MAJORITY, eligible=4, then=3),
)
def test_the_approvals_needed(row: Needed) -> None:
    needed = row.given.needed(row.eligible)

    assert needed == row.then


@pytest.mark.parametrize(
    ("quorum", "words"),
    [(quorum_of(2), "2"), (ALL, "all"), (Quorum(kind=QuorumKind.MAJORITY, count=7), "majority")],
)
def test_a_quorum_is_formatted_as_in_the_policy_file(quorum: Quorum, words: str) -> None:
    written = str(quorum)

    assert written == words
