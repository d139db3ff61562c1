"""Refusals of amendments and of requests for changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    NOON,
    after,
    apply_result,
    kinds,
    latest_level,
    level,
    open_request,
    opened,
    policy,
    quorum_of,
    request_under,
    result_naming,
    table,
    usd,
)
from tests.rules.verbs import (
    amend,
    changes,
    decide,
    decided,
    no,
    refusal,
    refusal_of,
    yes,
)
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    Decision,
    Notification,
    NotificationKind,
    Status,
)
from workflows.rules.shared.content import Content, ContentChange
from workflows.rules.shared.errors import AmendmentsUsedUpError

DESK = Content(title="A new desk", amount=usd("1500.00"))
CHEAPER = replace(DESK, amount=usd("1200.00"))
CHEAP = replace(DESK, amount=usd("1000.00"))
TWO_OF_THREE = level(BORIS, CLARA, DORA, quorum=quorum_of(2), reject_quorum=2)
HR = level(EMIL, name="hr")


def again(state: ApprovalState) -> ApprovalState:
    """Return the amended request with its first level open."""
    state = reach_level(state, ())
    return apply_result(state, result_naming(latest_level(state).rule)).state


# Refusals


USED_UP = open_request(request_under(policy(level(BORIS), max_amendments=0)))
FIXED = open_request(request_under(policy(level(BORIS)), amendable=False))
OPEN = opened(level(BORIS, CLARA), expires_at=after(minutes=5))


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    when: Callable[[], Change]
    then: str


def refusing(
    state: ApprovalState, content: Content = CHEAPER, *, person: str = ANA, revision: int = 1
) -> Callable[[], Change]:
    return lambda: amend(state, content, person=person, revision=revision)


@table(
    Refused(
        description="an approver may not amend",
        when=refusing(OPEN, person=BORIS),
        then="not_the_requester",
    ),
    Refused(
        description="an admin may not amend",
        when=refusing(OPEN, person="UGUS"),
        then="not_the_requester",
    ),
    Refused(
        description="an edit of earlier content is stale",
        when=refusing(again(amend(OPEN, CHEAPER).state), DESK, revision=1),
        then="stale_content",
    ),
    Refused(
        description="an edit of later content is stale",
        when=refusing(OPEN, revision=2),
        then="stale_content",
    ),
    Refused(
        description="an amendment must change something",
        when=refusing(OPEN, DESK),
        then="nothing_changed",
    ),
    Refused(
        description="a request whose parent has a copy of its content cannot be amended",
        when=refusing(FIXED),
        then="not_amendable",
    ),
    Refused(
        description="a policy may allow no amendment at all",
        when=refusing(USED_UP),
        then="amendments_used_up",
    ),
    Refused(
        description="a closed request cannot be amended",
        when=refusing(decided(OPEN, yes(BORIS))),
        then="request_closed",
    ),
    Refused(
        description="an expired request cannot be amended",
        when=lambda: amend(OPEN, CHEAPER, after(minutes=5)),
        then="request_closed",
    ),
    Refused(
        description="the title of the new content is checked",
        when=refusing(OPEN, replace(DESK, title=" ")),
        then="text_missing",
    ),
    Refused(
        description="the amount of the new content is checked",
        when=refusing(OPEN, replace(DESK, amount=usd("-1.00"))),
        then="amount_not_positive",
    ),
    Refused(
        description="an amount that no tier covers is refused",
        when=refusing(
            replace(
                OPEN,
                request=replace(
                    OPEN.request,
                    policy=replace(OPEN.request.policy, tiers=OPEN.request.policy.tiers[:1]),
                ),
            )
        ),
        then="no_tier",
    ),
)
def test_amendments_are_refused_with_their_reason(row: Refused) -> None:
    error = refusal_of(row.when)

    assert error.code == row.then


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_request_is_amended_as_often_as_its_policy_allows(rounds: int) -> None:
    state = open_request(request_under(policy(level(BORIS), max_amendments=rounds)))
    for number in range(rounds):
        state = amend(state, replace(DESK, text=f"round {number}")).state

    error = refusal_of(lambda: amend(state, DESK))

    assert isinstance(error, AmendmentsUsedUpError)
    assert error.data == {"limit": str(rounds)}
    assert state.content_revision == rounds + 1


@pytest.mark.parametrize(
    ("state", "code"), [(FIXED, "not_amendable"), (USED_UP, "amendments_used_up")]
)
def test_changes_cannot_be_requested_if_the_requester_cannot_amend(
    state: ApprovalState, code: str
) -> None:
    """Otherwise the request would wait forever."""
    error = refusal(state, changes(BORIS))

    assert error.code == code


# Requests for changes


def test_a_request_for_changes_waits_for_the_requester_and_notifies_them() -> None:
    change = decide(OPEN, changes(BORIS, reason="cheaper"), after(minutes=1))

    requested = change.state.change_request
    assert change.state.status is Status.CHANGES_REQUESTED
    assert requested is not None
    assert (requested.person, requested.reason, requested.at) == (
        BORIS,
        "cheaper",
        after(minutes=1),
    )
    assert kinds(change.facts) == ["DecisionRecorded"]
    assert change.notifications == (
        Notification(kind=NotificationKind.CHANGES_WANTED, people=(ANA,)),
    )


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_request_for_changes_needs_a_reason(blank: str) -> None:
    error = refusal(OPEN, changes(BORIS, reason=blank))

    assert error.code == "reason_required"


@pytest.mark.parametrize("press", [yes(CLARA), no(CLARA), changes(CLARA)])
def test_no_one_decides_while_changes_are_requested(press: Decision) -> None:
    state = decided(OPEN, changes(BORIS))

    error = refusal(state, press)

    assert error.code == "changes_requested"
    assert error.data == {"person": BORIS}


def test_a_second_amendment_is_compared_with_the_first() -> None:
    state = amend(OPEN, CHEAPER).state

    change = amend(state, DESK, NOON)

    assert change.state.changes == (
        ContentChange(part="amount", before="1,200.00 USD", after="1,500.00 USD"),
    )
