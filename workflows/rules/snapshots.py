"""Every face that a card can show."""

from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot

Snapshot = ApprovalSnapshot | OrderSnapshot | HrSnapshot
"""What a card can show."""
