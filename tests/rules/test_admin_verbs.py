"""Admin verbs, their refusals, and that an admin never decides as an admin."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    HANA,
    actor,
    after,
    apply_result,
    blocked,
    directory_result,
    kinds,
    latest_level,
    level,
    next_opened,
    opened,
    quorum_of,
    reached,
    submitted,
    table,
)
from tests.rules.verbs import (
    CLOSED,
    changes,
    close,
    decided,
    delegate_seat,
    in_status,
    reassign,
    refresh,
    refusal,
    refusal_of,
    yes,
)
from workflows.rules.approvals.request import ApprovalState, Change, Status
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.people.actors import SLACK

TWO_OF_TWO = level(BORIS, CLARA, quorum=quorum_of(2), reject_quorum=2)
OPEN = opened(TWO_OF_TWO, expires_at=after(minutes=5))
WITHOUT_ADMINS = apply_result(reached(TWO_OF_TWO), directory_result(BORIS, CLARA, admins=())).state
ANAS_HOUSE = apply_result(
    reached(TWO_OF_TWO), directory_result(BORIS, CLARA, admins=(ANA, BORIS))
).state
PASSED = decided(opened(level(BORIS), level(CLARA, name="hr")), yes(BORIS))
AWAITING = decided(OPEN, changes(BORIS))

Verb = Callable[[ApprovalState, str], Change]
VERBS: dict[str, Verb] = {
    "reassign": lambda state, by: reassign(state, EMIL, by=by),
    "refresh": lambda state, by: refresh(state, actor(by)),
    "close": close,
}


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The refusal code of each admin verb for a person in a state, empty if it is accepted."""

    description: str
    given: ApprovalState
    by: str = GUS
    reassign: str
    refresh: str
    close: str


@table(
    Refused(description="an admin may", given=OPEN, reassign="", refresh="", close=""),
    Refused(
        description="an admin may while the level is blocked",
        given=apply_result(reached(TWO_OF_TWO), directory_result()).state,
        reassign="",
        refresh="",
        close="",
    ),
    *(
        Refused(
            description=f"{who} is not an admin",
            given=OPEN,
            by=person,
            reassign="not_an_admin",
            refresh="not_an_admin",
            close="not_an_admin",
        )
        for who, person in (("the requester", ANA), ("an approver", BORIS), ("a stranger", FINN))
    ),
    Refused(
        description="no one may while the admins are unknown",
        given=WITHOUT_ADMINS,
        reassign="admins_unknown",
        refresh="admins_unknown",
        close="admins_unknown",
    ),
    Refused(
        description="no one may before the first directory result",
        given=submitted(TWO_OF_TWO),
        reassign="admins_unknown",
        refresh="admins_unknown",
        close="admins_unknown",
    ),
    Refused(
        description="an admin may not reassign their own request, but may close it",
        given=ANAS_HOUSE,
        by=ANA,
        reassign="own_request",
        refresh="",
        close="",
    ),
    Refused(
        description="an admin who has decided may not reassign",
        given=decided(ANAS_HOUSE, yes(BORIS)),
        by=BORIS,
        reassign="already_decided",
        refresh="",
        close="",
    ),
    Refused(
        description="an admin whose delegate has decided may not reassign",
        given=decided(
            apply_result(
                delegate_seat(ANAS_HOUSE, BORIS, EMIL).state,
                directory_result(BORIS, CLARA, people=(EMIL,), admins=(BORIS,)),
            ).state,
            yes(EMIL),
        ),
        by=BORIS,
        reassign="already_decided",
        refresh="",
        close="",
    ),
    Refused(
        description="between two levels there is nothing to reassign or refresh",
        given=PASSED,
        reassign="level_not_open",
        refresh="level_not_open",
        close="",
    ),
    Refused(
        description="while changes are requested there is nothing to reassign or refresh",
        given=AWAITING,
        reassign="changes_requested",
        refresh="changes_requested",
        close="",
    ),
    *(
        Refused(
            description=f"a request that is {status} stays {status}",
            given=in_status(status),
            reassign="request_closed",
            refresh="request_closed",
            close="request_closed",
        )
        for status in CLOSED
    ),
)
@pytest.mark.parametrize("verb", VERBS)
def test_admin_verbs_are_refused_with_their_reason(row: Refused, verb: str) -> None:
    expected = {"reassign": row.reassign, "refresh": row.refresh, "close": row.close}[verb]

    if expected:
        assert refusal_of(lambda: VERBS[verb](row.given, row.by)).code == expected
    else:
        VERBS[verb](row.given, row.by)


