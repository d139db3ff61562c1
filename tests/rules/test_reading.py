"""Readings: the question to the directory, an answer that comes too late, who the admins are."""

from dataclasses import replace

import pytest

from tests.rules.acts import (
    decided,
    hand_over,
    reassign,
    refresh,
    standing,
    yes,
)
from tests.rules.builders import (
    ALL,
    ANA,
    BORIS,
    CLARA,
    EMIL,
    GUS,
    HANA,
    NOON,
    after,
    asked,
    here,
    kinds,
    level,
    member,
    opened,
    opened_as,
    policy,
    reached,
    read,
    reading,
    request,
)
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.directory import apply_directory_result, directory_query
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import ApprovalState, Status
from workflows.rules.people.actors import DirectoryResult, Standing


def wanted(state: ApprovalState) -> ApprovalState:
    """Return the request with its people to be read again."""
    return refresh(state).state


# An answer that comes too late


def test_an_answer_to_another_question_changes_nothing() -> None:
    state = reached(level(BORIS))
    old = directory_query(state)
    state = reassign(opened(level(BORIS)), CLARA).state

    change = apply_directory_result(state, old, reading(BORIS), NOON)

    assert change.state == state
    assert change.facts == ()


def test_an_answer_from_before_a_refresh_does_not_satisfy_it() -> None:
    """The reading under way may have been made before the group changed."""
    state = wanted(opened(level(BORIS)))
    under_way = directory_query(state)
    state = wanted(state)

    change = apply_directory_result(state, under_way, reading(BORIS), NOON)

    assert change.state == state
    assert change.state.waits_for_approvers


def test_an_answer_from_before_an_amendment_does_not_open_the_new_level() -> None:
    state = reached(level(BORIS))
    under_way = directory_query(state)
    state = replace(state, content_revision=2)

    change = apply_directory_result(state, under_way, reading(BORIS), NOON)

    assert here(change.state).blocked == "approvers_unread"


def test_an_answer_at_the_end_of_the_time_opens_nothing_any_more() -> None:
    state = wanted(
        decided(opened(level(BORIS, CLARA, quorum=ALL), expires_at=after(minutes=5)), yes(BORIS))
    )

    change = read(state, reading(BORIS), after(minutes=5))

    assert change.state.status is Status.EXPIRED
    assert kinds(change.facts) == ["RequestExpired"]


def test_an_answer_that_is_late_for_a_reminder_is_asked_for_again() -> None:
    tick = Tick(at=after(minutes=1), kind=TickKind.REMIND)
    state = wanted(opened_as(request(level(BORIS)), tick))

    change = read(state, reading(CLARA), after(minutes=2))

    assert kinds(change.facts) == ["LevelReminded"]
    assert here(change.state).eligible == (BORIS,)
    assert change.state.waits_for_approvers


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.PENDING])
def test_an_answer_to_a_request_that_waits_for_nobody_changes_nothing(status: Status) -> None:
    state = standing(status)

    change = apply_directory_result(state, directory_query(state), reading(CLARA), NOON)

    assert change.state == state


def test_an_answer_to_a_level_that_has_passed_meanwhile_changes_nothing() -> None:
    state = wanted(opened(level(BORIS), level(CLARA, name="hr")))
    under_way = directory_query(state)
    state = decided(state, yes(BORIS))

    change = apply_directory_result(state, under_way, reading(CLARA), NOON)

    assert change.state == state
    assert change.facts == ()
    assert not state.waits_for_approvers


# Admins


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        pytest.param(reading(BORIS), (GUS, HANA), id="as the directory names them"),
        pytest.param(reading(BORIS, admins=(GUS, GUS)), (GUS,), id="each once"),
        pytest.param(
            reading(BORIS, admins=(member(GUS, Standing.GUEST), HANA)), (HANA,), id="active ones"
        ),
        pytest.param(reading(BORIS, admins=()), (), id="nobody where there is nobody"),
        pytest.param(
            reading(BORIS, admins=(), admins_unreadable=("group:x",)),
            (GUS, HANA),
            id="those known before where they cannot be read",
        ),
        pytest.param(
            reading(unreadable=("group:x",), admins=(HANA,)),
            (HANA,),
            id="also where the approvers cannot be read",
        ),
    ],
)
def test_who_the_admins_are(answer: DirectoryResult, then: tuple[str, ...]) -> None:
    state = wanted(opened(level(BORIS)))

    change = read(state, answer)

    assert change.state.admins == then


def test_a_level_opens_without_admins_and_their_reading_is_repeated() -> None:
    change = read(reached(level(BORIS)), reading(BORIS, admins=(), admins_unreadable=("group:x",)))

    assert here(change.state).blocked == ""
    assert change.state.waits_for_approvers


def test_a_later_answer_names_the_admins_and_ends_the_repeating() -> None:
    state = read(reached(level(BORIS)), reading(BORIS, admins=(), admins_unreadable=("x",))).state

    change = read(state, reading(BORIS))

    assert change.state.admins == (GUS, HANA)
    assert not change.state.waits_for_approvers
    assert change.facts == ()


# The question


def test_the_question_names_whom_the_policy_and_the_people_have_named() -> None:
    state = hand_over(opened(level(BORIS)), BORIS, EMIL).state

    found = directory_query(state)

    assert found.request_id == "APR-1"
    assert found.requester == ANA
    assert [str(source) for source in found.sources] == ["user:UBORIS"]
    assert [str(source) for source in found.admins] == ["group:approval-admins"]
    assert found.people == (EMIL,)
    assert found.channel == "#approvals"


@pytest.mark.parametrize("notify", [Notify.DM, Notify.NONE])
def test_nobody_asks_who_is_in_the_channel_where_nobody_is_mentioned_there(notify: Notify) -> None:
    state = opened_as(asked(policy(level(BORIS), notify=notify)))

    found = directory_query(state)

    assert found.channel == ""


def test_who_is_outside_the_channel_is_kept_with_the_level() -> None:
    answer = replace(reading(BORIS, CLARA), outside=(CLARA,))

    state = read(reached(level(BORIS, CLARA)), answer).state

    assert here(state).outside == (CLARA,)
