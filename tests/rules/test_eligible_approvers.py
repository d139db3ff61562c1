"""Eligible people of a directory result, and when a level stays blocked."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ALL,
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    MAJORITY,
    NOON,
    ONE,
    after,
    apply_result,
    blocked,
    directory_result,
    kinds,
    latest_level,
    level,
    member,
    next_opened,
    opened,
    quorum_of,
    reached,
    table,
)
from tests.rules.verbs import decided, refusal, withdrawal, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Quorum
from workflows.rules.approvals.request import Status
from workflows.rules.people.actors import CLOCK, DirectoryResult, Member, Standing


@dataclass(frozen=True, kw_only=True)
class Eligible:
    description: str
    given: DirectoryResult
    then: tuple[str, ...]


@table(
    Eligible(
        description="active people may decide, in the order of the policy",
        given=directory_result(CLARA, BORIS),
        then=(CLARA, BORIS),
    ),
    Eligible(
        description="the requester may not decide",
        given=directory_result(ANA, BORIS),
        then=(BORIS,),
    ),
    Eligible(
        description="a person named by two sources counts once",
        given=directory_result(
            BORIS, Member(person=BORIS, source="group:x", standing=Standing.ACTIVE)
        ),
        then=(BORIS,),
    ),
    *(
        Eligible(
            description=f"a person who is {standing} may not decide",
            given=directory_result(member(CLARA, standing), BORIS),
            then=(BORIS,),
        )
        for standing in Standing
        if standing is not Standing.ACTIVE
    ),
)
def test_eligible_people_at_the_first_level(row: Eligible) -> None:
    change = apply_result(reached(level(BORIS)), row.given, NOON)

    assert latest_level(change.state).eligible == row.then


@pytest.mark.parametrize(
    "source", ["user:UBORIS", "email:b@x.org", "group:x", "manager", "manager:2"]
)
def test_a_person_may_decide_whatever_source_names_them(source: str) -> None:
    found = Member(person=BORIS, source=source, standing=Standing.ACTIVE)

    state = apply_result(reached(level(BORIS)), directory_result(found)).state

    assert latest_level(state).eligible == (BORIS,)
    assert decided(state, yes(BORIS)).status is Status.APPROVED


def test_the_manager_who_is_also_in_hr_counts_at_one_level() -> None:
    manager = Member(person=BORIS, source="manager", standing=Standing.ACTIVE)
    in_hr = Member(person=BORIS, source="group:hr", standing=Standing.ACTIVE)
    state = reached(level(BORIS, name="manager"), level(CLARA, name="hr"))
    state = decided(apply_result(state, directory_result(manager)).state, yes(BORIS))

    state = apply_result(reach_level(state, ()), directory_result(in_hr, CLARA)).state

    assert latest_level(state).eligible == (CLARA,)
    assert refusal(state, yes(BORIS, level=2)).data == {"level": "1"}


@pytest.mark.parametrize(("distinct", "then"), [(True, (CLARA,)), (False, (BORIS, CLARA))])
def test_a_person_who_counted_is_eligible_again_only_if_the_policy_allows_it(
    distinct: bool,  # noqa: FBT001 - a column of the table
    then: tuple[str, ...],
) -> None:
    state = opened(level(BORIS), level(BORIS, CLARA, name="hr"), distinct=distinct)

    state = next_opened(decided(state, yes(BORIS)))

    assert latest_level(state).eligible == then


def test_an_approver_who_did_not_decide_is_eligible_at_the_next_level() -> None:
    state = opened(level(BORIS, CLARA), level(CLARA, name="hr"))

    state = next_opened(decided(state, yes(BORIS)))

    assert latest_level(state).eligible == (CLARA,)


@dataclass(frozen=True, kw_only=True)
class Blocked:
    description: str
    given: DirectoryResult
    quorum: Quorum = ONE
    then: str


@table(
    Blocked(
        description="an empty set blocks",
        given=directory_result(),
        then="no_eligible_approver",
    ),
    Blocked(
        description="a set with only the requester blocks",
        given=directory_result(ANA),
        then="no_eligible_approver",
    ),
    Blocked(
        description="a set of people who may not decide blocks",
        given=directory_result(member(BORIS, Standing.GUEST), member(CLARA, Standing.UNKNOWN)),
        then="no_eligible_approver",
    ),
    Blocked(
        description="no one is not everyone",
        given=directory_result(),
        quorum=ALL,
        then="no_eligible_approver",
    ),
    Blocked(
        description="no one is no majority",
        given=directory_result(),
        quorum=MAJORITY,
        then="no_eligible_approver",
    ),
    Blocked(
        description="fewer people than the quorum are too few",
        given=directory_result(BORIS, CLARA),
        quorum=quorum_of(3),
        then="too_few_eligible",
    ),
    Blocked(
        description="the requester does not fill the quorum",
        given=directory_result(ANA, BORIS),
        quorum=quorum_of(2),
        then="too_few_eligible",
    ),
    Blocked(
        description="a person named twice does not fill the quorum",
        given=directory_result(BORIS, BORIS),
        quorum=quorum_of(2),
        then="too_few_eligible",
    ),
    Blocked(
        description="an unreadable source blocks",
        given=directory_result(unreadable=("user:UBORIS",)),
        then="approvers_unreadable",
    ),
    Blocked(
        description="an unreadable source blocks even if the others have enough people",
        given=directory_result(CLARA, DORA, unreadable=("user:UBORIS",)),
        then="approvers_unreadable",
    ),
)
def test_what_blocks_a_level(row: Blocked) -> None:
    change = apply_result(reached(level(BORIS, quorum=row.quorum)), row.given, NOON)

    assert latest_level(change.state).blocked == row.then
    assert latest_level(change.state).opened_at is None
    assert change.state.status is Status.PENDING
    assert change.state.waits_for_approvers
    assert kinds(change.facts) == ["LevelBlocked"]


@table(
    Blocked(description="one person is enough for one", given=directory_result(BORIS), then=""),
    Blocked(
        description="one person can be all", given=directory_result(BORIS), quorum=ALL, then=""
    ),
    Blocked(
        description="one can be a majority", given=directory_result(BORIS), quorum=MAJORITY, then=""
    ),
    Blocked(
        description="exactly as many as the quorum are enough",
        given=directory_result(BORIS, CLARA, member(DORA, Standing.BOT)),
        quorum=quorum_of(2),
        then="",
    ),
)
def test_what_opens_a_level(row: Blocked) -> None:
    change = apply_result(reached(level(BORIS, quorum=row.quorum)), row.given, after(seconds=2))

    assert latest_level(change.state).blocked == row.then
    assert latest_level(change.state).opened_at == after(seconds=2)
    assert not change.state.waits_for_approvers
    assert kinds(change.facts) == ["LevelOpened"]


def test_a_level_is_blocked_until_the_first_result() -> None:
    state = reached(level(BORIS))

    assert latest_level(state).blocked == "approvers_unread"
    assert state.waits_for_approvers


def test_distinct_approvers_can_leave_too_few_for_the_next_level() -> None:
    state = decided(opened(level(BORIS), level(BORIS, name="hr")), yes(BORIS))

    state = next_opened(state)

    assert latest_level(state).blocked == "no_eligible_approver"


def test_a_blocked_level_opens_when_a_later_result_has_people() -> None:
    state = blocked(level(BORIS))

    change = apply_result(state, directory_result(BORIS, at=after(minutes=1)), after(minutes=1))

    assert latest_level(change.state).blocked == ""
    assert latest_level(change.state).eligible == (BORIS,)
    assert kinds(change.facts) == ["LevelOpened"]


def test_a_result_that_blocks_for_the_same_reason_is_no_new_fact() -> None:
    state = blocked(level(BORIS))

    change = apply_result(state, directory_result(unreadable=("user:UBORIS",)), after(minutes=1))

    assert change.facts == ()
    assert change.state == state


def test_a_result_that_blocks_for_another_reason_is_a_new_fact() -> None:
    state = blocked(level(BORIS))

    change = apply_result(state, directory_result(), after(minutes=1))

    assert kinds(change.facts) == ["LevelBlocked"]
    assert change.facts[0].rule == "no_eligible_approver"


def test_the_evidence_of_an_open_level_is_kept_whole() -> None:
    found = directory_result(BORIS, member(CLARA, Standing.GUEST), ANA, at=after(seconds=1))

    change = apply_result(reached(level(BORIS)), found, after(seconds=2))

    assert latest_level(change.state).evidence == found.approvers.members
    assert change.facts[0].actor == CLOCK
    assert change.facts[0].level == 1
    assert change.facts[0].rule == "sales"
    assert change.facts[0].data == {
        "eligible": BORIS,
        "evidence": (
            "UBORIS=active by user:UBORIS;UCLARA=guest by user:UCLARA;UANA=active by user:UANA"
        ),
        "delegates": "",
        "unreadable": "",
        "read_at": "2026-03-02T12:00:01+00:00",
        "quorum": "1",
        "expires_at": "",
    }


def test_the_fact_of_a_blocked_level_names_the_sources_that_failed() -> None:
    found = directory_result(unreadable=("user:UBORIS", "user:UCLARA"))

    change = apply_result(reached(level(BORIS, CLARA)), found, NOON)

    assert change.facts[0].data["unreadable"] == "user:UBORIS,user:UCLARA"


def test_a_reopened_level_asks_only_the_people_of_the_latest_result() -> None:
    state = blocked(level(BORIS, CLARA))

    state = apply_result(state, directory_result(EMIL), NOON).state

    assert latest_level(state).eligible == (EMIL,)


def test_a_closed_request_waits_for_no_one() -> None:
    state = rules.withdraw(blocked(level(BORIS)), withdrawal(), NOON).state

    assert not state.waits_for_approvers
    assert not state.waits_for_level
