"""The effects of a directory result on a level: open or blocked, its facts and notifications."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import (
    ALL,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    GUS,
    MAJORITY,
    NOON,
    absence_of,
    actor,
    after,
    apply_result,
    directory_result,
    kinds,
    latest_level,
    level,
    member,
    next_opened,
    opened,
    policy,
    quorum_of,
    reached,
    request_under,
    table,
)
from tests.rules.verbs import (
    changes,
    decided,
    delegate_seat,
    no,
    reassign,
    refresh,
    refusal,
    withdraw,
    withdrawal,
    yes,
)
from workflows.rules.approvals import approval, deadlines
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import ApprovalState, Notification, NotificationKind, Status
from workflows.rules.people.actors import DirectoryResult, Member, Standing

ASKED, BLOCKED, REFUSED = (
    NotificationKind.ASKED,
    NotificationKind.BLOCKED,
    NotificationKind.DELEGATE_REFUSED,
)
THREE = (BORIS, CLARA, DORA)
UNREADABLE = directory_result(unreadable=("group:sales",))


def with_query_due(state: ApprovalState) -> ApprovalState:
    """Return the request with a directory query due."""
    return refresh(state).state


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The effect of a directory result: the block code (empty if open), facts and notifications."""

    description: str
    given: ApprovalState
    when: DirectoryResult
    then: str = ""
    facts: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    status: Status = Status.PENDING


TOLD_ADMINS = (Notification(kind=BLOCKED),)
TWO_OF_THREE = opened(level(*THREE, quorum=quorum_of(2), reject_quorum=2))
ALL_OF_THREE = opened(level(*THREE, quorum=ALL, reject_quorum=2))
MOST_OF_THREE = opened(level(*THREE, quorum=MAJORITY, reject_quorum=2))
HANDED = delegate_seat(opened(level(BORIS)), BORIS, EMIL).state
EMPTY_CLOSED = ("LevelPassed", "RequestApproved")


