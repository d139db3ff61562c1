"""The clock before expiry: reminders, escalations, and delegates whose time starts."""

from dataclasses import dataclass

from tests.rules.builders import (
    BORIS,
    CLARA,
    DORA,
    EMIL,
    absence_of,
    apply_result,
    directory_result,
    kinds,
    latest_level,
    level,
    next_opened,
    open_request,
    policy,
    quorum_of,
    request,
    request_under,
    submitted,
    table,
    users,
)
from tests.rules.example_clock import (
    CLOCKWORK,
    ESCALATE,
    INSTEAD,
    MINUTE,
    REMIND,
    RULE,
    TO_DORA,
    TO_DORA_INSTEAD,
    at,
    ticks,
)
from tests.rules.verbs import changes, decided, reassign, refusal, yes
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.clock import Tick
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Escalation, LevelRule, Notify
from workflows.rules.approvals.request import ApprovalState, Notification, NotificationKind, Status
from workflows.rules.people.actors import CLOCK


def ticking(rule: LevelRule = RULE, *clock: Tick) -> ApprovalState:
    """Return a request whose level is open and has this clock, or the example clock."""
    return open_request(request(rule), *(clock or CLOCKWORK))


@dataclass(frozen=True, kw_only=True)
class Rung:
    """The facts up to an instant, and the next tick."""

    description: str
    when: float
    then: tuple[tuple[str, float], ...]
    next: float | None


@table(
    Rung(description="nothing before the first tick", when=0.9, then=(), next=1),
    Rung(
        description="a reminder at the first tick",
        when=1,
        then=(("LevelReminded", 1),),
        next=2,
    ),
    Rung(
        description="two due ticks are two facts, each with its instant",
        when=3,
        then=(("LevelReminded", 1), ("LevelReminded", 2)),
        next=4,
    ),
    Rung(
        description="then the escalation",
        when=4.5,
        then=(("LevelReminded", 1), ("LevelReminded", 2), ("LevelEscalated", 4)),
        next=5,
    ),
    Rung(
        description="a clock advanced a day late applies everything in order",
        when=24 * 60,
        then=(
            ("LevelReminded", 1),
            ("LevelReminded", 2),
            ("LevelEscalated", 4),
            ("RequestExpired", 5),
        ),
        next=None,
    ),
)
def test_the_clock_applies_its_ticks_in_order(row: Rung) -> None:
    change = deadlines.advance_clock(ticking(), at(row.when))

    assert [(fact.kind.value, fact.at) for fact in change.facts] == [
        (kind, at(minutes)) for kind, minutes in row.then
    ]
    assert all(fact.actor == CLOCK for fact in change.facts)
    assert deadlines.next_deadline(change.state) == (None if row.next is None else at(row.next))


def test_advancing_the_clock_often_or_late_has_the_same_result() -> None:
    often, late = ticking(), deadlines.advance_clock(ticking(), at(10))
    for second in range(0, 600, 7):
        often = deadlines.advance_clock(often, at(second / 60)).state

    assert deadlines.advance_clock(often, at(10)).state == late.state


def test_a_tick_is_applied_once() -> None:
    once = deadlines.advance_clock(ticking(), at(1)).state

    again = deadlines.advance_clock(once, at(1))

    assert again.facts == ()
    assert again.state == once


# Reminders


def test_a_reminder_notifies_undecided_approvers_and_queries_the_directory() -> None:
    state = decided(ticking(), yes(BORIS))

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == (Notification(kind=NotificationKind.REMINDED, people=(CLARA,)),)
    assert change.facts[0].data == {"people": CLARA}
    assert change.facts[0].rule == "remind_after"
    assert latest_level(change.state).reminders == 1
    assert change.state.waits_for_approvers


def test_a_reminder_notifies_an_active_delegate_too() -> None:
    state = reach_level(submitted(RULE), ticks((1, REMIND), (3, REMIND)))
    absence = absence_of(BORIS, EMIL, starts=at(2))
    state = apply_result(
        state, directory_result(BORIS, CLARA, absences=(absence,), people=(EMIL,))
    ).state

    first = deadlines.advance_clock(state, at(1))
    second = deadlines.advance_clock(first.state, at(3))

    assert first.notifications[0].people == (BORIS, CLARA)
    assert second.notifications[0].people == (BORIS, CLARA, EMIL)


def test_a_reminder_of_a_blocked_level_notifies_the_admins_again() -> None:
    state = apply_result(reach_level(submitted(RULE), CLOCKWORK), directory_result()).state

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == (Notification(kind=NotificationKind.BLOCKED),)
    assert kinds(change.facts) == ["LevelReminded"]
    assert change.facts[0].data == {"people": ""}


def test_a_reminder_is_a_fact_even_if_the_policy_notifies_no_one() -> None:
    state = open_request(request_under(policy(RULE, notify=Notify.NONE)), *CLOCKWORK)

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == ()
    assert kinds(change.facts) == ["LevelReminded"]


