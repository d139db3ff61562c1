"""The card of any face, as it stands on each of its copies."""

from dataclasses import replace

from views import approval_card, hr_card, level_reply, order_card, thread_root
from views.blocks import Message
from views.translator import Translator, translator
from workflows.rules.approvals.policy import Layout
from workflows.rules.approvals.privacy import public
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot


def build(snapshot: Snapshot, copy: CardCopy) -> Message:
    """Return the message that shows `face` on `copy`.

    A person's copy is the whole card. In a channel a private request shows what is public of it,
    and one in the thread layout a root, and under it a reply for each level.
    """
    t = translator(snapshot.language)
    if copy.person:
        return _whole(snapshot, t)
    shown = public(snapshot)
    approval = shown if isinstance(shown, ApprovalSnapshot) else shown.approval
    if approval is None:
        return _whole(shown, t)
    if copy.level:
        return level_reply.build(approval, copy.level, copy.revision, t)
    if isinstance(shown, OrderSnapshot) or approval.layout is not Layout.THREAD:
        return _whole(shown, t)
    if isinstance(shown, HrSnapshot):
        root = replace(approval, card_version=shown.card_version)
        return thread_root.build(root, t, hr_card.provisioning_blocks(shown, t))
    return thread_root.build(approval, t)


def _whole(snapshot: Snapshot, t: Translator) -> Message:
    if isinstance(snapshot, ApprovalSnapshot):
        return approval_card.build(snapshot, t)
    return (
        hr_card.build(snapshot, t)
        if isinstance(snapshot, HrSnapshot)
        else order_card.build(snapshot, t)
    )
