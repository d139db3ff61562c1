"""Every face that a card can show."""

from workflows.rules.face import ApprovalFace
from workflows.rules.hr_face import HrFace
from workflows.rules.order import OrderFace

Face = ApprovalFace | OrderFace | HrFace
"""What a card can show."""