# Escalations


def test_an_escalation_adds_approvers_while_the_first_may_still_decide() -> None:
    state = ticking(RULE, *ticks((4, ESCALATE)))

    change = deadlines.advance_clock(state, at(4))

    assert [str(source) for source in latest_level(change.state).sources] == [
        "user:UBORIS",
        "user:UCLARA",
        "user:UDORA",
    ]
    assert latest_level(change.state).eligible == (BORIS, CLARA)
    assert latest_level(change.state).escalations == 1
    assert change.state.waits_for_approvers
    assert change.facts[0].data == {"to": "user:UDORA", "instead": "no"}
    assert decided(change.state, yes(BORIS)).is_open


def test_only_the_approvers_added_by_an_escalation_are_notified() -> None:
    state = deadlines.advance_clock(ticking(RULE, *ticks((4, ESCALATE))), at(4)).state

    change = apply_result(state, directory_result(BORIS, CLARA, DORA), at(4))

    assert change.notifications == (Notification(kind=NotificationKind.ASKED, people=(DORA,)),)


def test_a_replacing_escalation_removes_the_first_approvers_at_once() -> None:
    state = ticking(INSTEAD, *ticks((4, ESCALATE)))

    change = deadlines.advance_clock(state, at(4))

    assert [str(source) for source in latest_level(change.state).sources] == ["user:UDORA"]
    assert latest_level(change.state).blocked == "approvers_unread"
    assert change.facts[0].data == {"to": "user:UDORA", "instead": "yes"}
    assert refusal(change.state, yes(BORIS), at(4)).code == "level_not_open"


def test_after_a_replacing_escalation_the_first_approvers_cannot_decide() -> None:
    state = deadlines.advance_clock(ticking(INSTEAD, *ticks((4, ESCALATE))), at(4)).state

    state = apply_result(state, directory_result(DORA), at(4)).state

    assert refusal(state, yes(BORIS), at(4)).code == "not_an_approver"
    assert decided(state, yes(DORA)).status is Status.APPROVED


def test_decisions_before_a_replacing_escalation_still_count() -> None:
    rule = level(BORIS, CLARA, quorum=quorum_of(2), escalate=(TO_DORA_INSTEAD,))
    state = deadlines.advance_clock(
        decided(ticking(rule, *ticks((4, ESCALATE))), yes(BORIS)), at(4)
    ).state

    state = decided(apply_result(state, directory_result(DORA), at(4)).state, yes(DORA))

    assert state.status is Status.APPROVED


def test_a_late_click_of_a_replaced_approver_is_checked_after_the_due_ticks() -> None:
    error = refusal(ticking(INSTEAD, *ticks((4, ESCALATE))), yes(BORIS), at(4))

    assert error.code == "level_not_open"


def test_an_escalation_adds_to_the_approvers_of_a_reassignment() -> None:
    state = reassign(ticking(RULE, *ticks((4, ESCALATE))), EMIL).state

    state = deadlines.advance_clock(state, at(4)).state

    assert [str(source) for source in latest_level(state).sources] == ["user:UEMIL", "user:UDORA"]


def test_each_escalation_has_its_own_step() -> None:
    second = Escalation(after=5 * MINUTE, to=users(EMIL), replace=True)
    rule = level(BORIS, escalate=(TO_DORA, second))
    clock = (*ticks((4, ESCALATE)), Tick(at=at(5), kind=ESCALATE, step=1))

    state = deadlines.advance_clock(ticking(rule, *clock), at(5)).state

    assert [str(source) for source in latest_level(state).sources] == ["user:UEMIL"]
    assert latest_level(state).escalations == 2


# While no one can decide


def test_while_changes_are_requested_there_are_no_reminders_or_escalations() -> None:
    state = decided(ticking(), changes(BORIS))

    change = deadlines.advance_clock(state, at(4.5))

    assert change.facts == ()
    assert change.notifications == ()
    assert latest_level(change.state).sources == RULE.approvers


def test_a_request_expires_while_changes_are_requested() -> None:
    state = decided(ticking(), changes(BORIS))

    change = deadlines.advance_clock(state, at(6))

    assert [(fact.kind.value, fact.at) for fact in change.facts] == [("RequestExpired", at(5))]


def test_a_level_that_has_passed_is_not_reminded() -> None:
    state = decided(
        open_request(request(level(BORIS), level(CLARA, name="hr")), *ticks((1, REMIND))),
        yes(BORIS),
    )

    assert deadlines.advance_clock(state, at(9)).state == state
    assert deadlines.next_deadline(next_opened(state)) is None


def test_an_escalation_of_a_blocked_level_may_open_it() -> None:
    state = apply_result(reach_level(submitted(RULE), CLOCKWORK), directory_result(BORIS)).state

    state = deadlines.advance_clock(state, at(4)).state
    state = apply_result(state, directory_result(BORIS, DORA), at(4)).state

    assert latest_level(state).blocked == ""