@dataclass(frozen=True, kw_only=True)
class Words:
    description: str
    when: Callable[[], Change]
    then: str


@table(
    Words(
        description="a reassignment needs approvers",
        when=lambda: reassign(OPEN),
        then="nobody_named",
    ),
    Words(
        description="a reassignment needs a reason",
        when=lambda: reassign(OPEN, EMIL, reason=" "),
        then="reason_required",
    ),
    Words(
        description="the reason of a reassignment has at most 3,000 characters",
        when=lambda: reassign(OPEN, EMIL, reason="x" * 3001),
        then="reason_too_long",
    ),
    Words(
        description="closing needs a reason",
        when=lambda: close(OPEN, reason="\n"),
        then="reason_required",
    ),
    Words(
        description="the reason for closing has at most 3,000 characters",
        when=lambda: close(OPEN, reason="x" * 3001),
        then="reason_too_long",
    ),
    Words(
        description="nothing is reassigned after expiry",
        when=lambda: reassign(OPEN, EMIL, now=after(minutes=5)),
        then="request_closed",
    ),
    Words(
        description="nothing is refreshed after expiry",
        when=lambda: refresh(OPEN, now=after(minutes=5)),
        then="request_closed",
    ),
    Words(
        description="nothing is closed after expiry",
        when=lambda: close(OPEN, now=after(minutes=5)),
        then="request_closed",
    ),
)
def test_admin_verbs_need_approvers_a_reason_and_an_open_request(row: Words) -> None:
    error = refusal_of(row.when)

    assert error.code == row.then


# Reassign


def test_a_reassignment_is_a_fact_and_clears_the_approvers_until_the_new_ones_are_read() -> None:
    change = reassign(OPEN, EMIL, FINN)

    assert kinds(change.facts) == ["LevelReassigned"]
    assert change.facts[0].actor == actor(GUS)
    assert change.facts[0].reason == "she left"
    assert change.facts[0].data == {"approvers": "user:UEMIL,user:UFINN"}
    assert latest_level(change.state).blocked == "approvers_unread"
    assert change.state.waits_for_approvers
    assert refusal(change.state, yes(BORIS)).code == "level_not_open"


def test_a_reassignment_does_not_reset_the_clock() -> None:
    state = reassign(OPEN, EMIL).state

    assert latest_level(state).expires_at == after(minutes=5)


def test_decisions_before_a_reassignment_still_count() -> None:
    state = reassign(decided(OPEN, yes(BORIS)), EMIL).state

    state = decided(apply_result(state, directory_result(EMIL)).state, yes(EMIL))

    assert state.status is Status.APPROVED


def test_a_replaced_approver_can_no_longer_decide() -> None:
    state = apply_result(reassign(OPEN, EMIL, FINN).state, directory_result(EMIL, FINN)).state

    error = refusal(state, yes(CLARA))

    assert error.code == "not_an_approver"


@pytest.mark.parametrize("found", [(GUS, EMIL, FINN), (EMIL, FINN, GUS)])
def test_an_admin_who_reassigns_a_level_is_not_one_of_its_approvers(found: tuple[str, ...]) -> None:
    state = apply_result(reassign(OPEN, *found).state, directory_result(*found)).state

    assert latest_level(state).eligible == (EMIL, FINN)
    assert refusal(state, yes(GUS)).code == "chose_the_approvers"


