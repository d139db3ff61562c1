"""An approver that an admin takes off stays off: no amendment makes them eligible again."""

from dataclasses import replace

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    EMIL,
    FINN,
    GUS,
    HANA,
    apply_result,
    directory_result,
    latest_level,
    level,
    next_opened,
    opened,
    quorum_of,
)
from tests.rules.verbs import amend, decided, delegate_seat, reassign, refusal, yes
from workflows.rules.approvals.request import ApprovalState, Exclusion, NotificationKind
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.shared.content import Content

OPEN = opened(level(BORIS, CLARA))
CHANGED = Content(title="A new desk.")


def reassigned(state: ApprovalState, *people: str, by: str = GUS) -> ApprovalState:
    """Reassign the level, and read its new approvers."""
    state = reassign(state, *people, by=by).state
    return apply_result(state, directory_result(*people)).state


def amended(state: ApprovalState, content: Content = CHANGED) -> ApprovalState:
    """Amend the request, and read the approvers that the policy names."""
    return next_opened(amend(state, content, revision=state.content_revision).state)


def test_a_person_taken_off_stays_off_after_an_amendment() -> None:
    state = amended(reassigned(OPEN, CLARA))

    assert latest_level(state).eligible == (CLARA,)
    assert refusal(state, yes(BORIS, revision=2)).code == "not_an_approver"
    assert state.exclusions == (Exclusion(person=BORIS, admins=(GUS,)),)
    assert approval_snapshot(state, 1).exclusions == state.exclusions


def test_a_person_taken_off_stays_off_after_every_amendment() -> None:
    state = amended(amended(reassigned(OPEN, CLARA)), Content(title="Third"))

    assert latest_level(state).eligible == (CLARA,)


def test_an_amendment_before_the_new_approvers_are_read_lifts_nothing() -> None:
    state = amended(reassign(OPEN, EMIL).state)

    assert {exclusion.person for exclusion in state.exclusions} == {BORIS, CLARA}
    assert latest_level(state).blocked == "no_eligible_approver"


def test_the_admin_who_took_a_person_off_does_not_decide_after_the_amendment() -> None:
    state = amended(reassigned(opened(level(BORIS, CLARA, GUS)), CLARA))

    assert latest_level(state).eligible == (CLARA,)


def test_a_person_taken_off_is_no_delegate_either() -> None:
    state = amended(reassigned(OPEN, CLARA))
    state = delegate_seat(state, CLARA, BORIS).state

    state = apply_result(state, directory_result(CLARA, people=(BORIS,))).state

    assert latest_level(state).delegates == ()


def test_an_admin_lifts_an_exclusion_by_naming_the_person() -> None:
    state = amended(reassigned(OPEN, CLARA))

    state = reassigned(state, BORIS, by=HANA)

    assert latest_level(state).eligible == (BORIS,)
    assert state.exclusions == ()


def test_a_member_of_a_group_that_the_admin_chose_is_not_taken_off() -> None:
    state = reassign(OPEN, EMIL).state  # EMIL is used as a group here: Boris is in it
    state = apply_result(state, directory_result(BORIS, EMIL)).state

    state = amended(state)

    assert [exclusion.person for exclusion in state.exclusions] == [CLARA]


def test_the_next_level_is_not_affected_until_an_amendment() -> None:
    two = opened(level(BORIS, name="first"), level(BORIS, FINN, name="second"))
    state = decided(reassigned(two, CLARA), yes(CLARA))

    assert latest_level(next_opened(state)).eligible == (BORIS, FINN)


def test_the_admins_are_notified_of_an_amendment_after_a_reassignment() -> None:
    change = amend(reassigned(OPEN, CLARA), CHANGED)
    plain = amend(OPEN, CHANGED)

    kinds = [notification.kind for notification in change.notifications]
    assert kinds == [NotificationKind.EXCLUDED]
    assert plain.notifications == ()


def test_taking_a_person_off_leaves_decisions_that_counted_alone() -> None:
    state = decided(opened(level(BORIS, CLARA, quorum=quorum_of(2))), yes(BORIS))

    state = amended(reassigned(state, EMIL))

    assert [exclusion.person for exclusion in state.exclusions] == [CLARA]
    assert replace(state, exclusions=()).request.requester.person == ANA
