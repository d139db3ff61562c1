"""Notifications about an order: mails to its customer, and notices in its card's thread."""

from collections.abc import Iterable, Mapping

from workflows.rules.notice import NoticeKind
from workflows.rules.orders.mail import Mail, MailKind
from workflows.rules.orders.order import OrderState, OrderStatus, PaymentMode, StepName
from workflows.rules.shared.audit import AuditEvent, Fact

_MAILS: Mapping[str, MailKind] = {
    StepName.PAY: MailKind.PAID,
    StepName.SHIP: MailKind.SHIPPED,
    StepName.DELIVER: MailKind.DELIVERED,
}

_NOTICES: Mapping[str, NoticeKind] = {
    StepName.PAY: NoticeKind.ORDER_PAID,
    StepName.SHIP: NoticeKind.ORDER_SHIPPED,
    StepName.DELIVER: NoticeKind.ORDER_DELIVERED,
}


def thread_notices(state: OrderState, facts: Iterable[AuditEvent]) -> tuple[NoticeKind, ...]:
    """Return the notices for the card's thread that follow from new facts of the order.

    There is none for a payment card that we charge, because that follows directly from the
    approval shown above.
    """
    return tuple(kind for fact in facts if (kind := _notice(state, fact)) is not None)


def _notice(state: OrderState, fact: AuditEvent) -> NoticeKind | None:
    match fact.kind:
        case Fact.STEP_COMPLETED:
            kind = _NOTICES.get(fact.data["step"])
            charged = state.order.payment is PaymentMode.CHARGE
            return None if kind is NoticeKind.ORDER_PAID and charged else kind
        case Fact.COMPENSATION_FAILED:
            return NoticeKind.ATTENTION
        case Fact.ORDER_ENDED if fact.data["status"] == OrderStatus.CANCELLED:
            return NoticeKind.ORDER_CANCELLED
        case _:
            return None


def customer_mails(state: OrderState, facts: Iterable[AuditEvent]) -> tuple[Mail, ...]:
    """Return the mails that follow from new facts of the order; none if it has no address."""
    if not state.order.email:
        return ()
    return tuple(mail for fact in facts if (mail := _mail(state, fact)) is not None)


def _mail(state: OrderState, fact: AuditEvent) -> Mail | None:
    kind, reference = None, ""
    if fact.kind is Fact.ORDER_RECEIVED:
        kind = MailKind.RECEIVED
    elif fact.kind is Fact.STEP_COMPLETED:
        kind, reference = _MAILS.get(fact.data["step"]), fact.data["reference"]
    elif fact.kind is Fact.ORDER_ENDED and fact.data["status"] == OrderStatus.CANCELLED:
        kind = MailKind.CANCELLED
    if kind is None:
        return None
    return Mail(
        key=f"{state.order.order_id}:{kind}",
        to=state.order.email,
        kind=kind,
        order=state.order,
        reference=reference,
        reason=state.cancelled.reason if state.cancelled and kind is MailKind.CANCELLED else "",
        language=state.policy.language,
    )