@table(
    Answered(
        description="a first result opens the level and notifies its approvers",
        given=reached(level(*THREE)),
        when=directory_result(*THREE),
        facts=("LevelOpened",),
        notifications=(Notification(kind=ASKED, people=THREE),),
    ),
    Answered(
        description="an empty first result blocks the level and notifies the admins",
        given=reached(level(*THREE)),
        when=directory_result(),
        then="no_eligible_approver",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="an unreadable first result blocks the level and notifies the admins",
        given=reached(level(*THREE)),
        when=UNREADABLE,
        then="approvers_unreadable",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="the same problem is notified once",
        given=apply_result(reached(level(*THREE)), UNREADABLE).state,
        when=UNREADABLE,
        then="approvers_unreadable",
    ),
    Answered(
        description="another problem is notified again",
        given=apply_result(reached(level(*THREE)), UNREADABLE).state,
        when=directory_result(),
        then="no_eligible_approver",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="enough people open a blocked level",
        given=apply_result(reached(level(*THREE)), UNREADABLE).state,
        when=directory_result(CLARA),
        facts=("LevelOpened",),
        notifications=(Notification(kind=ASKED, people=(CLARA,)),),
    ),
    Answered(
        description="an unreadable result does not change an open level",
        given=with_query_due(TWO_OF_THREE),
        when=UNREADABLE,
    ),
    Answered(
        description="the same people are no new fact and notify no one",
        given=with_query_due(TWO_OF_THREE),
        when=directory_result(*THREE),
    ),
    Answered(
        description="a new approver is a fact and is notified, the others are not notified again",
        given=with_query_due(TWO_OF_THREE),
        when=directory_result(*THREE, EMIL),
        facts=("ApproversChanged",),
        notifications=(Notification(kind=ASKED, people=(EMIL,)),),
    ),
    Answered(
        description="a missing approver is a fact and notifies no one",
        given=with_query_due(TWO_OF_THREE),
        when=directory_result(BORIS, CLARA),
        facts=("ApproversChanged",),
    ),
    Answered(
        description="too few people block an open level",
        given=with_query_due(TWO_OF_THREE),
        when=directory_result(BORIS),
        then="too_few_eligible",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="no people block an open level",
        given=with_query_due(TWO_OF_THREE),
        when=directory_result(member(BORIS, Standing.DEACTIVATED)),
        then="no_eligible_approver",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="the approval of a person who left still counts, so one more person is enough",
        given=with_query_due(decided(TWO_OF_THREE, yes(BORIS))),
        when=directory_result(CLARA),
        facts=("ApproversChanged",),
    ),
    Answered(
        description="a rejection still counts: a refresh with too few people blocks and never rejects",
        given=with_query_due(decided(TWO_OF_THREE, no(BORIS))),
        when=directory_result(BORIS, CLARA),
        then="too_few_eligible",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="all: everyone left has approved, so the level passes with the result",
        given=with_query_due(decided(ALL_OF_THREE, yes(BORIS), yes(CLARA))),
        when=directory_result(BORIS, CLARA),
        facts=("ApproversChanged", *EMPTY_CLOSED),
        status=Status.APPROVED,
    ),
    Answered(
        description="all: a new person must approve too",
        given=with_query_due(decided(ALL_OF_THREE, yes(BORIS), yes(CLARA))),
        when=directory_result(*THREE, EMIL),
        facts=("ApproversChanged",),
        notifications=(Notification(kind=ASKED, people=(EMIL,)),),
    ),
    Answered(
        description="all: a level whose approvers all left without deciding does not pass",
        given=with_query_due(ALL_OF_THREE),
        when=directory_result(),
        then="no_eligible_approver",
        facts=("LevelBlocked",),
        notifications=TOLD_ADMINS,
    ),
    Answered(
        description="majority: one approval is no majority of one person left and one gone",
        given=with_query_due(decided(MOST_OF_THREE, yes(BORIS))),
        when=directory_result(CLARA),
        facts=("ApproversChanged",),
    ),
    Answered(
        description="majority: one approval is a majority of one",
        given=with_query_due(decided(MOST_OF_THREE, yes(BORIS))),
        when=directory_result(BORIS),
        facts=("ApproversChanged", *EMPTY_CLOSED),
        status=Status.APPROVED,
    ),
    Answered(
        description="an active delegate is notified",
        given=HANDED,
        when=directory_result(BORIS, people=(EMIL,)),
        facts=("ApproversChanged",),
        notifications=(Notification(kind=ASKED, people=(EMIL,)),),
    ),
    *(
        Answered(
            description=f"a delegate who is {odd} is removed, and the approver is notified",
            given=HANDED,
            when=directory_result(BORIS, people=(member(EMIL, odd),)),
            facts=("DelegationVoided",),
            notifications=(Notification(kind=REFUSED, people=(BORIS,)),),
        )
        for odd in Standing
        if odd is not Standing.ACTIVE
    ),
    Answered(
        description="a delegate who is missing in the directory is removed",
        given=HANDED,
        when=directory_result(BORIS),
        facts=("DelegationVoided",),
        notifications=(Notification(kind=REFUSED, people=(BORIS,)),),
    ),
)
def test_the_effect_of_a_directory_result(row: Answered) -> None:
    change = apply_result(row.given, row.when)

    assert latest_level(change.state).blocked == row.then
    assert tuple(kinds(change.facts)) == row.facts
    assert change.notifications == row.notifications
    assert change.state.status is row.status
    closed_or_read = change.state.status is not Status.PENDING or not row.when.approvers.unreadable
    assert change.state.waits_for_approvers is (bool(row.then) or not closed_or_read)


@pytest.mark.parametrize(
    ("standing", "rule"),
    [(Standing.GUEST, "standing_guest"), (Standing.ACTIVE, "barred")],
)
def test_a_voided_delegation_says_why(standing: Standing, rule: str) -> None:
    state = opened(level(BORIS), level(CLARA, name="hr"))
    state = next_opened(decided(state, yes(BORIS)))
    state = delegate_seat(state, CLARA, BORIS).state

    change = apply_result(state, directory_result(CLARA, people=(member(BORIS, standing),)))

    assert change.facts[0].rule == rule
    assert change.facts[0].data == {"delegate": BORIS, "on_behalf_of": CLARA}
    assert change.state.delegations == ()


