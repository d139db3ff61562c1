"""Amendments: they make all decisions void and restart the route."""

from dataclasses import dataclass, replace

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    actor,
    after,
    apply_result,
    directory_result,
    kinds,
    latest_level,
    level,
    next_opened,
    open_request,
    opened,
    policy,
    quorum_of,
    reached,
    request_under,
    result_naming,
    submitted,
    table,
    usd,
)
from tests.rules.verbs import (
    amend,
    changes,
    comment,
    decided,
    delegate_seat,
    no,
    reassign,
    refusal,
    yes,
)
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Tier
from workflows.rules.approvals.request import (
    ApprovalState,
    Decision,
    Notification,
    NotificationKind,
    Status,
)
from workflows.rules.people.actors import CLOCK
from workflows.rules.shared.content import Content, ContentChange, content_digest, content_text

DESK = Content(title="A new desk", amount=usd("1500.00"))
CHEAPER = replace(DESK, amount=usd("1200.00"))
CHEAP = replace(DESK, amount=usd("1000.00"))
TWO_OF_THREE = level(BORIS, CLARA, DORA, quorum=quorum_of(2), reject_quorum=2)
HR = level(EMIL, name="hr")


@dataclass(frozen=True, kw_only=True)
class Voided:
    """The number of decisions that an amendment makes void."""

    description: str
    given: ApprovalState
    then: int


@table(
    Voided(description="nothing before the first level", given=submitted(TWO_OF_THREE), then=0),
    Voided(
        description="nothing before the approvers are known", given=reached(TWO_OF_THREE), then=0
    ),
    Voided(description="nothing before a decision", given=opened(TWO_OF_THREE), then=0),
    Voided(description="an approval", given=decided(opened(TWO_OF_THREE), yes(BORIS)), then=1),
    Voided(
        description="a rejection that did not close the request",
        given=decided(opened(TWO_OF_THREE), no(BORIS)),
        then=1,
    ),
    Voided(
        description="a level that has passed",
        given=decided(opened(TWO_OF_THREE, HR), yes(BORIS), yes(CLARA)),
        then=2,
    ),
    Voided(
        description="an earlier level and the decisions of the open level",
        given=decided(
            next_opened(decided(opened(level(BORIS, name="team"), TWO_OF_THREE, HR), yes(BORIS))),
            yes(CLARA, level=2),
        ),
        then=2,
    ),
    Voided(
        description="the decision of the approver who asked for changes",
        given=decided(opened(TWO_OF_THREE), changes(BORIS)),
        then=1,
    ),
)
def test_an_amendment_voids_all_decisions(row: Voided) -> None:
    change = amend(row.given, CHEAPER)

    assert change.state.voided == row.then
    assert change.state.levels == ()
    assert change.state.waits_for_level
    assert change.state.status is Status.PENDING
    assert change.state.change_request is None
    assert change.state.content_revision == 2
    assert change.facts[0].data["voided"] == str(row.then)


def again(state: ApprovalState) -> ApprovalState:
    """Return the amended request with its first level open."""
    state = reach_level(state, ())
    return apply_result(state, result_naming(latest_level(state).rule)).state


def test_a_person_who_decided_about_the_old_content_may_decide_about_the_new() -> None:
    state = decided(opened(TWO_OF_THREE), yes(BORIS))

    state = decided(again(amend(state, CHEAPER).state), no(BORIS, revision=2))

    assert [decision.verdict for decision in latest_level(state).decisions] == ["reject"]


@pytest.mark.parametrize("press", [yes(CLARA), no(CLARA), changes(CLARA)])
def test_a_click_on_the_old_content_never_counts(press: Decision) -> None:
    state = again(amend(decided(opened(TWO_OF_THREE), yes(BORIS)), CHEAPER).state)

    error = refusal(state, press)

    assert error.code == "stale_content"


