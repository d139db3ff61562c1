"""What the clock does before the end: reminders, escalations, stand-ins whose time begins."""

from dataclasses import dataclass

from tests.rules.acts import changes, decided, reassign, refusal, yes
from tests.rules.builders import (
    BORIS,
    CLARA,
    DORA,
    EMIL,
    asked,
    away,
    here,
    kinds,
    level,
    next_opened,
    of,
    opened_as,
    policy,
    read,
    reading,
    request,
    submitted,
    table,
    users,
)
from tests.rules.clockwork import (
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
from workflows.rules.approvals import deadlines
from workflows.rules.approvals.clock import Tick
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Escalation, LevelRule, Notify
from workflows.rules.approvals.request import ApprovalState, Notification, NotificationKind, Status
from workflows.rules.people.actors import CLOCK


def ticking(rule: LevelRule = RULE, *clock: Tick) -> ApprovalState:
    """Return a request whose level is open and has this clock, or all of CLOCKWORK."""
    return opened_as(request(rule), *(clock or CLOCKWORK))


@dataclass(frozen=True, kw_only=True)
class Rung:
    """What has happened by an instant, and what comes next."""

    description: str
    when: float
    then: tuple[tuple[str, float], ...]
    next: float | None


@table(
    Rung(description="before the first instant nothing", when=0.9, then=(), next=1),
    Rung(
        description="at the first instant a reminder",
        when=1,
        then=(("LevelReminded", 1),),
        next=2,
    ),
    Rung(
        description="two that are due are two facts, each of its instant",
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
        description="a clock that was looked at a day late did everything in its order",
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
def test_what_the_clock_does_in_which_order(row: Rung) -> None:
    change = deadlines.advance_clock(ticking(), at(row.when))

    assert [(fact.kind.value, fact.at) for fact in change.facts] == [
        (kind, at(minutes)) for kind, minutes in row.then
    ]
    assert all(fact.actor == CLOCK for fact in change.facts)
    assert deadlines.next_deadline(change.state) == (None if row.next is None else at(row.next))


def test_a_clock_looked_at_often_does_what_one_looked_at_late_does() -> None:
    often, late = ticking(), deadlines.advance_clock(ticking(), at(10))
    for second in range(0, 600, 7):
        often = deadlines.advance_clock(often, at(second / 60)).state

    assert deadlines.advance_clock(often, at(10)).state == late.state


def test_a_clock_looked_at_twice_rings_once() -> None:
    once = deadlines.advance_clock(ticking(), at(1)).state

    again = deadlines.advance_clock(once, at(1))

    assert again.facts == ()
    assert again.state == once


# Reminders


def test_a_reminder_tells_those_who_have_not_decided_and_has_the_people_read_again() -> None:
    state = decided(ticking(), yes(BORIS))

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == (Notification(kind=NotificationKind.REMINDED, people=(CLARA,)),)
    assert change.facts[0].data == {"people": CLARA}
    assert change.facts[0].rule == "remind_after"
    assert here(change.state).reminders == 1
    assert change.state.waits_for_approvers


def test_a_reminder_tells_a_stand_in_in_their_time_too() -> None:
    state = reach_level(submitted(RULE), ticks((1, REMIND), (3, REMIND)))
    absence = away(BORIS, EMIL, starts=at(2))
    state = read(state, reading(BORIS, CLARA, absences=(absence,), people=(EMIL,))).state

    first = deadlines.advance_clock(state, at(1))
    second = deadlines.advance_clock(first.state, at(3))

    assert first.notifications[0].people == (BORIS, CLARA)
    assert second.notifications[0].people == (BORIS, CLARA, EMIL)


def test_a_reminder_of_a_blocked_level_tells_the_admins_again() -> None:
    state = read(reach_level(submitted(RULE), CLOCKWORK), reading()).state

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == (Notification(kind=NotificationKind.BLOCKED),)
    assert kinds(change.facts) == ["LevelReminded"]
    assert change.facts[0].data == {"people": ""}


def test_a_reminder_where_the_policy_notifies_nobody_is_a_fact_all_the_same() -> None:
    state = opened_as(asked(policy(RULE, notify=Notify.NONE)), *CLOCKWORK)

    change = deadlines.advance_clock(state, at(1))

    assert change.notifications == ()
    assert kinds(change.facts) == ["LevelReminded"]


# Escalations


def test_an_escalation_asks_others_too_while_the_first_ones_may_still_decide() -> None:
    state = ticking(RULE, *ticks((4, ESCALATE)))

    change = deadlines.advance_clock(state, at(4))

    assert [str(one) for one in here(change.state).sources] == [
        "user:UBORIS",
        "user:UCLARA",
        "user:UDORA",
    ]
    assert here(change.state).eligible == (BORIS, CLARA)
    assert here(change.state).escalations == 1
    assert change.state.waits_for_approvers
    assert change.facts[0].data == {"to": "user:UDORA", "instead": "no"}
    assert decided(change.state, yes(BORIS)).is_open


def test_whom_an_escalation_adds_is_asked_and_nobody_else() -> None:
    state = deadlines.advance_clock(ticking(RULE, *ticks((4, ESCALATE))), at(4)).state

    change = read(state, reading(BORIS, CLARA, DORA), at(4))

    assert change.notifications == (Notification(kind=NotificationKind.ASKED, people=(DORA,)),)


def test_an_escalation_in_place_of_the_first_ones_lets_go_of_them_at_once() -> None:
    state = ticking(INSTEAD, *ticks((4, ESCALATE)))

    change = deadlines.advance_clock(state, at(4))

    assert [str(one) for one in here(change.state).sources] == ["user:UDORA"]
    assert here(change.state).blocked == "approvers_unread"
    assert change.facts[0].data == {"to": "user:UDORA", "instead": "yes"}
    assert refusal(change.state, yes(BORIS), at(4)).code == "level_not_open"


def test_after_an_escalation_in_their_place_the_first_ones_are_no_approvers() -> None:
    state = deadlines.advance_clock(ticking(INSTEAD, *ticks((4, ESCALATE))), at(4)).state

    state = read(state, reading(DORA), at(4)).state

    assert refusal(state, yes(BORIS), at(4)).code == "not_an_approver"
    assert decided(state, yes(DORA)).status is Status.APPROVED


def test_who_decided_before_an_escalation_in_their_place_counts_on() -> None:
    rule = level(BORIS, CLARA, quorum=of(2), escalate=(TO_DORA_INSTEAD,))
    state = deadlines.advance_clock(
        decided(ticking(rule, *ticks((4, ESCALATE))), yes(BORIS)), at(4)
    ).state

    state = decided(read(state, reading(DORA), at(4)).state, yes(DORA))

    assert state.status is Status.APPROVED


def test_a_late_press_of_somebody_let_go_of_is_judged_as_if_the_clock_had_rung() -> None:
    error = refusal(ticking(INSTEAD, *ticks((4, ESCALATE))), yes(BORIS), at(4))

    assert error.code == "level_not_open"


def test_an_escalation_adds_to_whom_an_admin_has_named() -> None:
    state = reassign(ticking(RULE, *ticks((4, ESCALATE))), EMIL).state

    state = deadlines.advance_clock(state, at(4)).state

    assert [str(one) for one in here(state).sources] == ["user:UEMIL", "user:UDORA"]


def test_each_escalation_takes_its_own_step() -> None:
    second = Escalation(after=5 * MINUTE, to=users(EMIL), replace=True)
    rule = level(BORIS, escalate=(TO_DORA, second))
    clock = (*ticks((4, ESCALATE)), Tick(at=at(5), kind=ESCALATE, step=1))

    state = deadlines.advance_clock(ticking(rule, *clock), at(5)).state

    assert [str(one) for one in here(state).sources] == ["user:UEMIL"]
    assert here(state).escalations == 2


# While nobody can answer


def test_while_changes_are_awaited_nobody_is_reminded_and_nothing_escalates() -> None:
    state = decided(ticking(), changes(BORIS))

    change = deadlines.advance_clock(state, at(4.5))

    assert change.facts == ()
    assert change.notifications == ()
    assert here(change.state).sources == RULE.approvers


def test_while_changes_are_awaited_the_end_comes_all_the_same() -> None:
    state = decided(ticking(), changes(BORIS))

    change = deadlines.advance_clock(state, at(6))

    assert [(fact.kind.value, fact.at) for fact in change.facts] == [("RequestExpired", at(5))]


def test_a_level_that_has_passed_is_not_reminded() -> None:
    state = decided(
        opened_as(request(level(BORIS), level(CLARA, name="hr")), *ticks((1, REMIND))), yes(BORIS)
    )

    assert deadlines.advance_clock(state, at(9)).state == state
    assert deadlines.next_deadline(next_opened(state)) is None


def test_an_escalation_of_a_blocked_level_may_open_it() -> None:
    state = read(reach_level(submitted(RULE), CLOCKWORK), reading(BORIS)).state

    state = deadlines.advance_clock(state, at(4)).state
    state = read(state, reading(BORIS, DORA), at(4)).state

    assert here(state).blocked == ""
