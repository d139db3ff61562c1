"""Private requests: no message in a channel has private text; direct messages do."""

import json
from dataclasses import asdict, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.views import examples, threads
from tests.views.any_snapshot import AnySnapshot
from tests.views.test_hr import hr
from views import cards, details_modal, notice_messages
from views.translator import ENGLISH
from workflows.rules.approvals.policy import Layout, RouteReason
from workflows.rules.approvals.privacy import public_approval
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import HrSnapshot, Provisioning
from workflows.rules.messages import Menu
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.shared.failure import Failure

VIEWS = settings(max_examples=60, deadline=None)
SECRET = "Zq7Xk9"
"""No catalogue text, id or number contains this."""


@given(st.integers(0, 10**6), st.sampled_from(Layout), st.integers(0, 10))
@VIEWS
def test_no_channel_has_private_text(seed: int, layout: Layout, level: int) -> None:
    snapshot = replace(_planted(AnySnapshot([SECRET], seed)), layout=layout)

    direct = _direct_copy_alone(snapshot, level, snapshot.content_revision)

    assert SECRET not in json.dumps(
        details_modal.request_view(Menu(face=public_approval(snapshot), verbs=()), ENGLISH)
    )
    assert SECRET in direct


@given(st.integers(0, 10**6), st.sampled_from(Layout), st.integers(0, 10), st.booleans())
@VIEWS
def test_no_channel_has_private_text_after_an_hr_approval(
    seed: int,
    layout: Layout,
    level: int,
    lost: bool,  # noqa: FBT001
) -> None:
    approval = replace(_planted(AnySnapshot([SECRET], seed)), layout=layout)
    planted = HrRequest(
        request_id="HR-1", type=HrType.EXPENSE, title=SECRET, description=SECRET, item=SECRET
    )
    problem = Failure(code="not_enough_days", data={"wanted": SECRET, "sku": SECRET})
    snapshot = hr(
        None if lost else approval, planted, provisioning=Provisioning.FAILED, failure=problem
    )
    if not lost:
        snapshot = replace(snapshot, approval=approval)

    direct = _direct_copy_alone(snapshot, level, approval.content_revision)

    assert lost or SECRET in direct


def _direct_copy_alone(snapshot: ApprovalSnapshot | HrSnapshot, level: int, revision: int) -> str:
    """Return the text of the direct copy, after a check of all messages in channels."""
    places = threads.copies("#c", (level, revision), (level, 1))
    direct = cards.build(snapshot, places.pop("direct"))
    for copy in places.values():
        assert SECRET not in json.dumps(asdict(cards.build(snapshot, copy)))
    for kind in NoticeKind:
        notice = Notice(key="n", kind=kind, face=snapshot, people=("U0BORIS",))
        for place in (notice, replace(notice, channel="#admins", problem="slack.x")):
            assert SECRET not in json.dumps(asdict(notice_messages.message(place, "")))
    return json.dumps(asdict(direct))


def _planted(some: AnySnapshot) -> ApprovalSnapshot:
    """Return a private snapshot with the secret in every private part."""
    snapshot = some.approval()
    change_request = snapshot.change_request
    return replace(
        snapshot,
        private=True,
        policy="time_off",
        title="Time off",
        channel="#c",
        admin_channel="#admins",
        requester=examples.ANA,
        rule=RouteReason(policy=SECRET),
        levels=tuple(_planted_level(level) for level in snapshot.levels),
        level_names=tuple(f"level {level.number}" for level in snapshot.levels),
        change_request=replace(change_request, person="U0BORIS") if change_request else None,
        closed_by=examples.BORIS if snapshot.closed_by else None,
        closing_rule="quorum",
    )


def _planted_level(level: LevelSnapshot) -> LevelSnapshot:
    named = level.reassigned
    return replace(
        level,
        name=f"level {level.number}",
        sources=("manager",),
        unreadable=("manager",) * bool(level.unreadable),
        eligible=("U0BORIS",),
        asked=(),
        delegates=(),
        blocked=level.blocked if level.blocked != SECRET else "too_few_eligible",
        decisions=tuple(
            replace(decision, person="U0BORIS", seat="U0CLARA") for decision in level.decisions
        ),
        reassigned=replace(named, person="U0GUS") if named else None,
    )
