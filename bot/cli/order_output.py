"""An order on the terminal: state, lines, approval, steps with their ids, and the next step."""

from collections.abc import Iterator
from typing import Any

from bot.cli.request_output import STATES, VERDICTS, actor_text, instant, quote
from bot.cli.terminal import Line, labelled
from views.explanations import failure_text
from views.translator import ENGLISH, Translator, translator
from workflows.rules.orders.latest_decision import ApprovalMessage, approval_message
from workflows.rules.orders.order import OrderSnapshot, OrderStatus, PaymentMode, Step, StepName
from workflows.rules.orders.parcel import Parcel

STATE_TEXTS = {
    OrderStatus.AWAITING_APPROVAL: "waiting for approval",
    OrderStatus.PROCESSING: "in progress",
    OrderStatus.AWAITING_PAYMENT: "waiting for payment",
    OrderStatus.COMPENSATING: "being undone",
    OrderStatus.NEEDS_ATTENTION: "needs attention: a step could not be undone",
    OrderStatus.COMPLETED: "completed",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.FAILED: "failed",
}
_REFERENCES = {
    StepName.RESERVE: "reservation",
    StepName.PAY: "transaction",
    StepName.SHIP: "tracking",
    StepName.DELIVER: "delivery",
}


def order_lines(snapshot: OrderSnapshot) -> Iterator[Line]:
    """Return an order with all its details."""
    order = snapshot.order
    yield Line(f"{order.order_id} · {snapshot.title} for {order.customer}", style="bold")
    ended = instant(snapshot.ended_at) if snapshot.ended_at else ""
    yield from labelled({"Status": _state_text(snapshot), "Ended": ended})
    yield from _trouble_lines(snapshot)
    yield Line(f"Total: {order.total}")
    for line in order.lines:
        yield Line(f"{line.quantity} x {line.sku} at {line.unit_price}", 1)
    yield from labelled(
        {
            "Note": order.note,
            "Requested by": f"{actor_text(snapshot.requester)}, {instant(snapshot.received_at)}",
            "Approval": _approval_text(snapshot),
            "Payment": _payment_text(snapshot),
            "Expected": _expected_text(snapshot),
        }
    )
    t = translator(snapshot.language)
    yield Line("Steps:")
    yield from (Line(_step_text(step, t), 1) for step in snapshot.steps)
    if snapshot.parcels:
        yield Line("Parcels:")
    yield from (Line(_parcel_text(parcel, t), 1) for parcel in snapshot.parcels)


def _state_text(snapshot: OrderSnapshot) -> str:
    if snapshot.cancelled is not None and snapshot.ended_at is None:
        return f"cancelled, {STATE_TEXTS[OrderStatus.COMPENSATING]}"
    return STATE_TEXTS[snapshot.status]


def _trouble_lines(snapshot: OrderSnapshot) -> Iterator[Line]:
    """Return the cancellation, the failure, and the compensation that failed."""
    if cancelled := snapshot.cancelled:
        why = f": {quote(cancelled.reason)}" if cancelled.reason.strip() else ""
        yield Line(f"Cancelled: {actor_text(cancelled.actor)}, {instant(cancelled.at)}{why}")
    if snapshot.failure.strip():
        yield Line(f"Why: {failure_text(snapshot.failure, ENGLISH)}", style="yellow")
    if stuck := snapshot.stuck:
        step = translator(snapshot.language)(f"order.step.{stuck.step}")
        why = failure_text(stuck.error, ENGLISH)
        text = f"Could not be undone: {step}, {instant(stuck.since)}. {why}"
        yield Line(text, style="yellow")


def _approval_text(snapshot: OrderSnapshot) -> str:
    if snapshot.approval is None:
        waits = snapshot.status is OrderStatus.AWAITING_APPROVAL
        return "waiting" if waits else "not needed"
    decision = approval_message(snapshot.approval)
    last = f" · {decision_text(decision)}" if decision else ""
    return STATES[snapshot.approval.status] + last


def _payment_text(snapshot: OrderSnapshot) -> str:
    if snapshot.order.payment is PaymentMode.CHARGE:
        return f"by card ({snapshot.order.card_expiry})"
    until = f", until {instant(snapshot.payment_due)}" if snapshot.payment_due else ""
    return f"the customer pays elsewhere{until}"


def _expected_text(snapshot: OrderSnapshot) -> str:
    if snapshot.status is not OrderStatus.PROCESSING or snapshot.estimated_delivery is None:
        return ""
    return instant(snapshot.estimated_delivery)


def _step_text(step: Step, t: Translator) -> str:
    name = t(f"order.step.{step.name}")
    state = t(f"order.step.state.{step.status}")
    reference = f" · {_REFERENCES[step.name]} {step.reference}" if step.reference else ""
    return f"{name}: {state}{reference}"


def _parcel_text(parcel: Parcel, t: Translator) -> str:
    state = t(f"order.parcel.state.{parcel.status}")
    tracking = f" · tracking {parcel.tracking}" if parcel.tracking else ""
    return f"{parcel.warehouse} ({', '.join(parcel.skus)}): {state}{tracking}"


def short_lines(snapshot: OrderSnapshot) -> list[Line]:
    """Return an order in two lines, for a list."""
    who, when = snapshot.requester.person, instant(snapshot.received_at)
    return [
        Line(f"{snapshot.order.order_id} · {_state_text(snapshot)}", style="bold"),
        Line(f"{snapshot.order.customer}: {snapshot.order.total} · {who}, {when}", 1),
    ]


def decision_text(decision: ApprovalMessage) -> str:
    """Return a decision: the person, the verdict, the time and the reason."""
    reason = f": {quote(decision.reason)}" if decision.reason.strip() else ""
    return f"{decision.person} {VERDICTS[decision.verdict]}, {instant(decision.at)}{reason}"


def decision_json(decision: ApprovalMessage | None) -> dict[str, Any] | None:
    """Return a decision as plain values for JSON; None if there is none."""
    if decision is None:
        return None
    return {
        "person": decision.person,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "at": decision.at.isoformat(),
    }


def next_step_text(status: OrderStatus, order_id: str) -> str:
    """Return the command that a waiting order needs; an empty text if it waits for no person."""
    match status:
        case OrderStatus.AWAITING_APPROVAL:
            return (
                "Waiting for approval. Decide on the card, or run "
                f"`countersign order decide {order_id} approve --as PERSON`."
            )
        case OrderStatus.AWAITING_PAYMENT:
            return f"Waiting for payment. Run `countersign order pay {order_id}`."
        case OrderStatus.NEEDS_ATTENTION:
            return f"Once the cause is fixed, run `countersign order resume {order_id}`."
        case _:
            return ""
