"""Races: any two verbs on one request, in both orders, have one defined outcome each."""

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    after,
    decide,
    kinds,
    level,
    no,
    opened,
    withdraw,
    withdrawal,
    yes,
)
from workflows.rules import approval as rules
from workflows.rules.audit import AuditEvent
from workflows.rules.errors import RuleError
from workflows.rules.request import ApprovalState, Change, Status

DUE = after(minutes=5)

VERBS: dict[str, tuple[Callable[[ApprovalState], Change], Status]] = {
    "boris approves": (lambda state: decide(state, yes(BORIS)), Status.APPROVED),
    "boris rejects": (lambda state: decide(state, no(BORIS)), Status.REJECTED),
    "clara approves": (lambda state: decide(state, yes(CLARA)), Status.APPROVED),
    "clara rejects": (lambda state: decide(state, no(CLARA)), Status.REJECTED),
    "ana withdraws": (lambda state: withdraw(state, withdrawal()), Status.WITHDRAWN),
    "the clock expires it": (lambda state: rules.reach(state, DUE), Status.EXPIRED),
}

CLOSING = {"RequestApproved", "RequestRejected", "RequestExpired", "RequestWithdrawn"}


def outcomes(facts: list[AuditEvent]) -> list[str]:
    return [kind for kind in kinds(facts) if kind in CLOSING]


@pytest.mark.parametrize(
    ("first", "second"),
    [pytest.param(*pair, id=", then ".join(pair)) for pair in permutations(VERBS, 2)],
)
def test_the_first_of_two_verbs_wins_and_the_second_learns_how(first: str, second: str) -> None:
    win, outcome = VERBS[first]
    lose, _ = VERBS[second]
    won = win(opened(level(BORIS, CLARA), expires_at=DUE))

    refused: RuleError | None = None
    lost = Change(state=won.state)
    try:
        lost = lose(won.state)
    except RuleError as error:
        refused = error

    assert won.state.status is outcome
    assert lost.state == won.state
    assert len(outcomes([*won.facts, *lost.facts])) == 1
    if second == "the clock expires it":  # nobody is there to be told
        assert refused is None
    else:
        assert refused is not None
        assert refused.code == "request_closed"
        assert refused.data["status"] == outcome
