"""Pairs: any two verbs on one request have one defined outcome in each order.

The tables list the refusals and their codes. Everything else is accepted. The clock and the
directory are never refused: if there is nothing left for them to do, they do "nothing".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    ONE,
    absence_of,
    actor,
    after,
    apply_result,
    directory_result,
    kinds,
    level,
    quorum_of,
    request,
    usd,
    users,
)
from tests.rules.verbs import (
    amend,
    changes,
    close,
    comment,
    decide,
    delegate_seat,
    no,
    reassign,
    refresh,
    withdraw,
    withdrawal,
    yes,
)
from workflows.rules.approvals import approval, deadlines
from workflows.rules.approvals.clock import Tick, TickKind
from workflows.rules.approvals.directory import apply_directory_result, directory_query
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Escalation, LevelRule
from workflows.rules.approvals.request import ApprovalState, Change
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.content import Content
from workflows.rules.shared.errors import RuleError

EARLY, ESCALATES, EXPIRES = after(minutes=1), after(minutes=4), after(minutes=5)
CHEAPER = Content(title="A new desk", amount=usd("1200.00"))
CLOCK_AND_DIRECTORY = (
    "the clock expires it",
    "the clock escalates",
    "a reading changes the people",
)


@dataclass(frozen=True, kw_only=True)
class Act:
    """An action, its verb, and its earliest time."""

    do: Callable[[ApprovalState, datetime], Change]
    verb: Verb | None = None
    at: datetime = EARLY


def people_leave(state: ApprovalState, now: datetime) -> Change:
    """Apply the result of the first query: Boris has left, and his delegate with him."""
    return apply_directory_result(state, UNDER_WAY, directory_result(CLARA, DORA, at=now), now)


ACTS: dict[str, Act] = {
    "boris approves": Act(verb=Verb.APPROVE, do=lambda state, now: decide(state, yes(BORIS), now)),
    "boris rejects": Act(verb=Verb.REJECT, do=lambda state, now: decide(state, no(BORIS), now)),
    "boris wants changes": Act(
        verb=Verb.REQUEST_CHANGES, do=lambda state, now: decide(state, changes(BORIS), now)
    ),
    "clara approves": Act(verb=Verb.APPROVE, do=lambda state, now: decide(state, yes(CLARA), now)),
    "clara rejects": Act(verb=Verb.REJECT, do=lambda state, now: decide(state, no(CLARA), now)),
    "clara wants changes": Act(
        verb=Verb.REQUEST_CHANGES, do=lambda state, now: decide(state, changes(CLARA), now)
    ),
    "emil approves for boris": Act(
        verb=Verb.APPROVE, do=lambda state, now: decide(state, yes(EMIL), now)
    ),
    "boris comments": Act(verb=Verb.COMMENT, do=lambda state, now: comment(state, BORIS, now=now)),
    "ana amends": Act(
        verb=Verb.AMEND, do=lambda state, now: amend(state, CHEAPER, now, revision=1)
    ),
    "boris delegates": Act(
        verb=Verb.DELEGATE, do=lambda state, now: delegate_seat(state, BORIS, FINN, now)
    ),
    "ana withdraws": Act(
        verb=Verb.WITHDRAW, do=lambda state, now: withdraw(state, withdrawal(), now)
    ),
    "gus reassigns": Act(
        verb=Verb.REASSIGN, do=lambda state, now: reassign(state, DORA, FINN, now=now)
    ),
    "gus refreshes": Act(verb=Verb.REFRESH, do=lambda state, now: refresh(state, actor(GUS), now)),
    "gus closes": Act(verb=Verb.CLOSE, do=lambda state, now: close(state, now=now)),
    "the clock expires it": Act(at=EXPIRES, do=deadlines.advance_clock),
    "the clock escalates": Act(at=ESCALATES, do=deadlines.advance_clock),
    "a reading changes the people": Act(do=people_leave),
}

Refusals = dict[str, tuple[str, ...]]

BORIS_DECIDES = ("boris approves", "boris rejects", "boris wants changes")
CLARA_DECIDES = ("clara approves", "clara rejects", "clara wants changes")
ANYBODY_DECIDES = (*BORIS_DECIDES, *CLARA_DECIDES, "emil approves for boris")

HAS_ENDED: Refusals = {
    "request_closed": tuple(act for act in ACTS if act not in CLOCK_AND_DIRECTORY),
    "nothing": CLOCK_AND_DIRECTORY,
}
BORIS_HAS_DECIDED: Refusals = {
    "already_decided": (*BORIS_DECIDES, "boris delegates"),
    "seat_taken": ("emil approves for boris",),
}
CLARA_HAS_DECIDED: Refusals = {"already_decided": CLARA_DECIDES}
EMIL_HAS_DECIDED: Refusals = {
    "already_decided": ("emil approves for boris",),
    "seat_taken": (*BORIS_DECIDES, "boris delegates"),
}
WAITS_FOR_CHANGES = ("boris delegates", "gus reassigns", "gus refreshes", "emil approves for boris")
NOTHING_TO_DO = ("the clock escalates", "a reading changes the people")
IS_ASKED_AGAIN = ("a reading changes the people",)
"""The result is older than the refresh, so it is ignored and the directory is queried again."""
NOBODY_IS_THERE_YET: Refusals = {
    "level_not_open": (*ANYBODY_DECIDES, "boris delegates"),
    "not_involved": ("boris comments",),
    "nothing": IS_ASKED_AGAIN,
}

TWO_MUST_AGREE: dict[str, Refusals] = {
    "boris approves": BORIS_HAS_DECIDED,
    "boris rejects": BORIS_HAS_DECIDED,
    "boris wants changes": {
        "already_decided": BORIS_DECIDES,
        "changes_requested": (*CLARA_DECIDES, *WAITS_FOR_CHANGES),
        "nothing": NOTHING_TO_DO,
    },
    "clara approves": CLARA_HAS_DECIDED,
    "clara rejects": CLARA_HAS_DECIDED,
    "clara wants changes": {
        "already_decided": CLARA_DECIDES,
        "changes_requested": (*BORIS_DECIDES, *WAITS_FOR_CHANGES),
        "nothing": NOTHING_TO_DO,
    },
    "emil approves for boris": EMIL_HAS_DECIDED,
    "boris comments": {},
    "ana amends": {
        "stale_content": (*ANYBODY_DECIDES, "ana amends"),
        "not_involved": ("boris comments",),
        "level_not_open": ("boris delegates", "gus reassigns", "gus refreshes"),
        "nothing": CLOCK_AND_DIRECTORY,
    },
    "boris delegates": {"nothing": IS_ASKED_AGAIN},
    "ana withdraws": HAS_ENDED,
    "gus reassigns": NOBODY_IS_THERE_YET,
    "gus refreshes": {"nothing": IS_ASKED_AGAIN},
    "gus closes": HAS_ENDED,
    "the clock expires it": HAS_ENDED,
    "the clock escalates": {"nothing": NOTHING_TO_DO},
    "a reading changes the people": {
        "not_an_approver": (*BORIS_DECIDES, "emil approves for boris", "boris delegates"),
        "not_involved": ("boris comments",),
        "nothing": IS_ASKED_AGAIN,
    },
}

ONE_IS_ENOUGH: dict[str, Refusals] = TWO_MUST_AGREE | {
    "boris approves": HAS_ENDED,
    "boris rejects": HAS_ENDED,
    "clara approves": HAS_ENDED,
    "clara rejects": HAS_ENDED,
    "emil approves for boris": HAS_ENDED,
    "the clock escalates": {  # one escalation replaces the approvers, the other adds some
        **NOBODY_IS_THERE_YET,
        "nothing": NOTHING_TO_DO,
    },
}


def open_with_delegate(rule: LevelRule) -> ApprovalState:
    """Return an open request with Emil as the delegate of Boris and a directory query under way."""
    ticks = (
        Tick(at=ESCALATES, kind=TickKind.ESCALATE),
        Tick(at=EXPIRES, kind=TickKind.EXPIRE),
    )
    state = reach_level(approval.submit(request(rule), after()).state, ticks)
    answer = directory_result(
        BORIS, CLARA, DORA, absences=(absence_of(BORIS, EMIL),), people=(EMIL,)
    )
    return refresh(apply_result(state, answer).state).state


def escalation(*, instead: bool) -> tuple[Escalation, ...]:
    return (Escalation(after=timedelta(minutes=4), to=users(FINN), replace=instead),)


TWO = open_with_delegate(
    level(
        BORIS, CLARA, DORA, quorum=quorum_of(2), reject_quorum=2, escalate=escalation(instead=False)
    )
)
ANY = open_with_delegate(level(BORIS, CLARA, DORA, quorum=ONE, escalate=escalation(instead=True)))
UNDER_WAY = directory_query(TWO)

CLOSING = {
    "RequestApproved",
    "RequestRejected",
    "RequestExpired",
    "RequestWithdrawn",
    "RequestClosedByAdmin",
}


def outcomes(facts: list[AuditEvent]) -> list[str]:
    return [kind for kind in kinds(facts) if kind in CLOSING]


def outcome(state: ApprovalState, act: Act, now: datetime) -> tuple[str, Change]:
    """Return the result of the action: a refusal code, "nothing", or empty if it was accepted."""
    try:
        change = act.do(state, now)
    except RuleError as error:
        return error.code, Change(state=state)
    counted = change.facts or act.verb is not None
    return ("" if counted else "nothing"), change


def expected(table: dict[str, Refusals], first: str, second: str) -> str:
    """Return the table's result of the second action, empty if it is accepted."""
    codes = [code for code, acts in table[first].items() if second in acts]
    assert len(codes) <= 1, "one outcome for each pair"
    return codes[0] if codes else ""


