"""Subscriptions: the people and groups whose changes an open request must learn about."""

from dataclasses import replace

from tests.rules.builders import (
    BORIS,
    CLARA,
    apply_result,
    directory_result,
    latest_level,
    level,
    member,
    opened,
    reached,
)
from tests.rules.verbs import in_status
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.subscriptions import subjects
from workflows.rules.people.actors import ApproverSource, SourceKind, Standing

ADMINS = ApproverSource(kind=SourceKind.GROUP, value="admins")


def test_the_approvers_and_their_sources_are_watched() -> None:
    watched = subjects(opened(level(BORIS, CLARA)))

    assert {f"user:{BORIS}", f"user:{CLARA}"} <= set(watched)


def test_a_person_who_may_not_decide_is_watched_because_that_may_change() -> None:
    state = reached(level(BORIS))
    found = directory_result(member(BORIS), member("UIVAN", Standing.DEACTIVATED))

    assert "user:UIVAN" in subjects(apply_result(state, found).state)


def test_the_admins_and_their_group_are_watched() -> None:
    state = opened(level(BORIS))
    policy = replace(state.request.policy, admins=(ADMINS,))
    state = replace(state, request=replace(state.request, policy=policy), admins=("UFAY",))

    assert {"group:admins", "user:UFAY"} <= set(subjects(state))


def test_the_requester_is_watched_if_their_manager_is_an_approver() -> None:
    state = opened(level(BORIS))
    manager = ApproverSource(kind=SourceKind.MANAGER, value="1")
    state = replace(state, levels=(replace(latest_level(state), sources=(manager,)),))

    assert f"user:{state.request.requester.person}" in subjects(state)
    assert "manager" not in subjects(state)


def test_a_closed_request_watches_no_one() -> None:
    assert subjects(in_status(Status.APPROVED)) == ()
