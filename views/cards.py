"""The card of any face, as it stands on each of its copies."""

from dataclasses import replace

from views import approval_card, hr_card, level_reply, order_card, thread_root
from views.blocks import Message
from workflows.rules.approvals.policy import Layout
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.journeys import public
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot


def build(snapshot: Snapshot, copy: CardCopy) -> Message:
    """Return the message that shows `face` on `copy`.

    A person's copy is the whole card. In a channel a private request shows what is public of it,
    and one in the thread layout a root, and under it a reply for each level.
    """
    if copy.person:
        return _whole(snapshot)
    shown = public(snapshot)
    approval = shown.approval
    if approval is None:
        return _whole(shown)
    if copy.level:
        return level_reply.build(approval, copy.level, copy.revision)
    if isinstance(shown, OrderSnapshot) or approval.layout is not Layout.THREAD:
        return _whole(shown)
    if isinstance(shown, HrSnapshot):
        root = replace(approval, card_version=shown.card_version)
        return thread_root.build(root, hr_card.provisioning_blocks(shown))
    return thread_root.build(approval)


def _whole(snapshot: Snapshot) -> Message:
    if isinstance(snapshot, ApprovalSnapshot):
        return approval_card.build(snapshot)
    return (
        hr_card.build(snapshot) if isinstance(snapshot, HrSnapshot) else order_card.build(snapshot)
    )
