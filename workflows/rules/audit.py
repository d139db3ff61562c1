"""Facts, each written down once: what happened, who did it, by which rule, in which order."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from workflows.rules.people import Actor

GENESIS = "0" * 64
"""What the first fact of a request is chained to."""


class Fact(StrEnum):
    """The kinds of facts, past tense."""

    REQUEST_SUBMITTED = "RequestSubmitted"
    LEVEL_OPENED = "LevelOpened"
    LEVEL_BLOCKED = "LevelBlocked"
    LEVEL_REMINDED = "LevelReminded"
    LEVEL_ESCALATED = "LevelEscalated"
    LEVEL_REASSIGNED = "LevelReassigned"
    APPROVERS_CHANGED = "ApproversChanged"
    REFRESH_ASKED = "RefreshAsked"
    SEAT_DELEGATED = "SeatDelegated"
    DELEGATION_VOIDED = "DelegationVoided"
    COMMENT_ADDED = "CommentAdded"
    DECISION_RECORDED = "DecisionRecorded"
    LEVEL_PASSED = "LevelPassed"
    REQUEST_AMENDED = "RequestAmended"
    REQUEST_APPROVED = "RequestApproved"
    REQUEST_REJECTED = "RequestRejected"
    REQUEST_EXPIRED = "RequestExpired"
    REQUEST_WITHDRAWN = "RequestWithdrawn"
    REQUEST_CLOSED = "RequestClosedByAdmin"
    ORDER_RECEIVED = "OrderReceived"
    APPROVAL_ENDED = "ApprovalEnded"
    STEP_STARTED = "StepStarted"
    STEP_COMPLETED = "StepCompleted"
    STEP_FAILED = "StepFailed"
    STEP_COMPENSATED = "StepCompensated"
    ORDER_ENDED = "OrderEnded"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """One fact of one request. (`request_id`, `sequence`) names it; sequences start at 1."""

    request_id: str
    sequence: int
    kind: Fact
    at: datetime
    actor: Actor
    content_revision: int = 1
    level: int = 0
    rule: str = ""
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)


def chain_hash(previous: str, event: AuditEvent) -> str:
    """Return the hex digest that binds `event` to the fact before it (GENESIS for the first).

    Free texts (`reason` and the values of `data`) enter by their own digest, so that a text can
    be redacted later without breaking the chain, as long as its digest is kept.
    """
    written = asdict(event) | {
        "at": event.at.astimezone(UTC).isoformat(),
        "reason": text_digest(event.reason),
        "data": {key: text_digest(value) for key, value in event.data.items()},
    }
    canonical = json.dumps(written, sort_keys=True)
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def text_digest(text: str) -> str:
    """Return the hex SHA-256 of a free text."""
    return hashlib.sha256(text.encode()).hexdigest()
