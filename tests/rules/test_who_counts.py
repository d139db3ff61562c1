"""Who counts: which people of a reading are eligible, and when a level stays blocked."""

from dataclasses import dataclass

import pytest

from tests.rules.acts import decided, refusal, withdrawal, yes
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
    blocked,
    here,
    kinds,
    level,
    member,
    next_opened,
    of,
    opened,
    reached,
    read,
    reading,
    table,
)
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
        given=reading(CLARA, BORIS),
        then=(CLARA, BORIS),
    ),
    Eligible(
        description="the requester never may",
        given=reading(ANA, BORIS),
        then=(BORIS,),
    ),
    Eligible(
        description="whom two sources name is one person",
        given=reading(BORIS, Member(person=BORIS, source="group:x", standing=Standing.ACTIVE)),
        then=(BORIS,),
    ),
    *(
        Eligible(
            description=f"who is {standing} may not",
            given=reading(member(CLARA, standing), BORIS),
            then=(BORIS,),
        )
        for standing in Standing
        if standing is not Standing.ACTIVE
    ),
)
def test_who_is_eligible_at_the_first_level(row: Eligible) -> None:
    change = read(reached(level(BORIS)), row.given, NOON)

    assert here(change.state).eligible == row.then


@pytest.mark.parametrize(
    "source", ["user:UBORIS", "email:b@x.org", "group:x", "manager", "manager:2"]
)
def test_whoever_names_a_person_they_may_decide(source: str) -> None:
    found = Member(person=BORIS, source=source, standing=Standing.ACTIVE)

    state = read(reached(level(BORIS)), reading(found)).state

    assert here(state).eligible == (BORIS,)
    assert decided(state, yes(BORIS)).status is Status.APPROVED


def test_the_manager_who_is_also_in_hr_counts_at_one_level() -> None:
    manager = Member(person=BORIS, source="manager", standing=Standing.ACTIVE)
    in_hr = Member(person=BORIS, source="group:hr", standing=Standing.ACTIVE)
    state = reached(level(BORIS, name="manager"), level(CLARA, name="hr"))
    state = decided(read(state, reading(manager)).state, yes(BORIS))

    state = read(reach_level(state, ()), reading(in_hr, CLARA)).state

    assert here(state).eligible == (CLARA,)
    assert refusal(state, yes(BORIS, level=2)).data == {"level": "1"}


@pytest.mark.parametrize(("distinct", "then"), [(True, (CLARA,)), (False, (BORIS, CLARA))])
def test_who_counted_before_is_eligible_again_only_where_the_policy_allows(
    distinct: bool,  # noqa: FBT001 - a column of the table
    then: tuple[str, ...],
) -> None:
    state = opened(level(BORIS), level(BORIS, CLARA, name="hr"), distinct=distinct)

    state = next_opened(decided(state, yes(BORIS)))

    assert here(state).eligible == then


def test_who_was_asked_before_but_said_nothing_is_eligible_again() -> None:
    state = opened(level(BORIS, CLARA), level(CLARA, name="hr"))

    state = next_opened(decided(state, yes(BORIS)))

    assert here(state).eligible == (CLARA,)


@dataclass(frozen=True, kw_only=True)
class Blocked:
    description: str
    given: DirectoryResult
    quorum: Quorum = ONE
    then: str