@pytest.mark.parametrize("notify", Notify)
def test_approvers_are_not_notified_if_the_policy_notifies_no_one(notify: Notify) -> None:
    submitted_state = approval.submit(
        request_under(policy(level(BORIS), notify=notify)), NOON
    ).state

    change = apply_result(reach_level(submitted_state, ()), directory_result(BORIS))

    assert bool(change.notifications) is (notify is not Notify.NONE)


def test_admins_are_notified_of_a_blocked_level_even_if_the_policy_notifies_no_one() -> None:
    submitted_state = approval.submit(
        request_under(policy(level(BORIS), notify=Notify.NONE)), NOON
    ).state

    change = apply_result(reach_level(submitted_state, ()), directory_result())

    assert change.notifications == TOLD_ADMINS


def test_a_future_delegate_is_asked_when_their_time_starts() -> None:
    tomorrow = after(days=1)
    answer = directory_result(
        BORIS, absences=(absence_of(BORIS, EMIL, starts=tomorrow),), people=(EMIL,)
    )
    first = apply_result(reached(level(BORIS)), answer)

    rung = deadlines.advance_clock(first.state, tomorrow)
    second = apply_result(rung.state, answer, tomorrow)

    assert first.notifications == (Notification(kind=ASKED, people=(BORIS,)),)
    assert deadlines.next_deadline(first.state) == tomorrow
    assert rung.facts == ()
    assert rung.state.waits_for_approvers
    assert second.notifications == (Notification(kind=ASKED, people=(EMIL,)),)
    assert deadlines.next_deadline(second.state) is None


def test_a_result_replaces_the_query_ticks_of_an_earlier_result() -> None:
    answer = directory_result(
        BORIS, absences=(absence_of(BORIS, EMIL, starts=after(days=1)),), people=(EMIL,)
    )
    state = apply_result(reached(level(BORIS)), answer).state

    state = apply_result(with_query_due(state), directory_result(BORIS)).state

    assert latest_level(state).clock == ()


# Blocked levels


def test_a_level_blocked_by_a_rejection_and_a_leaver_opens_for_new_people() -> None:
    state = apply_result(
        with_query_due(decided(TWO_OF_THREE, no(BORIS))), directory_result(BORIS, CLARA)
    ).state
    state = reassign(state, CLARA, DORA).state

    state = apply_result(state, directory_result(CLARA, DORA)).state
    state = decided(state, yes(CLARA), yes(DORA))

    assert state.status is Status.APPROVED


def test_the_requester_may_withdraw_from_a_blocked_level_whose_admins_are_unknown() -> None:
    state = apply_result(
        reached(level(BORIS)), directory_result(unreadable=("x",), admins=())
    ).state

    change = withdraw(state, withdrawal())

    assert change.state.status is Status.WITHDRAWN


def test_no_one_decides_while_a_level_has_too_few_people() -> None:
    state = apply_result(with_query_due(TWO_OF_THREE), directory_result(BORIS)).state

    error = refusal(state, yes(BORIS))

    assert latest_level(state).eligible == (BORIS,)
    assert error.code == "level_not_open"


def test_a_request_that_waits_for_changes_queries_no_one() -> None:
    state = decided(opened(level(BORIS, CLARA)), changes(BORIS))

    assert not state.waits_for_approvers
    assert deadlines.advance_clock(state, after(days=30)).state == state


@pytest.mark.parametrize(
    "standing", [standing for standing in Standing if standing is not Standing.ACTIVE]
)
def test_a_named_person_who_may_not_decide_is_given_their_standing(standing: Standing) -> None:
    state = opened(level(BORIS, CLARA))
    state = apply_result(
        with_query_due(state), directory_result(member(BORIS, standing), CLARA)
    ).state

    error = refusal(state, yes(BORIS))

    assert error.code == "not_eligible"
    assert error.data == {"standing": standing}


def test_a_person_may_decide_if_any_source_finds_them_active() -> None:
    twice = Member(person=BORIS, source="group:x", standing=Standing.UNKNOWN)

    state = apply_result(reached(level(BORIS)), directory_result(twice, BORIS)).state

    assert latest_level(state).eligible == (BORIS,)


def test_a_refresh_by_an_admin_is_a_fact_and_one_by_slack_is_not() -> None:
    state = opened(level(BORIS))

    assert kinds(refresh(state, actor(GUS)).facts) == ["RefreshAsked"]
    assert refresh(state).facts == ()
