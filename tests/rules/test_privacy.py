"""Privacy: what is public of a private request, and who may read the rest."""

from dataclasses import fields, replace

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    GUS,
    after,
    away,
    level,
    read,
    reading,
    request,
)
from workflows.rules.approvals import approval
from workflows.rules.approvals.levels import reach_level
from workflows.rules.approvals.policy import Visibility
from workflows.rules.approvals.privacy import may_read, public_approval
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot, approval_snapshot
from workflows.rules.shared.content import Content

PRIVATE_PARTS = {
    *("hidden", "content", "rule", "levels", "changes", "change_request"),
    *("comments", "remarks", "closing_reason"),
}
"""What a public face may differ in. A new part of a face is public unless it is added here."""
PUBLIC_PARTS = {
    *("kind", "request_id", "policy", "currency", "title", "channel", "admin_channel", "language"),
    *("mention_approvers", "requester", "status", "levels_in_all", "content_revision", "amendable"),
    *("voided", "card_version", "submitted_at", "changed_at", "closed_at", "closed_by"),
    *("closing_rule", "about", "layout", "level_names", "private"),
}


def _asked(visibility: Visibility) -> ApprovalState:
    asked = request(level(BORIS, CLARA))
    policy = replace(asked.policy, visibility=visibility)
    state = reach_level(approval.submit(replace(asked, policy=policy), after()).state, ())
    return read(state, reading(BORIS, CLARA, absences=(away(BORIS, EMIL),), people=(EMIL,))).state


def test_every_part_of_a_snapshot_is_either_public_or_private() -> None:
    names = {one.name for one in fields(ApprovalSnapshot)}

    assert names == PUBLIC_PARTS | PRIVATE_PARTS
    assert not PUBLIC_PARTS & PRIVATE_PARTS


def test_a_public_snapshot_keeps_what_is_public_and_nothing_else() -> None:
    snapshot = approval_snapshot(_asked(Visibility.PRIVATE), 1)
    public = public_approval(snapshot)

    for name in PUBLIC_PARTS:
        assert getattr(public, name) == getattr(snapshot, name)
    assert public.content == Content(title=snapshot.title)
    assert public_approval(public) == public


def test_no_part_of_a_level_is_private_but_what_somebody_wrote() -> None:
    """A new part of a level is to be looked at here."""
    assert {one.name for one in fields(LevelSnapshot)} == {
        *(
            "number",
            "name",
            "opened_at",
            "sources",
            "unreadable",
            "eligible",
            "asked",
            "delegates",
            "needed",
        ),
        *("blocked", "expires_at", "decisions", "passed", "reminders", "escalations"),
        *("reassigned", "approve_reason_required", "reject_reason_required"),
    }


def test_what_is_not_private_is_shown_as_it_is() -> None:
    snapshot = approval_snapshot(_asked(Visibility.CHANNEL), 1)

    assert public_approval(snapshot) is snapshot


@pytest.mark.parametrize(
    ("person", "expected"),
    [(ANA, True), (BORIS, True), (CLARA, True), (EMIL, True), (GUS, True), (DORA, False)],
)
def test_those_whom_it_concerns_may_read(person: str, *, expected: bool) -> None:
    assert may_read(_asked(Visibility.PRIVATE), person) is expected
    assert may_read(_asked(Visibility.CHANNEL), person)


def test_who_is_not_asked_any_more_has_read_it() -> None:
    state = _asked(Visibility.PRIVATE)
    left = read(replace(state, levels=(replace(state.levels[0], to_read=True),)), reading(DORA))

    assert may_read(left.state, BORIS)
    assert may_read(left.state, DORA)
    assert left.state.level is not None
    assert left.state.level.eligible == (DORA,)


def test_readers_are_kept_only_where_something_is_private() -> None:
    assert _asked(Visibility.CHANNEL).readers == ()
