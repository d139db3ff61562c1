"""The snapshot of any journey."""

from workflows.rules.approvals.privacy import public_approval
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.privacy import public_hr
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot

Snapshot = ApprovalSnapshot | OrderSnapshot | HrSnapshot
"""The published state of any journey: what a card shows and what `records/` keeps.

All have `request_id`, `about`, `title`, `approval`, `admin_channel`, `is_child`, `is_open` and
`needs_attention`.
"""


def public(snapshot: Snapshot) -> Snapshot:
    """Return the public snapshot, for a channel. Nothing in an order is private."""
    match snapshot:
        case ApprovalSnapshot():
            return public_approval(snapshot)
        case HrSnapshot():
            return public_hr(snapshot)
        case OrderSnapshot():
            return snapshot
