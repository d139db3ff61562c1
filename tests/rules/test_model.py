"""The rules against a reference model, with random people, verbs, directory results and times.

`make test` does a short run. `COUNTERSIGN_MODEL=large pytest tests/rules/test_model.py` does more
than 10^5 steps.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.rules import reference_refusals as refusals
from tests.rules import verbs as apply
from tests.rules.builders import ANA, GUS, NOON, actor
from tests.rules.hypothesis_settings import LARGE, MODEL
from tests.rules.model_strategies import (
    EVERYONE,
    UNKNOWN_PERSON,
    DrawnRequest,
    DrawnResult,
    content,
    directory_results,
    people,
    requests,
    usual_results,
)
from tests.rules.reference_model import Click, ReferenceModel
from workflows.rules.approvals import approval, deadlines
from workflows.rules.approvals.clock import Tick
from workflows.rules.approvals.directory import apply_directory_result, directory_query
from workflows.rules.approvals.levels import next_windows, reach_level
from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    Decision,
    NotificationKind,
    Status,
    Verdict,
)
from workflows.rules.approvals.seats import may_decide, seat_for
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.inbox import waiting_approvers
from workflows.rules.people.actors import SLACK, DirectoryQuery
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.errors import RuleError

CLOSING = (
    "RequestApproved",
    "RequestRejected",
    "RequestExpired",
    "RequestWithdrawn",
    "RequestClosedByAdmin",
)
SEEN: Counter[str] = Counter()
"""Counts of verbs and their results over all runs, to check that the model covers enough."""

RARE = {
    "seat_taken",
    "counted_elsewhere",
    "chose_the_approvers",
    "not_eligible",
    "level_closed",
    "delegation_cycle",
    "own_request",
    "nothing_changed",
}
"""Refusals that only the large run is certain to produce."""

verdicts = st.sampled_from([*[Verdict.APPROVE] * 5, Verdict.REJECT, Verdict.REQUEST_CHANGES])
reasons = st.sampled_from([*["because"] * 5, "", " \n", "x" * 3000, "x" * 3001])
revisions = st.sampled_from([*[0] * 12, -1, 1])
admins_mostly = people | st.just(GUS)
rarely = st.sampled_from([False, False, True])


class Approval(RuleBasedStateMachine):
    """One request, in the rules and in the reference."""

    state: ApprovalState
    reference: ReferenceModel
    drawn: DrawnRequest

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.facts: list[AuditEvent] = []
        self.closed: ApprovalState | None = None
        self.asked: tuple[DirectoryQuery, tuple[int, int, int]] | None = None
        self.told: Counter[tuple[int, int, str]] = Counter()

    @initialize(drawn=requests(), first=st.none() | usual_results())
    def submit(self, *, drawn: DrawnRequest, first: DrawnResult | None) -> None:
        self.drawn, self.reference = drawn, drawn.reference
        if not self.reference.levels:
            self.reference.ended, self.reference.rule = "approved", "no_level_needed"
        self._take(approval.submit(drawn.request, self.now))
        if first is not None and self.state.waits_for_level:
            self.open_the_next_level(first)

    def _take(self, change: Change) -> None:
        self.state = change.state
        self.facts.extend(change.facts)
        for notification in change.notifications:
            if notification.kind is NotificationKind.ASKED:
                where = (self.state.content_revision, len(self.state.levels))
                self.told.update((*where, person) for person in notification.people)
        if self.closed is None and not self.state.is_open:
            self.closed = self.state

    def _try(self, verb: str, expected: str, act: Callable[[], Change]) -> bool:
        """Run the action and check that its refusal code, or its success, is as expected."""
        code = ""
        try:
            self._take(act())
        except RuleError as error:
            code = error.code
        SEEN[f"{verb}: {code}"] += 1
        assert code == expected
        return not code

    # Time and the directory

    @rule(pause=st.sampled_from([0, 1, 1, 5, 30, 60, 60, 120]))
    def wait(self, pause: int) -> None:
        """Let time pass. Another step advances the clock."""
        self.now += timedelta(seconds=pause)
        self.reference.advance(self.now)

    @rule()
    def advance_clock(self) -> None:
        self._take(deadlines.advance_clock(self.state, self.now))

    @precondition(lambda self: self.state.waits_for_level)
    @rule()
    def reach_the_next_level(self) -> None:
        drawn_level = self.drawn.drawn_levels[len(self.state.levels)]
        ticks = [
            Tick(at=self.now + window.after, kind=window.kind, step=window.step)
            for window in next_windows(self.state)
        ]
        self.reference.reach(drawn_level.ticks_from(self.now))
        self._take(Change(state=reach_level(self.state, ticks)))

    @rule()
    def ask_the_directory(self) -> None:
        self.advance_clock()
        if self.state.waits_for_approvers and self.asked is None:
            self.asked = directory_query(self.state), self._turn()

    def _turn(self) -> tuple[int, int, int]:
        number = len(self.reference.reached_levels)
        return (
            self.reference.revision,
            number,
            self.reference.reached_levels[-1].queries if number else 0,
        )

    @precondition(lambda self: self.asked is not None)
    @rule(result=directory_results())
    def receive_result(self, result: DrawnResult) -> None:
        """Apply a result, which may be outdated."""
        assert self.asked is not None
        (asked, turn), self.asked = self.asked, None
        if self.reference.waits_for_people and turn == self._turn():
            self.reference.apply_result(result.expected, self.now)
        self._take(apply_directory_result(self.state, asked, result.result, self.now))
        level = self.state.level
        if self.state.status is Status.PENDING and level and not (level.blocked or level.passed):
            where = (self.state.content_revision, level.number)
            assert all(self.told[*where, person] for person in may_decide(level, self.now))

    @rule(result=directory_results())
    def query_at_once(self, result: DrawnResult) -> None:
        self.ask_the_directory()
        if self.asked is not None:
            self.receive_result(result)

    @precondition(lambda self: self.state.waits_for_level or self.state.waits_for_approvers)
    @rule(result=usual_results())
    def open_the_next_level(self, result: DrawnResult) -> None:
        """Open the next level with a usual result, so that enough requests get far."""
        if self.state.waits_for_level:
            self.reach_the_next_level()
        self.query_at_once(result)

    # Decisions

    @precondition(lambda self: self._may_decide())
    @rule(data=st.data(), verdict=verdicts)
    def decide_as_an_approver(self, data: st.DataObject, verdict: Verdict) -> None:
        """Let a person who may decide do so, with a reason."""
        person = data.draw(st.sampled_from(self._may_decide()))
        self.click_any_button(person=person, verdict=verdict, reason="because", revision=0, back=0)

    def _may_decide(self) -> list[str]:
        level = self.state.level
        if self.state.status is not Status.PENDING or level is None or level.passed:
            return []
        return list(may_decide(level, self.now))

    @rule(
        person=people,
        verdict=verdicts,
        reason=reasons,
        revision=revisions,
        back=st.sampled_from([0, 0, 0, 0, 1, 2, -1]),
    )
    def click_any_button(
        self, person: str, verdict: Verdict, reason: str, revision: int, back: int
    ) -> None:
        """Click a button, mostly of the latest level."""
        decision = Decision(
            actor=actor(person),
            verdict=verdict,
            reason=reason,
            content_revision=self.state.content_revision + revision,
            level=max(len(self.state.levels), 1) - back,
        )
        click = Click(
            number=decision.level,
            person=person,
            verdict=verdict.value,
            reason=reason,
            revision=decision.content_revision,
        )
        expected = refusals.decide(self.reference, click, self.now)
        if self._try(verdict, expected, lambda: apply.decide(self.state, decision, self.now)):
            self.reference.record_decision(click, self.now)

    # The other verbs

    @rule(person=people, text=reasons)
    def comment(self, person: str, text: str) -> None:
        expected = refusals.comment(self.reference, person, text)
        if self._try(
            "comment", expected, lambda: apply.comment(self.state, person, text, self.now)
        ):
            self.reference.comments += 1

    @rule(
        person=st.sampled_from([*EVERYONE, *[ANA] * 14]),
        title=st.sampled_from(["a", "b", "c", ""]),
        amount=st.sampled_from([*["large"] * 8, "middle", "small"]),
        revision=revisions,
    )
    def amend(self, person: str, title: str, amount: str, revision: int) -> None:
        number = self.state.content_revision + revision
        expected = refusals.amend(self.reference, person, (title, amount), number)
        edited = content(title, amount)
        if self._try(
            "amend",
            expected,
            lambda: apply.amend(self.state, edited, self.now, person=person, revision=number),
        ):
            self.reference.amend((title, amount))

    @rule(person=people, to=people | st.just(UNKNOWN_PERSON))
    def delegate(self, person: str, to: str) -> None:
        expected = refusals.delegate(self.reference, person, to, self.now)
        if self._try(
            "delegate", expected, lambda: apply.delegate_seat(self.state, person, to, self.now)
        ):
            self.reference.delegations[person] = to
            self.reference.reached_levels[-1].request_query()

    @rule(person=st.sampled_from([*EVERYONE[1:] * 2, ANA]), reason=reasons)
    def withdraw(self, person: str, reason: str) -> None:
        expected = refusals.withdraw(self.reference, person, reason)
        taken_back = apply.withdrawal(person, reason)
        if self._try(
            "withdraw", expected, lambda: apply.withdraw(self.state, taken_back, self.now)
        ):
            self.reference.ended, self.reference.rule = "withdrawn", "requester"

    @rule(
        person=admins_mostly,
        named=st.lists(people, max_size=3),
        reason=reasons,
    )
    def reassign(self, person: str, named: list[str], reason: str) -> None:
        expected = refusals.reassign(self.reference, person, len(named), reason)
        if self._try(
            "reassign",
            expected,
            lambda: apply.reassign(self.state, *named, by=person, reason=reason, now=self.now),
        ):
            self.reference.reassign(person, named)

    @rule(person=people | st.just(""))
    def refresh(self, person: str) -> None:
        expected = refusals.refresh(self.reference, person)
        by = actor(person) if person else SLACK
        if self._try("refresh", expected, lambda: apply.refresh(self.state, by, self.now)):
            self.reference.reached_levels[-1].request_query()

    @rule(person=admins_mostly, reason=reasons, really=rarely)
    def close(self, *, person: str, reason: str, really: bool) -> None:
        if not really:  # so that requests stay open for longer
            person = UNKNOWN_PERSON
        expected = refusals.close(self.reference, person, reason)
        if self._try("close", expected, lambda: apply.close(self.state, person, reason, self.now)):
            self.reference.ended, self.reference.rule = "admin_closed", "admin"

    # Invariants

    @invariant()
    def rules_and_reference_agree(self) -> None:
        state, reference = deadlines.advance_clock(self.state, self.now).state, self.reference
        SEEN["steps"] += 1
        SEEN[f"status: {state.status}"] += 1
        tick = reference.next_tick()

        assert (state.status.value, state.closing_rule) == (reference.status, reference.rule)
        assert state.content_revision == reference.revision
        assert (state.voided, state.comments) == (reference.voided, reference.comments)
        assert {
            delegation.seat: delegation.person for delegation in state.delegations
        } == reference.delegations
        assert set(state.admins) == reference.admins
        assert state.waits_for_approvers == reference.waits_for_people
        assert deadlines.next_deadline(state) == (tick[0] if tick else None)

    @invariant()
    def rules_and_reference_agree_on_every_level(self) -> None:
        state = deadlines.advance_clock(self.state, self.now).state
        assert len(state.levels) == len(self.reference.reached_levels)
        for level, reached in zip(state.levels, self.reference.reached_levels, strict=True):
            assert (level.blocked, level.passed) == (reached.blocked, reached.passed)
            assert list(level.eligible) == reached.seats
            assert [
                (decision.person, decision.seat, decision.verdict.value)
                for decision in level.decisions
            ] == [
                (decision.person, decision.seat, decision.verdict)
                for decision in self.reference.at(level.number)
            ]

    @invariant()
    def the_inbox_lists_exactly_the_people_who_may_decide_with_their_seats(
        self,
    ) -> None:
        state, level = self.state, self.state.level
        waiting = waiting_approvers(approval_snapshot(state, 1))
        if state.status is not Status.PENDING or level is None or level.passed or level.blocked:
            assert waiting == ()
            return
        for minutes in (0, 3, 9, 30):
            at = self.now + timedelta(minutes=minutes)
            allowed = {
                person: seat_for(state, level, person, at) for person in may_decide(level, at)
            }
            now_waiting = [
                (approver.person, approver.seat) for approver in waiting if approver.is_active(at)
            ]
            assert len(now_waiting) == len(allowed)
            assert dict(now_waiting) == allowed

    @invariant()
    def there_is_never_a_second_outcome(self) -> None:
        outcomes = [fact for fact in self.facts if fact.kind.value in CLOSING]

        assert len(outcomes) == (0 if self.state.is_open else 1)

    @invariant()
    def a_closed_request_never_changes(self) -> None:
        assert self.closed is None or self.state == self.closed

    @invariant()
    def facts_are_numbered_without_gaps_and_in_time_order(self) -> None:
        assert [fact.sequence for fact in self.facts] == list(range(1, len(self.facts) + 1))
        assert self.state.sequence == len(self.facts)
        assert [fact.at for fact in self.facts] == sorted(fact.at for fact in self.facts)

    @invariant()
    def no_one_counts_twice_as_decider_or_seat(self) -> None:
        places = [[level] for level in self.state.levels]
        if self.state.request.policy.distinct_approvers:
            places = [list(self.state.levels)]
        for levels in places:
            counted = [
                {count_of.person, count_of.seat} for level in levels for count_of in level.decisions
            ]
            assert len(set().union(*counted)) == sum(map(len, counted))
            assert ANA not in set().union(*counted)

    @invariant()
    def no_one_is_notified_twice_at_one_level(self) -> None:
        assert all(times == 1 for times in self.told.values())

    @invariant()
    def a_level_passes_once(self) -> None:
        passed = [fact for fact in self.facts if fact.kind.value == "LevelPassed"]

        assert len({(fact.content_revision, fact.level) for fact in passed}) == len(passed)

    @invariant()
    def a_passed_level_had_enough_approvals(self) -> None:
        for level in self.state.levels:
            assert not level.passed or level.approvals >= max(level.needed, 1)
            assert level.passed or level.blocked or level.approvals < level.needed
        if self.state.status is Status.APPROVED:
            assert all(level.passed for level in self.state.levels)
            assert len(self.state.levels) == len(self.state.request.route.levels)


TestTheEngineBesideItsOracle = Approval.TestCase
TestTheEngineBesideItsOracle.settings = MODEL


@pytest.mark.skipif(
    not LARGE, reason="only the large run covers everything: set COUNTERSIGN_MODEL=large"
)
def test_the_large_run_covers_every_verb_every_outcome_and_the_rare_refusals() -> None:
    refusals = {key.partition(": ")[2] for key in SEEN}
    verbs = [*Verdict, "comment", "amend", "delegate", "withdraw", "reassign", "refresh", "close"]
    assert [verb for verb in verbs if not SEEN[f"{verb}: "]] == []
    assert [status for status in Status if not SEEN[f"status: {status}"]] == []
    assert refusals >= RARE
    assert SEEN["steps"] >= 100_000
