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
    absence_of,
    after,
    apply_result,
    directory_result,
    level,
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
"""The fields that a public snapshot changes. A new field is public unless it is added here."""
PUBLIC_PARTS = {
    *("kind", "request_id", "policy", "currency", "title", "channel", "admin_channel", "language"),
    *("mention_approvers", "requester", "status", "levels_in_all", "content_revision", "amendable"),
    *("voided", "card_version", "submitted_at", "changed_at", "closed_at", "closed_by"),
    *("closing_rule", "about", "layout", "level_names", "private"),
    "exclusions",
}


def _asked(visibility: Visibility) -> ApprovalState:
    asked = request(level(BORIS, CLARA))
    policy = replace(asked.policy, visibility=visibility)
    state = reach_level(approval.submit(replace(asked, policy=policy), after()).state, ())
    return apply_result(
        state, directory_result(BORIS, CLARA, absences=(absence_of(BORIS, EMIL),), people=(EMIL,))
    ).state


def test_every_part_of_a_snapshot_is_either_public_or_private() -> None:
    names = {field.name for field in fields(ApprovalSnapshot)}

    assert names == PUBLIC_PARTS | PRIVATE_PARTS
    assert not PUBLIC_PARTS & PRIVATE_PARTS


def test_a_public_snapshot_keeps_what_is_public_and_nothing_else() -> None:
    snapshot = approval_snapshot(_asked(Visibility.PRIVATE), 1)
    public = public_approval(snapshot)

    for name in PUBLIC_PARTS:
        assert getattr(public, name) == getattr(snapshot, name)
    assert public.content == Content(title=snapshot.title)
    assert public_approval(public) == public


def test_only_reasons_are_private_in_a_level() -> None:
    """A new field of a level must be checked here."""
    assert {field.name for field in fields(LevelSnapshot)} == {
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
        *("reassigned", "approve_reason_required", "reject_reason_required", "standing_unknown"),
    }


def test_a_snapshot_that_is_not_private_is_unchanged() -> None:
    snapshot = approval_snapshot(_asked(Visibility.CHANNEL), 1)

    assert public_approval(snapshot) is snapshot


@pytest.mark.parametrize(
    ("person", "expected"),
    [(ANA, True), (BORIS, True), (CLARA, True), (EMIL, True), (GUS, True), (DORA, False)],
)
def test_the_people_involved_may_read(person: str, *, expected: bool) -> None:
    assert may_read(_asked(Visibility.PRIVATE), person) is expected
    assert may_read(_asked(Visibility.CHANNEL), person)


def test_a_former_approver_may_still_read() -> None:
    state = _asked(Visibility.PRIVATE)
    left = apply_result(
        replace(state, levels=(replace(state.levels[0], to_read=True),)), directory_result(DORA)
    )

    assert may_read(left.state, BORIS)
    assert may_read(left.state, DORA)
    assert left.state.level is not None
    assert left.state.level.eligible == (DORA,)


def test_readers_are_kept_only_for_a_private_request() -> None:
    assert _asked(Visibility.CHANNEL).readers == ()
