"""Faces: what everybody may see of an approval."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    NOON,
    after,
    blocked,
    closed,
    decided,
    level,
    next_opened,
    of,
    opened,
    policy,
    request,
    submitted,
    yes,
)
from workflows.rules import approval as rules
from workflows.rules.face import approval_face
from workflows.rules.policy import Notify, ReasonRule
from workflows.rules.request import ApprovalState, Status

TWO_LEVELS = opened(level(BORIS, CLARA, quorum=of(2)), level("UDORA", name="hr"))


def test_a_face_shows_the_request_and_its_version() -> None:
    face = approval_face(TWO_LEVELS, 4)

    assert face.card_version == 4
    assert face.request_id == "APR-1"
    assert face.requester == TWO_LEVELS.request.requester
    assert face.content == TWO_LEVELS.request.content
    assert (face.title, face.channel, face.language) == ("Customer order", "#approvals", "en")
    assert face.rule == "order: over 1,000.00 USD"
    assert face.content_revision == 1
    assert face.levels_in_all == 2
    assert face.submitted_at == NOON


def test_a_face_shows_who_was_asked_and_who_has_decided() -> None:
    face = approval_face(decided(TWO_LEVELS, yes(BORIS, reason="fine")), 1)

    assert face.open_level is not None
    assert face.open_level.name == "sales"
    assert face.open_level.sources == ("user:UBORIS", "user:UCLARA")
    assert face.open_level.eligible == (BORIS, CLARA)
    assert face.open_level.needed == 2
    assert [(said.person, said.reason) for said in face.open_level.decisions] == [(BORIS, "fine")]


@pytest.mark.parametrize(
    ("rule", "required"),
    [(ReasonRule.NONE, False), (ReasonRule.OPTIONAL, False), (ReasonRule.REQUIRED, True)],
)
def test_a_face_says_whether_a_rejection_needs_its_reason(
    rule: ReasonRule,
    required: bool,  # noqa: FBT001 - a column of the table
) -> None:
    face = approval_face(opened(level(BORIS, reject_reason=rule)), 1)

    assert face.levels[0].reject_reason_required is required


@pytest.mark.parametrize(("notify", "mention"), [(Notify.CARD, True), (Notify.NONE, False)])
def test_a_face_mentions_the_approvers_only_where_the_policy_says_so(
    notify: Notify,
    mention: bool,  # noqa: FBT001 - a column of the table
) -> None:
    asked = request(level(BORIS))
    asked = replace(asked, policy=replace(policy(level(BORIS)), notify=notify))

    face = approval_face(rules.submit(asked, NOON).state, 1)

    assert face.mention_approvers is mention


@pytest.mark.parametrize(
    ("state", "number"),
    [
        pytest.param(submitted(level(BORIS)), None, id="before the first level"),
        pytest.param(blocked(level(BORIS)), 1, id="a blocked level is the one that waits"),
        pytest.param(TWO_LEVELS, 1, id="an open level"),
        pytest.param(
            decided(TWO_LEVELS, yes(BORIS), yes(CLARA)), None, id="between a level and the next"
        ),
        pytest.param(
            next_opened(decided(TWO_LEVELS, yes(BORIS), yes(CLARA))), 2, id="the next level"
        ),
        *(
            pytest.param(closed(status), None, id=f"a request that is {status}")
            for status in Status
            if status is not Status.PENDING
        ),
    ],
)
def test_which_level_waits(state: ApprovalState, number: int | None) -> None:
    waiting = approval_face(state, 1).open_level

    assert (waiting.number if waiting else None) == number


def test_a_face_of_a_blocked_level_says_why_and_until_when() -> None:
    face = approval_face(blocked(level(BORIS), expires_at=after(minutes=5)), 1)

    assert face.levels[0].blocked == "approvers_unreadable"
    assert face.levels[0].expires_at == after(minutes=5)


@pytest.mark.parametrize("status", Status)
def test_a_face_of_a_closed_request_says_how_when_and_by_whom(status: Status) -> None:
    state = closed(status)

    face = approval_face(state, 1)

    assert face.status is status
    assert face.closed_at == state.closed_at
    assert face.closed_by == state.closed_by
    assert (face.closing_rule, face.closing_reason) == (state.closing_rule, state.closing_reason)


def test_two_faces_of_one_state_are_equal() -> None:
    again = approval_face(TWO_LEVELS, 4)

    assert again == approval_face(TWO_LEVELS, 4)
