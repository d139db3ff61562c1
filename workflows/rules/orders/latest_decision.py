"""What is answered about an order besides its face."""

from dataclasses import dataclass
from datetime import datetime

from workflows.rules.approvals.request import Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalMessage:
    """The latest decision about an order: who said what, why, and when."""

    person: str
    verdict: Verdict
    reason: str
    at: datetime


def approval_message(approval: ApprovalSnapshot | None) -> ApprovalMessage | None:
    """Return the latest decision of an order's approval, or None where nobody has decided."""
    said = [one for level in approval.levels for one in level.decisions] if approval else []
    if not said:
        return None
    last = max(said, key=lambda one: one.at)
    return ApprovalMessage(person=last.person, verdict=last.verdict, reason=last.reason, at=last.at)
