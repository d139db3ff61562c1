"""The engine beside its oracle: random people, verbs, answers and clocks, always the same outcome.

`make test` takes a short look. `COUNTERSIGN_MODEL=large pytest tests/rules/test_model.py` takes
more than 10^5 steps.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.rules import acts
from tests.rules import oracle_refusals as why_not
from tests.rules.builders import ANA, GUS, NOON, actor
from tests.rules.effort import LARGE, MODEL
from tests.rules.model_parts import (
    EVERYBODY,
    NOBODY,
    Begun,
    Heard,
    answers,
    content,
    good_answers,
    people,
    requests,
)
from tests.rules.oracle import Press, Story
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
"""What was tried and how it ended, over all runs: a model that sees nothing proves nothing."""

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
"""Refusals that only the long look is sure to meet."""

verdicts = st.sampled_from([*[Verdict.APPROVE] * 5, Verdict.REJECT, Verdict.REQUEST_CHANGES])
reasons = st.sampled_from([*["because"] * 5, "", " \n", "x" * 3000, "x" * 3001])
revisions = st.sampled_from([*[0] * 12, -1, 1])
admins_mostly = people | st.just(GUS)
rarely = st.sampled_from([False, False, True])


class Approval(RuleBasedStateMachine):
    """One request, told to the engine and to the oracle at once."""

    state: ApprovalState
    story: Story
    begun: Begun

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.facts: list[AuditEvent] = []
        self.closed: ApprovalState | None = None
        self.asked: tuple[DirectoryQuery, tuple[int, int, int]] | None = None
        self.told: Counter[tuple[int, int, str]] = Counter()

    @initialize(begun=requests(), first=st.none() | good_answers())
    def submit(self, *, begun: Begun, first: Heard | None) -> None:
        self.begun, self.story = begun, begun.story
        if not self.story.levels:
            self.story.ended, self.story.rule = "approved", "no_level_needed"
        self._take(approval.submit(begun.request, self.now))
        if first is not None and self.state.waits_for_level:
            self.open_the_next_level(first)

    def _take(self, change: Change) -> None:
        self.state = change.state
        self.facts.extend(change.facts)
        for tell in change.notifications:
            if tell.kind is NotificationKind.ASKED:
                where = (self.state.content_revision, len(self.state.levels))
                self.told.update((*where, person) for person in tell.people)
        if self.closed is None and not self.state.is_open:
            self.closed = self.state

    def _try(self, verb: str, expected: str, act: Callable[[], Change]) -> bool:
        """Do what the oracle expects to count, or to be refused with this code."""
        answered = ""
        try:
            self._take(act())
        except RuleError as error:
            answered = error.code
        SEEN[f"{verb}: {answered}"] += 1
        assert answered == expected
        return not answered

    # Time and the directory

    @rule(pause=st.sampled_from([0, 1, 1, 5, 30, 60, 60, 120]))
    def wait(self, pause: int) -> None:
        """Let time pass; whether the clock then rings is another step."""
        self.now += timedelta(seconds=pause)
        self.story.advance(self.now)

    @rule()
    def ring(self) -> None:
        self._take(deadlines.advance_clock(self.state, self.now))

    @precondition(lambda self: self.state.waits_for_level)
    @rule()
    def reach_the_next_level(self) -> None:
        written = self.begun.written[len(self.state.levels)]
        ticks = [
            Tick(at=self.now + window.after, kind=window.kind, step=window.step)
            for window in next_windows(self.state)
        ]
        self.story.reach(written.alarms_from(self.now))
        self._take(Change(state=reach_level(self.state, ticks)))

    @rule()
    def ask_the_directory(self) -> None:
        self.ring()
        if self.state.waits_for_approvers and self.asked is None:
            self.asked = directory_query(self.state), self._turn()

    def _turn(self) -> tuple[int, int, int]:
        number = len(self.story.rungs)
        return self.story.revision, number, self.story.rungs[-1].wishes if number else 0

    @precondition(lambda self: self.asked is not None)
    @rule(answer=answers())
    def answer(self, answer: Heard) -> None:
        """Take an answer: it may have been on its way for long."""
        assert self.asked is not None
        (asked, turn), self.asked = self.asked, None
        if self.story.waits_for_people and turn == self._turn():
            self.story.hear(answer.answer, self.now)
        self._take(apply_directory_result(self.state, asked, answer.reading, self.now))
        level = self.state.level
        if self.state.status is Status.PENDING and level and not (level.blocked or level.passed):
            where = (self.state.content_revision, level.number)
            assert all(self.told[*where, one] for one in may_decide(level, self.now))

    @rule(answer=answers())
    def read_at_once(self, answer: Heard) -> None:
        self.ask_the_directory()
        if self.asked is not None:
            self.answer(answer)

    @precondition(lambda self: self.state.waits_for_level or self.state.waits_for_approvers)
    @rule(answer=good_answers())
    def open_the_next_level(self, answer: Heard) -> None:
        """Find people enough, as in most of real life: else few requests would get far."""
        if self.state.waits_for_level:
            self.reach_the_next_level()
        self.read_at_once(answer)

    # Decisions

    @precondition(lambda self: self._who_may_press())
    @rule(data=st.data(), verdict=verdicts)
    def press_well(self, data: st.DataObject, verdict: Verdict) -> None:
        """One of those who may decide does so, with a reason."""
        person = data.draw(st.sampled_from(self._who_may_press()))
        self.press_anything(person=person, verdict=verdict, reason="because", revision=0, back=0)

    def _who_may_press(self) -> list[str]:
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
    def press_anything(
        self, person: str, verdict: Verdict, reason: str, revision: int, back: int
    ) -> None:
        """Press a button: mostly one of the level that was reached last."""
        decision = Decision(
            actor=actor(person),
            verdict=verdict,
            reason=reason,
            content_revision=self.state.content_revision + revision,
            level=max(len(self.state.levels), 1) - back,
        )
        press = Press(
            number=decision.level,
            person=person,
            verdict=verdict.value,
            reason=reason,
            revision=decision.content_revision,
        )
        expected = why_not.decide(self.story, press, self.now)
        if self._try(verdict, expected, lambda: acts.decide(self.state, decision, self.now)):
            self.story.count(press, self.now)

    # The other verbs

    @rule(person=people, text=reasons)
    def comment(self, person: str, text: str) -> None:
        expected = why_not.comment(self.story, person, text)
        if self._try("comment", expected, lambda: acts.comment(self.state, person, text, self.now)):
            self.story.comments += 1

    @rule(
        person=st.sampled_from([*EVERYBODY, *[ANA] * 14]),
        title=st.sampled_from(["a", "b", "c", ""]),
        amount=st.sampled_from([*["large"] * 8, "middle", "small"]),
        revision=revisions,
    )
    def amend(self, person: str, title: str, amount: str, revision: int) -> None:
        number = self.state.content_revision + revision
        expected = why_not.amend(self.story, person, (title, amount), number)
        edited = content(title, amount)
        if self._try(
            "amend",
            expected,
            lambda: acts.amend(self.state, edited, self.now, person=person, revision=number),
        ):
            self.story.amend((title, amount))

    @rule(person=people, to=people | st.just(NOBODY))
    def delegate(self, person: str, to: str) -> None:
        expected = why_not.delegate(self.story, person, to, self.now)
        if self._try(
            "delegate", expected, lambda: acts.hand_over(self.state, person, to, self.now)
        ):
            self.story.delegations[person] = to
            self.story.rungs[-1].wish()

    @rule(person=st.sampled_from([*EVERYBODY[1:] * 2, ANA]), reason=reasons)
    def withdraw(self, person: str, reason: str) -> None:
        expected = why_not.withdraw(self.story, person, reason)
        taken_back = acts.withdrawal(person, reason)
        if self._try("withdraw", expected, lambda: acts.withdraw(self.state, taken_back, self.now)):
            self.story.ended, self.story.rule = "withdrawn", "requester"

    @rule(
        person=admins_mostly,
        named=st.lists(people, max_size=3),
        reason=reasons,
    )
    def reassign(self, person: str, named: list[str], reason: str) -> None:
        expected = why_not.reassign(self.story, person, len(named), reason)
        if self._try(
            "reassign",
            expected,
            lambda: acts.reassign(self.state, *named, by=person, reason=reason, now=self.now),
        ):
            self.story.rungs[-1].choosers.add(person)
            self.story.rungs[-1].let_go()

    @rule(person=people | st.just(""))
    def refresh(self, person: str) -> None:
        expected = why_not.refresh(self.story, person)
        by = actor(person) if person else SLACK
        if self._try("refresh", expected, lambda: acts.refresh(self.state, by, self.now)):
            self.story.rungs[-1].wish()

    @rule(person=admins_mostly, reason=reasons, really=rarely)
    def close(self, *, person: str, reason: str, really: bool) -> None:
        if not really:  # else few requests would live long
            person = NOBODY
        expected = why_not.close(self.story, person, reason)
        if self._try("close", expected, lambda: acts.close(self.state, person, reason, self.now)):
            self.story.ended, self.story.rule = "admin_closed", "admin"

    # What is always true

    @invariant()
    def engine_and_oracle_agree(self) -> None:
        state, story = deadlines.advance_clock(self.state, self.now).state, self.story
        SEEN["steps"] += 1
        SEEN[f"status: {state.status}"] += 1
        alarm = story.next_alarm()

        assert (state.status.value, state.closing_rule) == (story.status, story.rule)
        assert state.content_revision == story.revision
        assert (state.voided, state.comments) == (story.voided, story.comments)
        assert {one.seat: one.person for one in state.delegations} == story.delegations
        assert set(state.admins) == story.admins
        assert state.waits_for_approvers == story.waits_for_people
        assert deadlines.next_deadline(state) == (alarm[0] if alarm else None)

    @invariant()
    def engine_and_oracle_agree_on_every_level(self) -> None:
        state = deadlines.advance_clock(self.state, self.now).state
        assert len(state.levels) == len(self.story.rungs)
        for one, rung in zip(state.levels, self.story.rungs, strict=True):
            assert (one.blocked, one.passed) == (rung.trouble, rung.passed)
            assert list(one.eligible) == rung.seats
            assert [(said.person, said.seat, said.verdict.value) for said in one.decisions] == [
                (ballot.person, ballot.seat, ballot.verdict) for ballot in self.story.at(one.number)
            ]

    @invariant()
    def an_inbox_holds_it_for_exactly_those_who_may_decide_with_the_seat_that_they_fill(
        self,
    ) -> None:
        state, level = self.state, self.state.level
        waiting = waiting_approvers(approval_snapshot(state, 1))
        if state.status is not Status.PENDING or level is None or level.passed or level.blocked:
            assert waiting == ()
            return
        for minutes in (0, 3, 9, 30):
            at = self.now + timedelta(minutes=minutes)
            able = {one: seat_for(state, level, one, at) for one in may_decide(level, at)}
            now_waiting = [(one.person, one.seat) for one in waiting if one.is_active(at)]
            assert len(now_waiting) == len(able)
            assert dict(now_waiting) == able

    @invariant()
    def there_is_never_a_second_outcome(self) -> None:
        outcomes = [fact for fact in self.facts if fact.kind.value in CLOSING]

        assert len(outcomes) == (0 if self.state.is_open else 1)

    @invariant()
    def a_closed_request_never_changes(self) -> None:
        assert self.closed is None or self.state == self.closed

    @invariant()
    def facts_are_numbered_without_a_gap_and_never_go_back_in_time(self) -> None:
        assert [fact.sequence for fact in self.facts] == list(range(1, len(self.facts) + 1))
        assert self.state.sequence == len(self.facts)
        assert [fact.at for fact in self.facts] == sorted(fact.at for fact in self.facts)

    @invariant()
    def nobody_counts_twice_neither_as_who_pressed_nor_as_whom_they_pressed_for(self) -> None:
        places = [[one] for one in self.state.levels]
        if self.state.request.policy.distinct_approvers:
            places = [list(self.state.levels)]
        for levels in places:
            counted = [{said.person, said.seat} for one in levels for said in one.decisions]
            assert len(set().union(*counted)) == sum(map(len, counted))
            assert ANA not in set().union(*counted)

    @invariant()
    def nobody_is_asked_twice_at_one_level(self) -> None:
        assert all(times == 1 for times in self.told.values())

    @invariant()
    def a_level_passes_once(self) -> None:
        passed = [fact for fact in self.facts if fact.kind.value == "LevelPassed"]

        assert len({(fact.content_revision, fact.level) for fact in passed}) == len(passed)

    @invariant()
    def what_passed_had_enough_people(self) -> None:
        for one in self.state.levels:
            assert not one.passed or one.approvals >= max(one.needed, 1)
            assert one.passed or one.blocked or one.approvals < one.needed
        if self.state.status is Status.APPROVED:
            assert all(one.passed for one in self.state.levels)
            assert len(self.state.levels) == len(self.state.request.route.levels)


TestTheEngineBesideItsOracle = Approval.TestCase
TestTheEngineBesideItsOracle.settings = MODEL


@pytest.mark.skipif(
    not LARGE, reason="only the long look meets everything: set COUNTERSIGN_MODEL=large"
)
def test_the_long_look_has_seen_every_verb_count_every_end_and_the_rare_refusals() -> None:
    refusals = {key.partition(": ")[2] for key in SEEN}
    verbs = [*Verdict, "comment", "amend", "delegate", "withdraw", "reassign", "refresh", "close"]
    assert [verb for verb in verbs if not SEEN[f"{verb}: "]] == []
    assert [status for status in Status if not SEEN[f"status: {status}"]] == []
    assert refusals >= RARE
    assert SEEN["steps"] >= 100_000
