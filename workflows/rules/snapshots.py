"""Every face that a card can show."""

from workflows.rules.approvals.snapshot import ApprovalFace
from workflows.rules.hr.snapshot import HrFace
from workflows.rules.orders.order import OrderFace

Face = ApprovalFace | OrderFace | HrFace
"""What a card can show."""
