"""The engine beside its oracle: random people, verbs, readings and clocks, always the same answer.

`make test` takes a short look. `COUNTERSIGN_MODEL=large pytest tests/rules/test_model.py` takes
more than 10^5 steps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    NOON,
    actor,
    here,
    level,
    member,
    reading,
    request,
    withdrawal,
)
from tests.rules.effort import MODEL
from tests.rules.oracle import Oracle, OracleLevel, Press
from workflows.rules import approval as rules
from workflows.rules.audit import AuditEvent
from workflows.rules.errors import RuleError
from workflows.rules.people import Standing
from workflows.rules.policy import LevelRule, Quorum, QuorumKind, ReasonRule
from workflows.rules.request import ApprovalState, Change, Decision, Status, Verdict

EVERYBODY = (ANA, BORIS, CLARA, DORA, EMIL, FINN)
CLOSING = ("RequestApproved", "RequestRejected", "RequestExpired", "RequestWithdrawn")


@dataclass(frozen=True, kw_only=True)
class Written:
    """One level, as the engine and as the oracle read it."""

    rule: LevelRule
    oracle: OracleLevel


quorums: st.SearchStrategy[int | str] = st.sampled_from([1, 2, 3]) | st.sampled_from(
    ["all", "majority"]
)


@st.composite
def levels(draw: st.DrawFn) -> Written:
    quorum: int | str = draw(quorums)
    reject_quorum = draw(st.sampled_from([1, 1, 2, 3]))
    approve_reason = draw(st.sampled_from(ReasonRule))
    reject_reason = draw(st.sampled_from(ReasonRule))
    written = Quorum(count=quorum) if isinstance(quorum, int) else Quorum(kind=QuorumKind(quorum))
    return Written(
        rule=level(
            BORIS,
            name=f"level-{draw(st.integers())}",
            quorum=written,
            reject_quorum=reject_quorum,
            approve_reason=approve_reason,
            reject_reason=reject_reason,
        ),
        oracle=OracleLevel(
            quorum=quorum,
            reject_quorum=reject_quorum,
            approve_reason=approve_reason.value,
            reject_reason=reject_reason.value,
        ),
    )


people = st.sampled_from(EVERYBODY)
groups = st.lists(people, max_size=6)
mostly_yes = st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT])
reasons = st.sampled_from(["because", "because", "because", "", " \n", "x" * 3000, "x" * 3001])
revisions = st.sampled_from([*[1] * 12, 0, 2])
windows = st.sampled_from([None, timedelta(minutes=1), timedelta(minutes=5), timedelta(days=7)])


class Approval(RuleBasedStateMachine):
    """One request, told to the engine and to the oracle at once."""

    state: ApprovalState
    oracle: Oracle
    window: timedelta | None

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.facts: list[AuditEvent] = []
        self.deadlines: list[datetime] = []
        self.closed: ApprovalState | None = None

    @initialize(
        written=st.lists(levels(), min_size=1, max_size=3, unique_by=lambda one: one.rule.name),
        distinct=st.booleans(),
        window=windows,
        begun=st.sampled_from([True, True, True, False]),
    )
    def submit(
        self, *, written: list[Written], distinct: bool, window: timedelta | None, begun: bool
    ) -> None:
        asked = request(*(one.rule for one in written), distinct=distinct)
        self.window = window
        self.oracle = Oracle(
            requester=ANA, levels=[one.oracle for one in written], distinct=distinct
        )
        self._take(rules.submit(asked, self.now))
        if begun:
            self.open_the_next_level()

    def _take(self, change: Change) -> None:
        self.state = change.state
        self.facts.extend(change.facts)
        if self.closed is None and not self.state.is_open:
            self.closed = self.state

    # What may happen

    @rule(pause=st.sampled_from([0, 1, 1, 1, 5, 5, 30, 60, 300]))
    def wait(self, pause: int) -> None:
        """Let time pass; whether the clock then rings is another step."""
        self.now += timedelta(seconds=pause)

    @rule()
    def ring(self) -> None:
        self.oracle.tick(self.now)
        self._take(rules.reach(self.state, self.now))

    @precondition(lambda self: self.state.waits_for_level)
    @rule()
    def reach_the_next_level(self) -> None:
        expires_at = None if self.window is None else self.now + self.window
        self.oracle.reach(expires_at)
        self._take(Change(state=rules.reach_level(self.state, expires_at)))

    @precondition(lambda self: self.state.waits_for_approvers)
    @rule(active=groups, others=groups, unreadable=st.sampled_from([False, False, False, True]))
    def read_the_approvers(self, *, active: list[str], others: list[str], unreadable: bool) -> None:
        others = [person for person in others if person not in active]
        found = reading(
            *active,
            *(member(person, Standing.GUEST) for person in others),
            at=self.now,
            unreadable=("group:x",) if unreadable else (),
        )
        self.oracle.read(active, others, unreadable=unreadable)
        self._take(rules.open_level(self.state, found, self.now))

    @precondition(lambda self: self.state.waits_for_level)
    @rule()
    def open_the_next_level(self) -> None:
        """Reach it and find everybody, as in most of real life: else few requests would get far."""
        self.reach_the_next_level()
        self.oracle.read(EVERYBODY, (), unreadable=False)
        self._take(rules.open_level(self.state, reading(*EVERYBODY), self.now))

    @precondition(lambda self: self._who_may_press())
    @rule(data=st.data(), verdict=mostly_yes)
    def press_well(self, data: st.DataObject, verdict: Verdict) -> None:
        """One of those who may decide does so, with a reason."""
        person = data.draw(st.sampled_from(self._who_may_press()))
        self._press(
            Decision(
                actor=actor(person),
                verdict=verdict,
                reason="because",
                content_revision=1,
                level=here(self.state).number,
            )
        )

    def _who_may_press(self) -> list[str]:
        if not self.state.is_open or self.state.level is None or self.state.level.passed:
            return []
        said = {one.person for one in self.state.level.decisions}
        return [person for person in self.state.level.eligible if person not in said]

    @rule(
        person=people,
        verdict=mostly_yes,
        reason=reasons,
        revision=revisions,
        back=st.sampled_from([0, 0, 0, 0, 1, 2, -1]),
    )
    def press_anything(
        self, person: str, verdict: Verdict, reason: str, revision: int, back: int
    ) -> None:
        """Press a button: mostly one of the level that was reached last."""
        self._press(
            Decision(
                actor=actor(person),
                verdict=verdict,
                reason=reason,
                content_revision=revision,
                level=max(len(self.state.levels), 1) - back,
            )
        )

    def _press(self, decision: Decision) -> None:
        pressed = Press(
            number=decision.level,
            person=decision.actor.person,
            approve=decision.verdict is Verdict.APPROVE,
            reason=decision.reason,
            revision=decision.content_revision,
        )
        expected = self.oracle.why_not_decide(pressed, self.now)

        answered = ""
        try:
            rules.check_decide(self.state, decision, self.now)
        except RuleError as error:
            answered = error.code
        else:
            self.oracle.ballots.append((pressed.number, pressed.person, pressed.approve))
            self._take(rules.decide(self.state, decision, self.now))

        assert answered == expected

    @rule(person=st.sampled_from([*EVERYBODY[1:] * 3, ANA]))
    def take_back(self, person: str) -> None:
        expected = self.oracle.why_not_withdraw(person, self.now)

        answered = ""
        try:
            rules.check_withdraw(self.state, withdrawal(person), self.now)
        except RuleError as error:
            answered = error.code
        else:
            self.oracle.withdrawn = True
            self._take(rules.withdraw(self.state, withdrawal(person), self.now))

        assert answered == expected

    # What is always true

    @invariant()
    def engine_and_oracle_agree(self) -> None:
        assert self.state.status.value == self.oracle.status()
        assert [one.passed for one in self.state.levels] == [
            self.oracle.result(number) == "passed"
            for number in range(1, len(self.state.levels) + 1)
        ]
        if self.state.status is Status.REJECTED:
            assert self.state.closing_rule == self.oracle.result(len(self.state.levels))
        for one in self.state.levels:
            assert set(one.eligible) == self.oracle.eligible.get(one.number, set())

    @invariant()
    def there_is_never_a_second_outcome(self) -> None:
        outcomes = [fact for fact in self.facts if fact.kind.value in CLOSING]

        assert len(outcomes) == (0 if self.state.is_open else 1)

    @invariant()
    def a_closed_request_never_changes(self) -> None:
        assert self.closed is None or self.state == self.closed

    @invariant()
    def facts_are_numbered_without_a_gap(self) -> None:
        assert [fact.sequence for fact in self.facts] == list(range(1, len(self.facts) + 1))
        assert self.state.sequence == len(self.facts)

    @invariant()
    def only_those_count_who_may_and_only_once(self) -> None:
        for one in self.state.levels:
            counted = [said.person for said in one.decisions]
            assert ANA not in counted
            assert len(counted) == len(set(counted))
            assert set(counted) <= set(one.eligible)
        if self.state.request.policy.distinct_approvers:
            everywhere = [said.person for one in self.state.levels for said in one.decisions]
            assert len(everywhere) == len(set(everywhere))

    @invariant()
    def a_level_passes_by_enough_eligible_people(self) -> None:
        for one in self.state.levels:
            said_yes = {said.person for said in one.decisions if said.verdict is Verdict.APPROVE}
            assert one.passed == (
                not one.blocked and len(said_yes & set(one.eligible)) >= one.needed
            )
        if self.state.status is Status.APPROVED:
            assert all(one.passed for one in self.state.levels)
            assert len(self.state.levels) == len(self.state.request.route.levels)

    @invariant()
    def a_deadline_never_moves_back(self) -> None:
        deadline = rules.next_deadline(self.state)
        if deadline is not None:
            self.deadlines.append(deadline)
            assert deadline == here(self.state).expires_at

        assert self.deadlines == sorted(self.deadlines)


TestTheEngineBesideItsOracle = Approval.TestCase
TestTheEngineBesideItsOracle.settings = MODEL