def test_an_admin_who_reassigns_only_to_themselves_blocks_the_level() -> None:
    state = apply_result(reassign(OPEN, GUS).state, directory_result(GUS)).state

    assert latest_level(state).blocked == "no_eligible_approver"


def test_two_admins_who_name_each_other_are_both_excluded() -> None:
    state = apply_result(
        reassign(OPEN, HANA, EMIL, by=GUS).state, directory_result(HANA, EMIL)
    ).state

    state = reassign(state, GUS, EMIL, FINN, by=HANA).state
    state = apply_result(state, directory_result(GUS, EMIL, FINN)).state

    assert latest_level(state).eligible == (EMIL, FINN)
    assert latest_level(state).reassigned_by == (GUS, HANA)


def test_an_admin_named_by_the_policy_decides_as_an_approver() -> None:
    state = opened(level(GUS))

    state = decided(state, yes(GUS))

    assert state.status is Status.APPROVED


def test_an_admin_who_is_not_an_approver_cannot_decide() -> None:
    error = refusal(OPEN, yes(GUS))

    assert error.code == "not_an_approver"


def test_an_admin_who_reassigned_one_level_may_decide_at_another() -> None:
    state = opened(level(BORIS), level(GUS, name="hr"))
    state = decided(
        apply_result(reassign(state, CLARA).state, directory_result(CLARA)).state, yes(CLARA)
    )

    state = decided(next_opened(state), yes(GUS, level=2))

    assert state.status is Status.APPROVED


# Refresh


def test_slack_may_refresh_before_the_admins_are_known() -> None:
    change = refresh(blocked(TWO_OF_TWO), SLACK)

    assert change.state.waits_for_approvers


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (submitted(TWO_OF_TWO), "level_not_open"),
        (PASSED, "level_not_open"),
        (AWAITING, "changes_requested"),
    ],
)
def test_a_refresh_by_slack_is_refused_if_no_level_is_open(state: ApprovalState, code: str) -> None:
    error = refusal_of(lambda: refresh(state, SLACK))

    assert error.code == code


def test_a_refresh_changes_nothing_until_its_result_arrives() -> None:
    change = refresh(OPEN, actor(GUS))

    assert latest_level(change.state).eligible == (BORIS, CLARA)
    assert decided(change.state, yes(BORIS), yes(CLARA)).status is Status.APPROVED


# Close


def test_a_request_closed_by_an_admin_is_neither_approved_nor_rejected() -> None:
    change = close(decided(OPEN, yes(BORIS)), reason="a duplicate", now=after(minutes=1))

    assert change.state.status is Status.ADMIN_CLOSED
    assert change.state.closed_by == actor(GUS)
    assert change.state.closed_at == after(minutes=1)
    assert (change.state.closing_rule, change.state.closing_reason) == ("admin", "a duplicate")
    assert kinds(change.facts) == ["RequestClosedByAdmin"]


def test_an_admin_may_close_a_request_that_waits_for_changes() -> None:
    change = close(AWAITING)

    assert change.state.status is Status.ADMIN_CLOSED


def test_an_admin_who_has_left_is_no_longer_an_admin() -> None:
    state = refresh(OPEN).state
    state = apply_result(state, directory_result(BORIS, CLARA, DORA, admins=(HANA,))).state

    error = refusal_of(lambda: close(state, GUS))

    assert error.code == "not_an_admin"


def test_the_snapshot_shows_which_admin_reassigned_the_level_and_why() -> None:
    state = reassign(OPEN, EMIL, by=GUS, reason="Both are away").state

    (shown,) = approval_snapshot(state, 1).levels

    assert shown.reassigned is not None
    assert (shown.reassigned.person, shown.reassigned.reason) == (GUS, "Both are away")
