"""The card of any face, as it stands on each of its copies."""

from bot.views import approval_card, level_reply, order_card, thread_root
from bot.views.blocks import Message
from workflows.rules.card import CardCopy
from workflows.rules.face import ApprovalFace
from workflows.rules.order import Face
from workflows.rules.policy import Layout
from workflows.rules.privacy import public_face


def build(face: Face, copy: CardCopy) -> Message:
    """Return the message that shows `face` on `copy`.

    A person's copy is the whole card. In a channel a private request shows what is public of it,
    and one in the thread layout a root, and under it a reply for each level.
    """
    approval = face if isinstance(face, ApprovalFace) else face.approval
    if copy.person or approval is None:
        return _whole(face)
    if copy.level:
        return level_reply.build(public_face(approval), copy.level, copy.revision)
    if not isinstance(face, ApprovalFace):
        return _whole(face)
    shown = public_face(face)
    return thread_root.build(shown) if shown.layout is Layout.THREAD else _whole(shown)


def _whole(face: Face) -> Message:
    return approval_card.build(face) if isinstance(face, ApprovalFace) else order_card.build(face)
