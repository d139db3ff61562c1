"""Facts of the audit trail: what happened, who did it and by which rule, in a hash chain."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from workflows.rules.people.actors import Actor

GENESIS = "0" * 64
"""The digest to which the first fact of a request is chained."""


class Fact(StrEnum):
    """The kinds of facts, in the past tense."""

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
    COMPENSATION_FAILED = "CompensationFailed"
    COMPENSATION_RESUMED = "CompensationResumed"
    PARCEL_SHIPPED = "ParcelShipped"
    PARCEL_DELIVERED = "ParcelDelivered"
    PARCEL_FAILED = "ParcelFailed"
    PARCEL_RECALLED = "ParcelRecalled"
    PAYMENT_AWAITED = "PaymentAwaited"
    PAYMENT_CONFIRMED = "PaymentConfirmed"
    PAYMENT_UNMATCHED = "PaymentUnmatched"
    PAYMENT_WINDOW_ENDED = "PaymentWindowEnded"
    ORDER_CANCELLED = "OrderCancelled"
    ORDER_ENDED = "OrderEnded"
    HR_REQUEST_RECEIVED = "HrRequestReceived"
    HR_REQUEST_ENDED = "HrRequestEnded"
    ENDED_OUTSIDE = "EndedOutside"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """One fact of one request, identified by (`request_id`, `sequence`); sequences start at 1."""

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


def chain_hash(previous: str, event: AuditEvent, kept: Mapping[str, str] | None = None) -> str:
    """Return the hex digest that binds `event` to the fact before it (GENESIS for the first).

    Free texts (`reason` and the values of `data`) enter by their own digest, so that a text can
    be redacted later without breaking the chain, as long as its digest is kept. `kept` holds such
    digests by field name, as in `redactable_texts`.
    """
    digests = {name: text_digest(text) for name, text in redactable_texts(event).items()}
    digests |= dict(kept or {})
    record = asdict(event) | {
        "at": event.at.astimezone(UTC).isoformat(),
        "reason": digests["reason"],
        "data": {key: digests[data_field(key)] for key in event.data},
    }
    return chain_digest(previous, record)


def chain_digest(previous: str, record: Mapping[str, object]) -> str:
    """Return the hex digest that binds a record to the digest before it."""
    canonical = json.dumps(dict(record), sort_keys=True)
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def text_digest(text: str) -> str:
    """Return the hex SHA-256 of a free text."""
    return hashlib.sha256(text.encode()).hexdigest()


def data_field(key: str) -> str:
    """Return the field name of the text under a key of `data`."""
    return f"data.{key}"


def redactable_texts(event: AuditEvent) -> dict[str, str]:
    """Return the texts of a fact that can be redacted, by field: `reason` and each `data.KEY`."""
    return {"reason": event.reason} | {data_field(key): text for key, text in event.data.items()}


def without_texts(event: AuditEvent, fields: frozenset[str]) -> AuditEvent:
    """Return the fact with these fields emptied."""
    data = {key: "" if data_field(key) in fields else text for key, text in event.data.items()}
    return replace(event, reason="" if "reason" in fields else event.reason, data=data)
