"""The card of any face."""

from bot.views import approval_card, order_card
from bot.views.blocks import Message
from workflows.rules.face import ApprovalFace
from workflows.rules.order import Face


def build(face: Face) -> Message:
    """Return the message that shows `face`."""
    if isinstance(face, ApprovalFace):
        return approval_card.build(face)
    return order_card.build(face)
