"""Directory queries and their results: outdated results, and the admins."""

from dataclasses import replace

import pytest

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
    apply_result,
    directory_result,
    kinds,
    latest_level,
    level,
    member,
    open_request,
    opened,
    policy,
    reached,
    request,
    request_under,
)
from tests.rules.verbs import (
    decided,
    delegate_seat,
    in_status,
    reassign,
    refresh,
    yes,
)
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.directory import apply_directory_result, directory_query
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import ApprovalState, Status
from workflows.rules.people.actors import DirectoryResult, Standing


def with_query_due(state: ApprovalState) -> ApprovalState:
    """Return the request with a directory query due."""
    return refresh(state).state


# Outdated results


def test_the_result_of_another_query_changes_nothing() -> None:
    state = reached(level(BORIS))
    old = directory_query(state)
    state = reassign(opened(level(BORIS)), CLARA).state

    change = apply_directory_result(state, old, directory_result(BORIS), NOON)

    assert change.state == state
    assert change.facts == ()


def test_a_result_from_before_a_refresh_does_not_complete_it() -> None:
    """The query under way may have run before the group changed."""
    state = with_query_due(opened(level(BORIS)))
    under_way = directory_query(state)
    state = with_query_due(state)

    change = apply_directory_result(state, under_way, directory_result(BORIS), NOON)

    assert change.state == state
    assert change.state.waits_for_approvers


def test_a_result_from_before_an_amendment_does_not_open_the_new_level() -> None:
    state = reached(level(BORIS))
    under_way = directory_query(state)
    state = replace(state, content_revision=2)

    change = apply_directory_result(state, under_way, directory_result(BORIS), NOON)

    assert latest_level(change.state).blocked == "approvers_unread"


def test_a_result_at_expiry_opens_nothing() -> None:
    state = with_query_due(
        decided(opened(level(BORIS, CLARA, quorum=ALL), expires_at=after(minutes=5)), yes(BORIS))
    )

    change = apply_result(state, directory_result(BORIS), after(minutes=5))

    assert change.state.status is Status.EXPIRED
    assert kinds(change.facts) == ["RequestExpired"]


def test_a_result_from_before_a_reminder_is_queried_again() -> None:
    tick = Tick(at=after(minutes=1), kind=TickKind.REMIND)
    state = with_query_due(open_request(request(level(BORIS)), tick))

    change = apply_result(state, directory_result(CLARA), after(minutes=2))

    assert kinds(change.facts) == ["LevelReminded"]
    assert latest_level(change.state).eligible == (BORIS,)
    assert change.state.waits_for_approvers


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_a_result_for_a_request_that_waits_for_no_one_changes_nothing(status: Status) -> None:
    state = in_status(status)

    change = apply_directory_result(state, directory_query(state), directory_result(CLARA), NOON)

    assert change.state == state


def test_a_result_for_a_level_that_has_passed_changes_nothing() -> None:
    state = with_query_due(opened(level(BORIS), level(CLARA, name="hr")))
    under_way = directory_query(state)
    state = decided(state, yes(BORIS))

    change = apply_directory_result(state, under_way, directory_result(CLARA), NOON)

    assert change.state == state
    assert change.facts == ()
    assert not state.waits_for_approvers


# Admins


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        pytest.param(directory_result(BORIS), (GUS, HANA), id="as the directory names them"),
        pytest.param(directory_result(BORIS, admins=(GUS, GUS)), (GUS,), id="each once"),
        pytest.param(
            directory_result(BORIS, admins=(member(GUS, Standing.GUEST), HANA)),
            (HANA,),
            id="active ones",
        ),
        pytest.param(directory_result(BORIS, admins=()), (), id="nobody where there is nobody"),
        pytest.param(
            directory_result(BORIS, admins=(), admins_unreadable=("group:x",)),
            (GUS, HANA),
            id="those known before where they cannot be read",
        ),
        pytest.param(
            directory_result(unreadable=("group:x",), admins=(HANA,)),
            (HANA,),
            id="also where the approvers cannot be read",
        ),
    ],
)
def test_the_admins_after_a_result(answer: DirectoryResult, then: tuple[str, ...]) -> None:
    state = with_query_due(opened(level(BORIS)))

    change = apply_result(state, answer)

    assert change.state.admins == then


def test_a_level_opens_without_admins_and_the_query_is_repeated() -> None:
    change = apply_result(
        reached(level(BORIS)), directory_result(BORIS, admins=(), admins_unreadable=("group:x",))
    )

    assert latest_level(change.state).blocked == ""
    assert change.state.waits_for_approvers


def test_a_later_result_with_admins_ends_the_repetition() -> None:
    state = apply_result(
        reached(level(BORIS)), directory_result(BORIS, admins=(), admins_unreadable=("x",))
    ).state

    change = apply_result(state, directory_result(BORIS))

    assert change.state.admins == (GUS, HANA)
    assert not change.state.waits_for_approvers
    assert change.facts == ()


# The query


def test_the_query_has_the_sources_of_the_policy_and_the_delegates() -> None:
    state = delegate_seat(opened(level(BORIS)), BORIS, EMIL).state

    found = directory_query(state)

    assert found.request_id == "APR-1"
    assert found.requester == ANA
    assert [str(source) for source in found.sources] == ["user:UBORIS"]
    assert [str(source) for source in found.admins] == ["group:approval-admins"]
    assert found.people == (EMIL,)
    assert found.channel == "#approvals"


@pytest.mark.parametrize("notify", [Notify.DM, Notify.NONE])
def test_channel_members_are_queried_only_if_the_card_mentions_approvers(notify: Notify) -> None:
    state = open_request(request_under(policy(level(BORIS), notify=notify)))

    found = directory_query(state)

    assert found.channel == ""


def test_people_outside_the_channel_are_stored_with_the_level() -> None:
    answer = replace(directory_result(BORIS, CLARA), outside=(CLARA,))

    state = apply_result(reached(level(BORIS, CLARA)), answer).state

    assert latest_level(state).outside == (CLARA,)
