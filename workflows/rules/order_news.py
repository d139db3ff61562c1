"""Which news of an order its customer gets by mail."""

from collections.abc import Iterable, Mapping

from workflows.rules.audit import AuditEvent, Fact
from workflows.rules.mail import Mail, MailKind
from workflows.rules.order import OrderState, OrderStatus, StepName

_STEPS: Mapping[str, MailKind] = {
    StepName.PAY: MailKind.PAID,
    StepName.SHIP: MailKind.SHIPPED,
    StepName.DELIVER: MailKind.DELIVERED,
}


def mails(state: OrderState, facts: Iterable[AuditEvent]) -> tuple[Mail, ...]:
    """Return the mails that these new facts of the order make; none without an address."""
    if not state.order.email:
        return ()
    return tuple(mail for fact in facts if (mail := _mail(state, fact)) is not None)


def _mail(state: OrderState, fact: AuditEvent) -> Mail | None:
    kind, reference = None, ""
    if fact.kind is Fact.ORDER_RECEIVED:
        kind = MailKind.RECEIVED
    elif fact.kind is Fact.STEP_COMPLETED:
        kind, reference = _STEPS.get(fact.data["step"]), fact.data["reference"]
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
