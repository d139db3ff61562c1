"""News of an order in the thread of its card: one short reply for each event that is worth one."""

from views.blocks import Message, context, mrkdwn_section, plain
from views.ids import BlockId
from views.outcome import actor_text
from views.translator import Translator
from workflows.rules.notice import NoticeKind
from workflows.rules.orders.order import OrderSnapshot, StepName

KINDS = (
    NoticeKind.ORDER_PAID,
    NoticeKind.ORDER_SHIPPED,
    NoticeKind.ORDER_DELIVERED,
    NoticeKind.ORDER_CANCELLED,
)
_WHY = 1000


def build(kind: NoticeKind, snapshot: OrderSnapshot, t: Translator) -> Message:
    """Return the reply of one of `KINDS`; the card above it says all else."""
    text = _words(kind, snapshot, t)
    message = Message(text=text, blocks=[mrkdwn_section(BlockId.NOTICE, text, t)])
    if kind is not NoticeKind.ORDER_CANCELLED or snapshot.cancelled is None:
        return message
    reason = snapshot.cancelled.reason.strip()
    if not reason:
        return message
    quote = t("outcome.reason", reason=reason)
    why = context(BlockId.CANCELLED, plain(quote, _WHY, t))
    return Message(text=text, blocks=[*message.blocks, why])


def _words(kind: NoticeKind, snapshot: OrderSnapshot, t: Translator) -> str:
    when = snapshot.estimated_delivery
    blanks = {
        "order_id": t.inline(snapshot.order.order_id, 80),
        "customer": t.inline(snapshot.order.customer, 160),
        "amount": str(snapshot.order.total),
    }
    match kind:
        case NoticeKind.ORDER_SHIPPED:
            reference = _reference(snapshot, StepName.SHIP, t)
            if when is None:
                return t("tell.order_shipped", reference=reference)
            return t("tell.order_shipped.expected", reference=reference, when=t.date(when))
        case NoticeKind.ORDER_DELIVERED:
            reference = _reference(snapshot, StepName.SHIP, t)
            return t("tell.order_delivered", reference=reference, **blanks)
        case NoticeKind.ORDER_CANCELLED if snapshot.cancelled is not None:
            by = actor_text(snapshot.cancelled.actor, t)
            return t("tell.order_cancelled.by_whom", who=by, **blanks)
        case NoticeKind.ORDER_CANCELLED:
            return t("tell.order_cancelled", **blanks)
        case _:
            return t("tell.order_paid", **blanks)


def _reference(snapshot: OrderSnapshot, name: StepName, t: Translator) -> str:
    step = next(step for step in snapshot.steps if step.name is name)
    return t.inline(step.reference, 80)