@table(
    Blocked(
        description="an empty set opens nothing",
        given=reading(),
        then="no_eligible_approver",
    ),
    Blocked(
        description="a set of the requester alone opens nothing",
        given=reading(ANA),
        then="no_eligible_approver",
    ),
    Blocked(
        description="a set of people who may not decide opens nothing",
        given=reading(member(BORIS, Standing.GUEST), member(CLARA, Standing.UNKNOWN)),
        then="no_eligible_approver",
    ),
    Blocked(
        description="nobody at all is not everybody",
        given=reading(),
        quorum=ALL,
        then="no_eligible_approver",
    ),
    Blocked(
        description="nobody at all is no majority",
        given=reading(),
        quorum=MAJORITY,
        then="no_eligible_approver",
    ),
    Blocked(
        description="fewer people than the quorum are too few",
        given=reading(BORIS, CLARA),
        quorum=of(3),
        then="too_few_eligible",
    ),
    Blocked(
        description="the requester does not fill the quorum",
        given=reading(ANA, BORIS),
        quorum=of(2),
        then="too_few_eligible",
    ),
    Blocked(
        description="a person named twice does not fill the quorum",
        given=reading(BORIS, BORIS),
        quorum=of(2),
        then="too_few_eligible",
    ),
    Blocked(
        description="an unreadable source opens nothing",
        given=reading(unreadable=("user:UBORIS",)),
        then="approvers_unreadable",
    ),
    Blocked(
        description="an unreadable source opens nothing though the others have people enough",
        given=reading(CLARA, DORA, unreadable=("user:UBORIS",)),
        then="approvers_unreadable",
    ),
)
def test_what_blocks_a_level(row: Blocked) -> None:
    change = read(reached(level(BORIS, quorum=row.quorum)), row.given, NOON)

    assert here(change.state).blocked == row.then
    assert here(change.state).opened_at is None
    assert change.state.status is Status.PENDING
    assert change.state.waits_for_approvers
    assert kinds(change.facts) == ["LevelBlocked"]


@table(
    Blocked(description="one person is enough for one", given=reading(BORIS), then=""),
    Blocked(description="one person can be all", given=reading(BORIS), quorum=ALL, then=""),
    Blocked(description="one can be a majority", given=reading(BORIS), quorum=MAJORITY, then=""),
    Blocked(
        description="exactly as many as the quorum are enough",
        given=reading(BORIS, CLARA, member(DORA, Standing.BOT)),
        quorum=of(2),
        then="",
    ),
)
def test_what_opens_a_level(row: Blocked) -> None:
    change = read(reached(level(BORIS, quorum=row.quorum)), row.given, after(seconds=2))

    assert here(change.state).blocked == row.then
    assert here(change.state).opened_at == after(seconds=2)
    assert not change.state.waits_for_approvers
    assert kinds(change.facts) == ["LevelOpened"]


def test_a_level_is_blocked_until_its_first_reading() -> None:
    state = reached(level(BORIS))

    assert here(state).blocked == "approvers_unread"
    assert state.waits_for_approvers


def test_distinct_approvers_can_leave_too_few_for_the_next_level() -> None:
    state = decided(opened(level(BORIS), level(BORIS, name="hr")), yes(BORIS))

    state = next_opened(state)

    assert here(state).blocked == "no_eligible_approver"


def test_a_blocked_level_opens_when_a_later_reading_finds_people() -> None:
    state = blocked(level(BORIS))

    change = read(state, reading(BORIS, at=after(minutes=1)), after(minutes=1))

    assert here(change.state).blocked == ""
    assert here(change.state).eligible == (BORIS,)
    assert kinds(change.facts) == ["LevelOpened"]


def test_a_reading_that_is_blocked_for_the_same_reason_is_no_new_fact() -> None:
    state = blocked(level(BORIS))

    change = read(state, reading(unreadable=("user:UBORIS",)), after(minutes=1))

    assert change.facts == ()
    assert change.state == state


def test_a_reading_that_is_blocked_for_another_reason_is_a_new_fact() -> None:
    state = blocked(level(BORIS))

    change = read(state, reading(), after(minutes=1))

    assert kinds(change.facts) == ["LevelBlocked"]
    assert change.facts[0].rule == "no_eligible_approver"


def test_the_evidence_of_an_open_level_is_kept_whole() -> None:
    found = reading(BORIS, member(CLARA, Standing.GUEST), ANA, at=after(seconds=1))

    change = read(reached(level(BORIS)), found, after(seconds=2))

    assert here(change.state).evidence == found.approvers.members
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
    found = reading(unreadable=("user:UBORIS", "user:UCLARA"))

    change = read(reached(level(BORIS, CLARA)), found, NOON)

    assert change.facts[0].data["unreadable"] == "user:UBORIS,user:UCLARA"


def test_a_level_that_reopens_asks_nobody_who_is_not_in_the_latest_reading() -> None:
    state = blocked(level(BORIS, CLARA))

    state = read(state, reading(EMIL), NOON).state

    assert here(state).eligible == (EMIL,)


def test_a_closed_request_waits_for_nobody() -> None:
    state = rules.withdraw(blocked(level(BORIS)), withdrawal(), NOON).state

    assert not state.waits_for_approvers
    assert not state.waits_for_level
