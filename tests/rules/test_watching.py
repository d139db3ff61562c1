"""Whose changes reach an open request."""

from dataclasses import replace

from tests.rules.acts import standing
from tests.rules.builders import BORIS, CLARA, here, level, member, opened, reached, read, reading
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.subscriptions import subjects
from workflows.rules.people.actors import ApproverSource, SourceKind, Standing

ADMINS = ApproverSource(kind=SourceKind.GROUP, value="admins")


def test_the_approvers_and_where_they_come_from_are_watched() -> None:
    watched = subjects(opened(level(BORIS, CLARA)))

    assert {f"user:{BORIS}", f"user:{CLARA}"} <= set(watched)


def test_who_was_found_and_may_not_decide_is_watched_for_that_may_change() -> None:
    state = reached(level(BORIS))
    found = reading(member(BORIS), member("UIVAN", Standing.DEACTIVATED))

    assert "user:UIVAN" in subjects(read(state, found).state)


def test_the_admins_and_their_group_are_watched() -> None:
    state = opened(level(BORIS))
    policy = replace(state.request.policy, admins=(ADMINS,))
    state = replace(state, request=replace(state.request, policy=policy), admins=("UFAY",))

    assert {"group:admins", "user:UFAY"} <= set(subjects(state))


def test_whose_manager_is_asked_is_watched_instead_of_a_manager() -> None:
    state = opened(level(BORIS))
    manager = ApproverSource(kind=SourceKind.MANAGER, value="1")
    state = replace(state, levels=(replace(here(state), sources=(manager,)),))

    assert f"user:{state.request.requester.person}" in subjects(state)
    assert "manager" not in subjects(state)


def test_a_closed_request_watches_nobody() -> None:
    assert subjects(standing(Status.APPROVED)) == ()
