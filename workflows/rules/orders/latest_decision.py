"""The latest decision about an order, which a query returns besides its snapshot."""

from dataclasses import dataclass
from datetime import datetime

from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalMessage:
    """The latest decision about an order."""

    person: str
    verdict: Verdict
    reason: str
    at: datetime


def approval_message(approval: ApprovalSnapshot | None) -> ApprovalMessage | None:
    """Return the latest decision of an order's approval, or None if there is none yet."""
    levels = approval.levels if approval else ()
    decisions = [decision for level in levels for decision in level.decisions]
    if not decisions:
        return None
    last = max(decisions, key=lambda decision: decision.at)
    return ApprovalMessage(person=last.person, verdict=last.verdict, reason=last.reason, at=last.at)
