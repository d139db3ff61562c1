"""Facts: each accepted verb adds its facts in order, in the past tense, with their actor."""

from dataclasses import dataclass, replace

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    EMIL,
    NOON,
    absence_of,
    actor,
    after,
    apply_result,
    directory_result,
    expiry,
    kinds,
    level,
    member,
    opened,
    quorum_of,
    reached,
    request,
    result_naming,
    submitted,
    table,
)
from tests.rules.verbs import decide, decided, in_status, no, withdrawal, yes
from workflows.rules.approvals import approval as rules
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import LevelRule
from workflows.rules.approvals.request import ApprovalState, Change, Decision, Status, Verdict
from workflows.rules.people.actors import CLOCK, Actor, Origin
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.content import content_digest

ONE_LEVEL = level(BORIS, CLARA)
TWO_OF_TWO = level(BORIS, CLARA, quorum=quorum_of(2), reject_quorum=2)
HR = level(CLARA, name="hr")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A change, with the kinds and actors of its facts."""

    description: str
    given: Change
    then: list[str]
    by: list[Actor]


@table(
    Written(
        description="a submission",
        given=rules.submit(request(ONE_LEVEL), NOON),
        then=["RequestSubmitted"],
        by=[actor(ANA)],
    ),
    Written(
        description="a submission that needs no approval",
        given=rules.submit(request(ONE_LEVEL, amount="1.00"), NOON),
        then=["RequestSubmitted", "RequestApproved"],
        by=[actor(ANA), CLOCK],
    ),
    Written(
        description="a level that opens",
        given=apply_result(reached(ONE_LEVEL), result_naming(ONE_LEVEL), NOON),
        then=["LevelOpened"],
        by=[CLOCK],
    ),
    Written(
        description="a level that is blocked",
        given=apply_result(reached(ONE_LEVEL), directory_result(), NOON),
        then=["LevelBlocked"],
        by=[CLOCK],
    ),
    Written(
        description="an approval that is not yet enough",
        given=decide(opened(TWO_OF_TWO), yes(BORIS)),
        then=["DecisionRecorded"],
        by=[actor(BORIS)],
    ),
    Written(
        description="an approval that passes a level",
        given=decide(opened(ONE_LEVEL, HR), yes(BORIS)),
        then=["DecisionRecorded", "LevelPassed"],
        by=[actor(BORIS)] * 2,
    ),
    Written(
        description="an approval that passes the last level",
        given=decide(opened(ONE_LEVEL), yes(BORIS)),
        then=["DecisionRecorded", "LevelPassed", "RequestApproved"],
        by=[actor(BORIS)] * 3,
    ),
    Written(
        description="a rejection that closes the request",
        given=decide(opened(ONE_LEVEL), no(BORIS)),
        then=["DecisionRecorded", "RequestRejected"],
        by=[actor(BORIS)] * 2,
    ),
    Written(
        description="an expiry",
        given=deadlines.advance_clock(
            opened(ONE_LEVEL, expires_at=after(minutes=5)), after(minutes=5)
        ),
        then=["RequestExpired"],
        by=[CLOCK],
    ),
    Written(
        description="a withdrawal",
        given=rules.withdraw(opened(ONE_LEVEL), withdrawal(), NOON),
        then=["RequestWithdrawn"],
        by=[actor(ANA)],
    ),
    Written(
        description="a clock with nothing due adds no fact",
        given=deadlines.advance_clock(opened(ONE_LEVEL), after(days=9)),
        then=[],
        by=[],
    ),
)
def test_the_facts_of_a_verb_and_their_actors(row: Written) -> None:
    facts = row.given.facts

    assert kinds(facts) == row.then
    assert [fact.actor for fact in facts] == row.by
    assert {fact.request_id for fact in facts} <= {"APR-1"}
    if facts:
        assert facts[-1].sequence == row.given.state.sequence


def story(*levels: LevelRule) -> list[AuditEvent]:
    """Return every fact of a request that passes two levels, the first with two approvals."""
    facts: list[AuditEvent] = []

    def take(change: Change) -> ApprovalState:
        facts.extend(change.facts)
        return change.state

    state = take(rules.submit(request(*levels), NOON))
    state = reach_level(state, ())
    state = take(apply_result(state, directory_result(), NOON))
    state = take(apply_result(state, result_naming(levels[0]), NOON))
    state = take(decide(state, yes(BORIS, reason="fine")))
    state = take(decide(state, yes(CLARA)))
    state = reach_level(state, ())
    state = take(apply_result(state, directory_result("UDORA"), NOON))
    take(decide(state, yes("UDORA", level=2)))
    return facts


def test_sequences_start_at_one_without_gaps() -> None:
    facts = story(TWO_OF_TWO, HR)

    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))


def test_the_facts_of_two_levels_are_in_order() -> None:
    facts = story(TWO_OF_TWO, HR)

    assert [(fact.kind.value, fact.level) for fact in facts] == [
        ("RequestSubmitted", 0),
        ("LevelBlocked", 1),
        ("LevelOpened", 1),
        ("DecisionRecorded", 1),
        ("DecisionRecorded", 1),
        ("LevelPassed", 1),
        ("LevelOpened", 2),
        ("DecisionRecorded", 2),
        ("LevelPassed", 2),
        ("RequestApproved", 0),
    ]


@pytest.mark.parametrize("kind", Fact)
def test_a_fact_is_named_in_the_past_tense(kind: Fact) -> None:
    words = kind.value

    assert (
        words.removesuffix("ByAdmin")
        .removesuffix("Outside")
        .endswith(
            ("ed", "Withdrawn")  # the only irregular verb so far
        )
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_a_decision_is_recorded_with_verdict_reason_revision_and_instant(verdict: Verdict) -> None:
    decision = Decision(
        actor=actor(BORIS, Origin.CLI, operator="root"),
        verdict=verdict,
        reason="because",
        content_revision=1,
        level=1,
    )

    state = opened(TWO_OF_TWO)

    fact = decide(state, decision, after(minutes=1)).facts[0]

    assert fact.kind is Fact.DECISION_RECORDED
    assert fact.actor == decision.actor
    assert fact.data == {
        "verdict": verdict,
        "content_digest": content_digest(state.request.content),
        "member_by": f"user:{decision.actor.person}",
    }
    assert fact.reason == "because"
    assert fact.content_revision == 1
    assert fact.at == after(minutes=1)


def test_a_decision_counts_for_the_person_and_the_instant_it_was_made() -> None:
    state = decide(opened(TWO_OF_TWO), yes(BORIS), after(minutes=1)).state

    assert [
        (closing_rule.person, closing_rule.at) for closing_rule in state.levels[0].decisions
    ] == [(BORIS, after(minutes=1))]


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        (decided(opened(ONE_LEVEL), yes(BORIS)), "quorum"),
        (decided(opened(ONE_LEVEL), no(BORIS)), "reject_quorum"),
        (decided(opened(TWO_OF_TWO), no(BORIS)), "quorum_out_of_reach"),
        (in_status(Status.EXPIRED), "expire_after"),
        (in_status(Status.WITHDRAWN), "requester"),
        (rules.submit(request(ONE_LEVEL, amount="1.00"), NOON).state, "no_level_needed"),
    ],
)
def test_an_outcome_names_its_rule(state: ApprovalState, rule: str) -> None:
    closing_rule = state.closing_rule

    assert closing_rule == rule


def test_reaching_a_level_adds_no_fact_until_it_opens() -> None:
    before = submitted(ONE_LEVEL)

    state = reach_level(before, expiry(after(minutes=5)))

    assert state.sequence == before.sequence


def test_a_decision_names_every_source_of_its_seat() -> None:
    twice = ("group:sales-leads", "manager:2")
    found = tuple(replace(member(BORIS), source=source) for source in (*twice, twice[0]))
    state = apply_result(reached(ONE_LEVEL), directory_result(*found, CLARA)).state

    fact = decide(state, yes(BORIS)).facts[0]

    assert fact.data["member_by"] == "group:sales-leads,manager:2"
    assert "on_behalf_of" not in fact.data


def test_a_delegates_decision_names_the_owners_source_and_the_delegation() -> None:
    absent = directory_result(BORIS, absences=(absence_of(BORIS, EMIL),), people=(EMIL,))
    state = apply_result(reached(level(BORIS)), absent).state

    fact = decide(state, yes(EMIL)).facts[0]

    assert fact.actor.person == EMIL
    assert fact.data["member_by"] == f"user:{BORIS}"
    assert fact.data["on_behalf_of"] == BORIS
    week = f"from {NOON.isoformat()} until {after(days=7).isoformat()}"
    assert fact.data["stands_in"] == f"{EMIL} for {BORIS} {week}"
