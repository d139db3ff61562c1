"""Notices about an order: replies in the thread of its card, its outcome, and calls for help."""

from views import order_card
from views.blocks import Message, plain_note, text_block, text_message
from views.explanations import failure_mrkdwn, failure_text
from views.ids import BlockId
from views.notices import outcome_message, with_card_link, with_reason
from views.people import actor_text
from views.translator import Translator
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, StepName

REPLIES = (
    NoticeKind.ORDER_PAID,
    NoticeKind.ORDER_SHIPPED,
    NoticeKind.ORDER_DELIVERED,
    NoticeKind.ORDER_CANCELLED,
)
"""Posted in the thread of the card; the card shows everything else."""
_REASON = 1000


def build(notice: Notice, snapshot: OrderSnapshot, link: str, t: Translator) -> Message:
    """Return the message of a notice about an order; `link` leads to the card."""
    if notice.kind is NoticeKind.ATTENTION:
        return _attention(snapshot, link if notice.channel else "", t)
    if notice.kind in REPLIES:
        return _reply(notice.kind, snapshot, t)
    return outcome(snapshot, link, t)


def outcome(snapshot: OrderSnapshot, link: str, t: Translator) -> Message:
    """Return the outcome for the requester, with the card as it is but without buttons."""
    approval = snapshot.approval
    failure = failure_mrkdwn(snapshot.failure, 300, t)
    unpaid = snapshot.status is OrderStatus.EXPIRED and snapshot.payment_due is not None
    key = f"notice.outcome.order.{order_card.state_name(snapshot)}"
    text = t(
        "notice.outcome.order.expired.unpaid" if unpaid else key,
        order_id=t.inline(snapshot.order.order_id, 80),
        customer=t.inline(snapshot.order.customer, 160),
        who=actor_text(approval.closed_by if approval else None, t),
        failure=failure if failure.endswith((".", "!", "?")) else f"{failure}.",
    )
    text = with_reason(text, approval.closing_reason if approval else "", t)
    return outcome_message(text, link, order_card.build(snapshot, t), t)


def _attention(snapshot: OrderSnapshot, link: str, t: Translator) -> Message:
    """Return the message to the admins that a step could not be undone, and why."""
    stuck = snapshot.stuck
    text = t(
        "tell.attention",
        order_id=t.inline(snapshot.order.order_id, 80),
        customer=t.inline(snapshot.order.customer, 160),
        requester=actor_text(snapshot.requester, t),
        step=t(f"order.step.{stuck.step}") if stuck else "",
    )
    message = text_message(with_card_link(text, link, t), t)
    if stuck is None or not stuck.error.strip():
        return message
    cause = t("order.failure.why", failure=failure_text(stuck.error, t))
    note = plain_note(BlockId.ATTENTION, cause, _REASON, t)
    return Message(text=message.text, blocks=[*message.blocks, note])


def _reply(kind: NoticeKind, snapshot: OrderSnapshot, t: Translator) -> Message:
    text = _reply_text(kind, snapshot, t)
    blocks = [text_block(BlockId.NOTICE, text, t)]
    if kind is NoticeKind.ORDER_CANCELLED and snapshot.cancelled is not None:
        reason = snapshot.cancelled.reason.strip()
        if reason:
            quote = t("outcome.reason", reason=reason)
            blocks.append(plain_note(BlockId.CANCELLED, quote, _REASON, t))
    return Message(text=text, blocks=blocks)


def _reply_text(kind: NoticeKind, snapshot: OrderSnapshot, t: Translator) -> str:
    expected = snapshot.estimated_delivery
    blanks = {
        "order_id": t.inline(snapshot.order.order_id, 80),
        "customer": t.inline(snapshot.order.customer, 160),
        "amount": t.money(snapshot.order.total),
    }
    match kind:
        case NoticeKind.ORDER_SHIPPED:
            reference = _reference(snapshot, StepName.SHIP, t)
            if expected is None:
                return t("tell.order_shipped", reference=reference)
            when = t.date(expected)
            return t("tell.order_shipped.expected", reference=reference, when=when)
        case NoticeKind.ORDER_DELIVERED:
            reference = _reference(snapshot, StepName.SHIP, t)
            return t("tell.order_delivered", reference=reference, **blanks)
        case NoticeKind.ORDER_CANCELLED if snapshot.cancelled is not None:
            cancelled_by = actor_text(snapshot.cancelled.actor, t)
            return t("tell.order_cancelled.by_whom", who=cancelled_by, **blanks)
        case NoticeKind.ORDER_CANCELLED:
            return t("tell.order_cancelled", **blanks)
        case _:
            return t("tell.order_paid", **blanks)


def _reference(snapshot: OrderSnapshot, name: StepName, t: Translator) -> str:
    step = next(step for step in snapshot.steps if step.name is name)
    return t.inline(step.reference, 80)
