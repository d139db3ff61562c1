"""Building blocks of the rules: add a fact, change a level, close a request."""

from dataclasses import replace
from datetime import datetime

from workflows.rules.approvals.request import (
    ApprovalState,
    Change,
    LevelState,
    Notification,
    Status,
)
from workflows.rules.people.actors import Actor
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.content import require_storable
from workflows.rules.shared.errors import (
    ChangesRequestedError,
    ReasonRequiredError,
    ReasonTooLongError,
)

MAX_REASON = 3000
"""Characters of a reason or comment: the limit of one Slack input. The audit trail keeps it all."""


def note(  # noqa: PLR0913 - a fact has this many parts
    change: Change,
    kind: Fact,
    actor: Actor,
    now: datetime,
    *,
    level: int = 0,
    rule: str = "",
    reason: str = "",
    data: dict[str, str] | None = None,
) -> Change:
    """Return `change` with one more fact, which gets the next sequence number."""
    sequence = change.state.sequence + 1
    event = AuditEvent(
        request_id=change.state.request.request_id,
        sequence=sequence,
        kind=kind,
        at=now,
        actor=actor,
        content_revision=change.state.content_revision,
        level=level,
        rule=rule,
        reason=reason,
        data=data or {},
    )
    return replace(
        change,
        state=replace(change.state, sequence=sequence, changed_at=now),
        facts=(*change.facts, event),
    )


def with_level(change: Change, level: LevelState) -> Change:
    """Return `change` with its latest level replaced by `level`."""
    levels = (*change.state.levels[:-1], level)
    return replace(change, state=replace(change.state, levels=levels))


def with_notification(change: Change, notification: Notification) -> Change:
    """Return `change` with one more notification to send."""
    return replace(change, notifications=(*change.notifications, notification))


_CLOSING_FACT = {
    Status.APPROVED: Fact.REQUEST_APPROVED,
    Status.REJECTED: Fact.REQUEST_REJECTED,
    Status.EXPIRED: Fact.REQUEST_EXPIRED,
    Status.WITHDRAWN: Fact.REQUEST_WITHDRAWN,
    Status.ADMIN_CLOSED: Fact.REQUEST_CLOSED,
}


def close(  # noqa: PLR0913 - a fact has this many parts
    change: Change, status: Status, actor: Actor, now: datetime, *, rule: str, reason: str = ""
) -> Change:
    """Return `change` with the request closed by `actor` and `rule`."""
    state = replace(
        change.state,
        status=status,
        closed_at=now,
        closed_by=actor,
        closing_rule=rule,
        closing_reason=reason,
    )
    return note(
        replace(change, state=state), _CLOSING_FACT[status], actor, now, rule=rule, reason=reason
    )


def require_decidable(state: ApprovalState) -> None:
    """Raise ChangesRequestedError if the request waits for its requester to change it."""
    if state.change_request is not None:
        raise ChangesRequestedError(person=state.change_request.person)


def require_reason(reason: str) -> None:
    """Raise ReasonRequiredError for an empty reason, or the errors of `require_short`."""
    if not reason.strip():
        raise ReasonRequiredError
    require_short(reason)


def require_short(reason: str) -> None:
    """Raise ReasonTooLongError beyond 3,000 characters, or the error of `require_storable`."""
    if len(reason) > MAX_REASON:
        raise ReasonTooLongError(length=str(len(reason)))
    require_storable(reason)
