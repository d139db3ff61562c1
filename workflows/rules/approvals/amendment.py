"""Amendments: the requester changes the content, and all earlier decisions become void."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from workflows.rules.approvals.deadlines import advance_clock, require_open
from workflows.rules.approvals.levels import approve_if_no_level
from workflows.rules.approvals.policy import route
from workflows.rules.approvals.request import (
    Amendment,
    ApprovalState,
    Change,
    Exclusion,
    Notification,
    NotificationKind,
    RequestKind,
    Status,
)
from workflows.rules.approvals.transitions import note, with_notification
from workflows.rules.hr.request import check_amended
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.content import (
    Content,
    check_content,
    content_changes,
    content_evidence,
)
from workflows.rules.shared.errors import (
    AmendmentsUsedUpError,
    NotAmendableError,
    NothingChangedError,
    NotTheRequesterError,
    StaleContentError,
)

CONTENT_CHECKS: Mapping[RequestKind, Callable[[Content, Content], None]] = MappingProxyType(
    {RequestKind.HR: check_amended}
)
"""Checks of amended content by journey, called with the content before and after the amendment.

A journey whose workflow carries out the amended content has a check: the content must still be a
request of that journey. This table is not part of the journey registry, which imports snapshots,
which import this module.
"""


def may_be_amended(state: ApprovalState) -> bool:
    """Return whether policy and request allow another amendment."""
    return state.request.amendable and state.content_revision <= state.request.policy.max_amendments


def require_amendable(state: ApprovalState) -> None:
    """Raise NotAmendableError or AmendmentsUsedUpError if the content can no longer change."""
    if may_be_amended(state):
        return
    if not state.request.amendable:
        raise NotAmendableError
    raise AmendmentsUsedUpError(limit=str(state.request.policy.max_amendments))


def check_amend(state: ApprovalState, amendment: Amendment, now: datetime) -> None:
    """Check whether this person may make this amendment now; changes nothing.

    Raises:
        RequestClosedError, NotTheRequesterError, StaleContentError, NotAmendableError,
        AmendmentsUsedUpError, NothingChangedError, NoTierError, and the errors of
        `check_content`; for the approval of a journey also those of its check in `CONTENT_CHECKS`.

    """
    state = require_open(state, now)
    if amendment.actor.person != state.request.requester.person:
        raise NotTheRequesterError
    if amendment.content_revision != state.content_revision:
        raise StaleContentError
    require_amendable(state)
    check_content(amendment.content)
    content = _content(state, amendment)
    if not content_changes(state.request.content, content):
        raise NothingChangedError
    check = CONTENT_CHECKS.get(state.request.about)
    if check is not None:
        check(state.request.content, content)
    route(state.request.policy, amendment.content.amount)


def _content(state: ApprovalState, amendment: Amendment) -> Content:
    """Return the new content. Labelled lines are kept if the form does not ask for them."""
    new = amendment.content
    return new if new.fields else replace(new, fields=state.request.content.fields)


def amend(state: ApprovalState, amendment: Amendment, now: datetime) -> Change:
    """Change the content and start again at the first level that the new amount needs.

    No earlier decision counts, because it was about other content. All decisions become void, so
    that no sequence of clicks and edits can carry an approval over to content that was not read.
    The people that an admin has taken off stay off, and the admins are notified.
    """
    change = advance_clock(state, now)
    state = change.state
    content = _content(state, amendment)
    decided = sum(len(level.decisions) for level in state.levels)
    new_route = route(state.request.policy, content.amount)
    changes = content_changes(state.request.content, content)
    amended = replace(
        state,
        request=replace(state.request, content=content, route=new_route),
        status=Status.PENDING,
        levels=(),
        content_revision=state.content_revision + 1,
        changes=changes,
        change_request=None,
        voided=state.voided + decided,
        exclusions=_exclusions(state),
    )
    if amended.exclusions:
        change = with_notification(change, Notification(kind=NotificationKind.EXCLUDED))
    change = note(
        replace(change, state=amended),
        Fact.REQUEST_AMENDED,
        amendment.actor,
        now,
        rule=new_route.rule,
        data={
            "changed": ",".join(changed.part for changed in changes),
            "voided": str(decided),
            **content_evidence(content),
        },
    )
    return approve_if_no_level(change, now)


def _exclusions(state: ApprovalState) -> tuple[Exclusion, ...]:
    """Return the exclusions so far, and those by the admins who reassigned a level of this content.

    A person who is an approver of the reassigned level is not excluded: the admin chose their group.
    """
    found = {exclusion.person: exclusion for exclusion in state.exclusions}
    for level in state.levels:
        for person in level.taken_off:
            if person not in level.seats:
                found[person] = Exclusion(person=person, admins=level.reassigned_by)
    return tuple(found.values())
