"""News of an order in the thread of its card: one short reply for each event that is worth one."""

from views.blocks import Message, context, plain, said
from views.ids import BlockId
from views.outcome import who
from views.text import date, in_line, text
from workflows.rules.notice import NoticeKind
from workflows.rules.orders.order import OrderSnapshot, StepName

KINDS = (
    NoticeKind.ORDER_PAID,
    NoticeKind.ORDER_SHIPPED,
    NoticeKind.ORDER_DELIVERED,
    NoticeKind.ORDER_CANCELLED,
)
_WHY = 1000


def build(kind: NoticeKind, snapshot: OrderSnapshot) -> Message:
    """Return the reply of one of `KINDS`; the card above it says all else."""
    words = _words(kind, snapshot)
    message = Message(text=words, blocks=[said(BlockId.NOTICE, words, snapshot.language)])
    if kind is not NoticeKind.ORDER_CANCELLED or snapshot.cancelled is None:
        return message
    reason = snapshot.cancelled.reason.strip()
    if not reason:
        return message
    quote = text("outcome.reason", snapshot.language, reason=reason)
    why = context(BlockId.CANCELLED, plain(quote, _WHY, snapshot.language))
    return Message(text=words, blocks=[*message.blocks, why])


def _words(kind: NoticeKind, snapshot: OrderSnapshot) -> str:
    locale, when = snapshot.language, snapshot.estimated_delivery
    blanks = {
        "order_id": in_line(snapshot.order.order_id, 80, locale),
        "customer": in_line(snapshot.order.customer, 160, locale),
        "amount": str(snapshot.order.total),
    }
    match kind:
        case NoticeKind.ORDER_SHIPPED:
            reference = _reference(snapshot, StepName.SHIP)
            if when is None:
                return text("tell.order_shipped", locale, reference=reference)
            return text(
                "tell.order_shipped.expected", locale, reference=reference, when=date(when, locale)
            )
        case NoticeKind.ORDER_DELIVERED:
            reference = _reference(snapshot, StepName.SHIP)
            return text("tell.order_delivered", locale, reference=reference, **blanks)
        case NoticeKind.ORDER_CANCELLED if snapshot.cancelled is not None:
            by = who(snapshot.cancelled.actor, locale)
            return text("tell.order_cancelled.by_whom", locale, who=by, **blanks)
        case NoticeKind.ORDER_CANCELLED:
            return text("tell.order_cancelled", locale, **blanks)
        case _:
            return text("tell.order_paid", locale, **blanks)


def _reference(snapshot: OrderSnapshot, name: StepName) -> str:
    step = next(step for step in snapshot.steps if step.name is name)
    return in_line(step.reference, 80, snapshot.language)
