"""The snapshot of any journey."""

from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot

Snapshot = ApprovalSnapshot | OrderSnapshot | HrSnapshot
"""The published state of any journey: what a card shows and what `records/` keeps.

All have `request_id`, `about`, `title`, `approval`, `approval_id`, `waits_for_approval`, `closed_by`,
`admin_channel`, `is_child`, `is_open` and `needs_attention`.
"""