@pytest.mark.parametrize(
    ("first", "second"),
    [pytest.param(*pair, id=", then ".join(pair)) for pair in product(ACTS, repeat=2)],
)
@pytest.mark.parametrize(
    ("state", "table"),
    [
        pytest.param(TWO, TWO_MUST_AGREE, id="two must agree"),
        pytest.param(ANY, ONE_IS_ENOUGH, id="one is enough"),
    ],
)
def test_of_two_verbs_both_count_or_the_second_is_refused_with_a_reason(
    state: ApprovalState, table: dict[str, Refusals], first: str, second: str
) -> None:
    won, winner = outcome(state, ACTS[first], ACTS[first].at)
    now = max(ACTS[first].at, ACTS[second].at)

    lost, loser = outcome(winner.state, ACTS[second], now)

    facts = [*winner.facts, *loser.facts]
    assert won == ""
    assert lost == expected(table, first, second)
    assert len(outcomes(facts)) == (0 if loser.state.is_open else 1)
    assert loser.state.sequence == state.sequence + len(facts)
    if lost and lost != "nothing":
        assert loser.state == winner.state


def test_every_verb_is_among_the_pairs() -> None:
    verbs = {act.verb for act in ACTS.values()} - {None}

    assert verbs == set(Verb)


@pytest.mark.parametrize("table", [TWO_MUST_AGREE, ONE_IS_ENOUGH])
def test_every_name_in_a_table_is_an_action(table: dict[str, Refusals]) -> None:
    assert set(table) == set(ACTS)
    for refusals in table.values():
        assert {act for acts in refusals.values() for act in acts} <= set(ACTS)


@pytest.mark.parametrize(
    "first", ["boris approves", "boris rejects", "ana withdraws", "gus closes"]
)
def test_a_verb_after_the_end_is_refused_with_the_status(first: str) -> None:
    won = ACTS[first].do(ANY, EARLY)

    with pytest.raises(RuleError) as refused:
        ACTS["clara approves"].do(won.state, EARLY)

    assert refused.value.data["status"] == won.state.status
    assert won.state.closed_by is not None
    assert refused.value.data["person"] == won.state.closed_by.person
