"""The card of any face, as it stands on each of its copies."""

from dataclasses import replace

from bot.views import approval_card, hr_card, level_reply, order_card, thread_root
from bot.views.blocks import Message
from workflows.rules.card import CardCopy
from workflows.rules.face import ApprovalFace
from workflows.rules.faces import Face
from workflows.rules.hr_face import HrFace
from workflows.rules.order import OrderFace
from workflows.rules.policy import Layout
from workflows.rules.privacy import public


def build(face: Face, copy: CardCopy) -> Message:
    """Return the message that shows `face` on `copy`.

    A person's copy is the whole card. In a channel a private request shows what is public of it,
    and one in the thread layout a root, and under it a reply for each level.
    """
    if copy.person:
        return _whole(face)
    shown = public(face)
    approval = shown if isinstance(shown, ApprovalFace) else shown.approval
    if approval is None:
        return _whole(shown)
    if copy.level:
        return level_reply.build(approval, copy.level, copy.revision)
    if isinstance(shown, OrderFace) or approval.layout is not Layout.THREAD:
        return _whole(shown)
    if isinstance(shown, HrFace):
        root = replace(approval, card_version=shown.card_version)
        return thread_root.build(root, hr_card.provisioning_blocks(shown))
    return thread_root.build(approval)


def _whole(face: Face) -> Message:
    if isinstance(face, ApprovalFace):
        return approval_card.build(face)
    return hr_card.build(face) if isinstance(face, HrFace) else order_card.build(face)
