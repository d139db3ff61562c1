"""Submission, with or without levels, and withdrawal."""

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    NOON,
    actor,
    after,
    blocked,
    kinds,
    level,
    opened,
    quorum_of,
    reached,
    request,
    submitted,
)
from tests.rules.verbs import CLOSED, decided, in_status, no, withdraw, withdrawal, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.policy import digest
from workflows.rules.approvals.request import ApprovalState, Status, Withdrawal
from workflows.rules.people.actors import CLOCK, Origin
from workflows.rules.shared.content import content_digest, content_text
from workflows.rules.shared.errors import (
    NotTheRequesterError,
    ReasonTooLongError,
    RequestClosedError,
)

RULE = level(BORIS, "UCLARA", "UDORA", quorum=quorum_of(2), reject_quorum=2)


def test_a_request_with_levels_waits_for_its_first() -> None:
    change = rules.submit(request(RULE), NOON)

    assert change.state.status is Status.PENDING
    assert change.state.waits_for_level
    assert change.state.level is None
    assert change.state.submitted_at == NOON
    assert kinds(change.facts) == ["RequestSubmitted"]


def test_a_submission_is_the_requesters_and_names_rule_and_policy() -> None:
    asked = request(RULE)

    change = rules.submit(asked, NOON)

    assert change.facts[0].actor == asked.requester
    assert change.facts[0].rule == "order: over 1,000.00 USD"
    assert change.facts[0].data == {
        "policy": "order",
        "policy_version": digest(asked.policy),
        "content": content_text(asked.content),
        "content_digest": content_digest(asked.content),
    }


def test_a_request_that_needs_no_level_is_approved_at_once() -> None:
    change = rules.submit(request(RULE, amount="1000.00"), NOON)

    assert change.state.status is Status.APPROVED
    assert change.state.closing_rule == "no_level_needed"
    assert change.state.closed_at == NOON
    assert kinds(change.facts) == ["RequestSubmitted", "RequestApproved"]


def test_no_one_is_named_as_the_approver_if_no_level_was_needed() -> None:
    change = rules.submit(request(RULE, amount="1000.00"), NOON)

    assert change.state.closed_by == CLOCK
    assert change.facts[1].actor == CLOCK


def test_a_request_that_needs_no_level_waits_for_nothing() -> None:
    state = rules.submit(request(RULE, amount="1000.00"), NOON).state

    assert not state.waits_for_level
    assert not state.waits_for_approvers
    assert deadlines.next_deadline(state) is None


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(submitted(RULE), id="before the first level"),
        pytest.param(reached(RULE), id="before the approvers are known"),
        pytest.param(blocked(RULE), id="while the level is blocked"),
        pytest.param(opened(RULE), id="while the level is open"),
        pytest.param(decided(opened(RULE), yes(BORIS)), id="after an approval"),
        pytest.param(decided(opened(RULE), no(BORIS)), id="after a rejection that did not close"),
        pytest.param(
            decided(opened(level(BORIS), RULE), yes(BORIS)), id="between a level and the next"
        ),
    ],
)
def test_the_requester_may_withdraw_while_the_request_is_open(state: ApprovalState) -> None:
    change = withdraw(state, withdrawal(reason="bought elsewhere"), after(minutes=1))

    assert change.state.status is Status.WITHDRAWN
    assert change.state.closed_by == actor(ANA)
    assert change.state.closed_at == after(minutes=1)
    assert change.state.closing_rule == "requester"
    assert change.state.closing_reason == "bought elsewhere"
    assert kinds(change.facts) == ["RequestWithdrawn"]
    assert change.facts[0].actor == actor(ANA)
    assert change.facts[0].reason == "bought elsewhere"


@pytest.mark.parametrize("person", [BORIS, "USTRANGER", ""])
def test_no_one_else_may_withdraw(person: str) -> None:
    with pytest.raises(NotTheRequesterError):
        rules.check_withdraw(opened(RULE), withdrawal(person), NOON)


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_request_cannot_be_withdrawn(status: Status) -> None:
    with pytest.raises(RequestClosedError) as refused:
        rules.check_withdraw(in_status(status), withdrawal(), NOON)

    assert refused.value.data["status"] == status


@pytest.mark.parametrize("status", [Status.APPROVED, Status.WITHDRAWN])
def test_a_stranger_is_refused_because_the_request_is_closed(status: Status) -> None:
    with pytest.raises(RequestClosedError):
        rules.check_withdraw(in_status(status), withdrawal("USTRANGER"), NOON)


def test_the_requester_may_withdraw_from_the_command_line() -> None:
    by_hand = Withdrawal(actor=actor(ANA, Origin.CLI, operator="root"))

    change = withdraw(opened(RULE), by_hand)

    assert change.facts[0].actor.operator == "root"


def test_a_withdrawal_takes_a_reason_of_3000_characters() -> None:
    change = withdraw(opened(RULE), withdrawal(reason="x" * 3000))

    assert change.state.closing_reason == "x" * 3000


def test_a_withdrawal_takes_no_reason_of_3001_characters() -> None:
    with pytest.raises(ReasonTooLongError) as refused:
        rules.check_withdraw(opened(RULE), withdrawal(reason="x" * 3001), NOON)

    assert refused.value.data == {"length": "3001"}
