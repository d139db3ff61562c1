"""An order on the terminal: state, lines, approval, steps with their ids, and what it waits for."""

from collections.abc import Iterator
from typing import Any

from bot.cli.request_output import STATES, VERDICTS, actor_words, instant, quote
from bot.cli.terminal import Line, labelled
from views.catalogue import FALLBACK
from views.explanations import failure_words
from views.text import text
from workflows.rules.orders.answers import ApprovalMessage, approval_message
from workflows.rules.orders.order import OrderFace, OrderStatus, PaymentMode, Step, StepName
from workflows.rules.orders.parcel import Parcel

WORDS = {
    OrderStatus.AWAITING_APPROVAL: "waiting for approval",
    OrderStatus.PROCESSING: "in progress",
    OrderStatus.AWAITING_PAYMENT: "waiting for its payment",
    OrderStatus.COMPENSATING: "being undone",
    OrderStatus.NEEDS_ATTENTION: "needs attention: something could not be undone",
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


def order_lines(face: OrderFace) -> Iterator[Line]:
    """Return everything that everybody may see of an order."""
    order = face.order
    yield Line(f"{order.order_id} · {face.title} for {order.customer}", style="bold")
    ended = instant(face.ended_at) if face.ended_at else ""
    yield from labelled({"Status": _state_words(face), "Ended": ended})
    yield from _trouble_lines(face)
    yield Line(f"Total: {order.total}")
    for line in order.lines:
        yield Line(f"{line.quantity} x {line.sku} at {line.unit_price}", 1)
    yield from labelled(
        {
            "Note": order.note,
            "Asked by": f"{actor_words(face.requester)}, {instant(face.received_at)}",
            "Approval": _approval_words(face),
            "Payment": _payment_words(face),
            "Expected": _expected_words(face),
        }
    )
    yield Line("Steps:")
    yield from (Line(_step_words(step, face.language), 1) for step in face.steps)
    if face.parcels:
        yield Line("Parcels:")
    yield from (Line(_parcel_words(parcel, face.language), 1) for parcel in face.parcels)


def _state_words(face: OrderFace) -> str:
    if face.cancelled is not None and face.ended_at is None:
        return f"cancelled, {WORDS[OrderStatus.COMPENSATING]}"
    return WORDS[face.status]


def _trouble_lines(face: OrderFace) -> Iterator[Line]:
    """Return what went wrong, who has cancelled it, and what could not be undone."""
    if cancelled := face.cancelled:
        why = f": {quote(cancelled.reason)}" if cancelled.reason.strip() else ""
        yield Line(f"Cancelled: {actor_words(cancelled.actor)}, {instant(cancelled.at)}{why}")
    if face.failure.strip():
        yield Line(f"Why: {failure_words(face.failure, FALLBACK)}", style="yellow")
    if stuck := face.stuck:
        step = text(f"order.step.{stuck.step}", face.language)
        why = failure_words(stuck.error, FALLBACK)
        words = f"Could not be undone: {step}, {instant(stuck.since)}. {why}"
        yield Line(words, style="yellow")


def _approval_words(face: OrderFace) -> str:
    if face.approval is None:
        waits = face.status is OrderStatus.AWAITING_APPROVAL
        return "being asked for" if waits else "not needed"
    said = approval_message(face.approval)
    return STATES[face.approval.status] + (f" · {decision_words(said)}" if said else "")


def _payment_words(face: OrderFace) -> str:
    if face.order.payment is PaymentMode.CHARGE:
        return f"by card ({face.order.card_expiry})"
    until = f", until {instant(face.payment_due)}" if face.payment_due else ""
    return f"the customer pays elsewhere{until}"


def _expected_words(face: OrderFace) -> str:
    if face.status is not OrderStatus.PROCESSING or face.estimated_delivery is None:
        return ""
    return instant(face.estimated_delivery)


def _step_words(step: Step, locale: str) -> str:
    name = text(f"order.step.{step.name}", locale)
    state = text(f"order.step.state.{step.status}", locale)
    reference = f" · {_REFERENCES[step.name]} {step.reference}" if step.reference else ""
    return f"{name}: {state}{reference}"


def _parcel_words(parcel: Parcel, locale: str) -> str:
    state = text(f"order.parcel.state.{parcel.status}", locale)
    tracking = f" · tracking {parcel.tracking}" if parcel.tracking else ""
    return f"{parcel.warehouse} ({', '.join(parcel.skus)}): {state}{tracking}"


def short_lines(face: OrderFace) -> list[Line]:
    """Return an order in two lines, for a list."""
    who, when = face.requester.person, instant(face.received_at)
    return [
        Line(f"{face.order.order_id} · {_state_words(face)}", style="bold"),
        Line(f"{face.order.customer}: {face.order.total} · {who}, {when}", 1),
    ]


def decision_words(said: ApprovalMessage) -> str:
    """Return who said what, when, and why."""
    why = f": {quote(said.reason)}" if said.reason.strip() else ""
    return f"{said.person} {VERDICTS[said.verdict]}, {instant(said.at)}{why}"


def decision_json(said: ApprovalMessage | None) -> dict[str, Any] | None:
    """Return a decision as plain values for JSON; None where there is none."""
    if said is None:
        return None
    return {
        "person": said.person,
        "verdict": said.verdict.value,
        "reason": said.reason,
        "at": said.at.isoformat(),
    }


def next_words(status: OrderStatus, order_id: str) -> str:
    """Say by which command an order goes on that waits for somebody; nothing where it does not."""
    match status:
        case OrderStatus.AWAITING_APPROVAL:
            return (
                "It waits for approval: the card, or "
                f"`countersign order decide {order_id} approve --as PERSON`."
            )
        case OrderStatus.AWAITING_PAYMENT:
            return f"It waits for its payment: `countersign order pay {order_id}`."
        case OrderStatus.NEEDS_ATTENTION:
            return f"It waits for somebody to help: `countersign order resume {order_id}`."
        case _:
            return ""