def test_approvers_are_notified_again_about_new_content() -> None:
    state = reach_level(amend(opened(TWO_OF_THREE), CHEAPER).state, ())

    change = apply_result(state, directory_result(BORIS, CLARA, DORA))

    assert change.notifications == (
        Notification(kind=NotificationKind.ASKED, people=(BORIS, CLARA, DORA)),
    )


def test_voided_decisions_are_counted_over_all_amendments() -> None:
    state = amend(decided(opened(TWO_OF_THREE), yes(BORIS)), CHEAPER).state

    state = amend(decided(again(state), yes(BORIS, revision=2)), DESK).state

    assert state.voided == 2


def test_the_choice_of_a_reassignment_ends_with_an_amendment_but_not_its_exclusions() -> None:
    state = reassign(opened(TWO_OF_THREE), EMIL, BORIS, CLARA).state

    state = again(amend(state, CHEAPER).state)

    assert latest_level(state).eligible == (BORIS, CLARA)
    assert latest_level(state).reassigned_by == ()


def test_comments_and_delegations_are_kept_by_an_amendment() -> None:
    state = delegate_seat(opened(TWO_OF_THREE), BORIS, EMIL).state
    state = comment(state, BORIS).state

    amended = amend(state, CHEAPER).state

    assert amended.delegations == state.delegations
    assert (amended.comments, amended.remarks) == (state.comments, state.remarks)


def test_an_amendment_is_a_fact_with_the_whole_content_and_what_changed() -> None:
    edited = replace(CHEAPER, text="oak", links=("https://example.com/desk",))

    change = amend(decided(opened(TWO_OF_THREE), yes(BORIS)), edited, after(minutes=1))

    assert kinds(change.facts) == ["RequestAmended"]
    fact = change.facts[0]
    assert (fact.actor, fact.at, fact.content_revision) == (actor(ANA), after(minutes=1), 2)
    assert fact.rule == "order: over 1,000.00 USD"
    assert fact.data == {
        "changed": "text,amount,links",
        "voided": "1",
        "content": content_text(edited),
        "content_digest": content_digest(edited),
    }
    assert change.state.changes == (
        ContentChange(part="text", before="", after="oak"),
        ContentChange(part="amount", before="1,500.00 USD", after="1,200.00 USD"),
        ContentChange(part="links", before="", after="https://example.com/desk"),
    )


# The route


BOARD = level(DORA, name="board")
TIERED = replace(
    policy(level(BORIS), BOARD),
    tiers=(
        Tier(up_to=usd("1000.00"), levels=()),
        Tier(up_to=usd("5000.00"), levels=("sales",)),
        Tier(up_to=None, levels=("sales", "board")),
    ),
)


@pytest.mark.parametrize(
    ("amount", "levels", "rule"),
    [
        ("5000.00", ["sales"], "order: up to 5,000.00 USD"),
        ("5000.01", ["sales", "board"], "order: over 5,000.00 USD"),
    ],
)
def test_the_new_amount_gets_a_new_route(amount: str, levels: list[str], rule: str) -> None:
    state = open_request(request_under(TIERED, amount="2000.00"))

    change = amend(state, replace(DESK, amount=usd(amount)))

    assert [level.name for level in change.state.request.route.levels] == levels
    assert change.facts[0].rule == rule


def test_an_amount_that_needs_no_approval_is_approved_by_no_one() -> None:
    change = amend(decided(opened(TWO_OF_THREE), yes(BORIS)), CHEAP)

    assert change.state.status is Status.APPROVED
    assert change.state.closing_rule == "no_level_needed"
    assert change.state.closed_by == CLOCK
    assert kinds(change.facts) == ["RequestAmended", "RequestApproved"]


def test_removing_the_amount_requires_all_levels() -> None:
    state = open_request(request_under(TIERED, amount="2000.00"))

    change = amend(state, replace(DESK, amount=None))

    assert len(change.state.request.route.levels) == 2
