"""A private request: no message in a channel holds anything that was written, copies in DMs do."""

import json
from dataclasses import asdict, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.views import faces, threads
from tests.views.any_face import AnyFace
from tests.views.test_hr import hr
from views import cards, details_modal, notice_messages
from workflows.rules.approvals.policy import Layout, RouteReason
from workflows.rules.approvals.privacy import public_face
from workflows.rules.approvals.snapshot import ApprovalFace, LevelFace
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.hr.snapshot import HrFace, Provisioning
from workflows.rules.messages import Menu
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.shared.failure import Failure

VIEWS = settings(max_examples=60, deadline=None)
SECRET = "Zq7Xk9"
"""No sentence of ours, no id and no number holds this."""


@given(st.integers(0, 10**6), st.sampled_from(Layout), st.integers(0, 10))
@VIEWS
def test_nothing_private_stands_in_any_channel(seed: int, layout: Layout, level: int) -> None:
    face = replace(_planted(AnyFace([SECRET], seed)), layout=layout)

    direct = _direct_copy_alone(face, level, face.content_revision)

    assert SECRET not in json.dumps(details_modal.shown(Menu(face=public_face(face), verbs=())))
    assert SECRET in direct


@given(st.integers(0, 10**6), st.sampled_from(Layout), st.integers(0, 10), st.booleans())
@VIEWS
def test_nothing_private_stands_in_any_channel_once_hr_goes_on(
    seed: int,
    layout: Layout,
    level: int,
    lost: bool,  # noqa: FBT001
) -> None:
    approval = replace(_planted(AnyFace([SECRET], seed)), layout=layout)
    planted = HrRequest(
        request_id="HR-1", type=HrType.EXPENSE, title=SECRET, description=SECRET, item=SECRET
    )
    problem = Failure(code="not_enough_days", data={"wanted": SECRET, "sku": SECRET})
    face = hr(
        None if lost else approval, planted, provisioning=Provisioning.FAILED, failure=problem
    )
    if not lost:
        face = replace(face, approval=approval)

    direct = _direct_copy_alone(face, level, approval.content_revision)

    assert lost or SECRET in direct


def _direct_copy_alone(face: ApprovalFace | HrFace, level: int, revision: int) -> str:
    """Return the direct copy's text, after a look at everything that a channel gets."""
    places = threads.copies("#c", (level, revision), (level, 1))
    direct = cards.build(face, places.pop("direct"))
    for copy in places.values():
        assert SECRET not in json.dumps(asdict(cards.build(face, copy)))
    for kind in NoticeKind:
        notice = Notice(key="n", kind=kind, face=face, people=("U0BORIS",))
        for place in (notice, replace(notice, channel="#admins", problem="slack.x")):
            assert SECRET not in json.dumps(asdict(notice_messages.message(place, "")))
    return json.dumps(asdict(direct))


def _planted(some: AnyFace) -> ApprovalFace:
    """Return a private face with the secret in every private part; what is public is harmless."""
    face = some.approval()
    wanted = face.change_request
    return replace(
        face,
        private=True,
        policy="time_off",
        title="Time off",
        channel="#c",
        admin_channel="#admins",
        requester=faces.ANA,
        rule=RouteReason(policy=SECRET),
        levels=tuple(_planted_level(level) for level in face.levels),
        level_names=tuple(f"level {level.number}" for level in face.levels),
        change_request=replace(wanted, person="U0BORIS") if wanted else None,
        closed_by=faces.BORIS if face.closed_by else None,
        closing_rule="quorum",
    )


def _planted_level(level: LevelFace) -> LevelFace:
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
        decisions=tuple(replace(one, person="U0BORIS", seat="U0CLARA") for one in level.decisions),
        reassigned=replace(named, person="U0GUS") if named else None,
    )
