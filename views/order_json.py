"""An order as JSON for the HTTP API. Amounts are strings, as many clients read JSON numbers as floats."""

from datetime import datetime
from typing import Any

from views.explanations import failure_text
from views.translator import ENGLISH
from workflows.rules.orders.order import OrderLine, OrderSnapshot, Step
from workflows.rules.orders.parcel import Parcel


def order_json(snapshot: OrderSnapshot) -> dict[str, Any]:
    """Return an order as a dict for JSON."""
    order, approval = snapshot.order, snapshot.approval
    return {
        "order_id": order.order_id,
        "status": snapshot.status.value,
        "requester": snapshot.requester.person,
        "customer": order.customer,
        "lines": [_line(line) for line in order.lines],
        "total": str(order.total.amount),
        "currency": order.total.currency,
        "payment": order.payment.value,
        "note": order.note,
        "approval": {"status": approval.status.value} if approval else None,
        "steps": [_step(step) for step in snapshot.steps],
        "parcels": [_parcel(parcel) for parcel in snapshot.parcels],
        "failure": failure_text(snapshot.failure, ENGLISH),
        "is_cancellable": snapshot.is_cancellable,
        "payment_due": _instant(snapshot.payment_due),
        "estimated_delivery": _instant(snapshot.estimated_delivery),
        "as_of": _instant(snapshot.as_of),
        "received_at": _instant(snapshot.received_at),
        "ended_at": _instant(snapshot.ended_at),
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": str(line.unit_price.amount),
        "total": str(line.total.amount),
    }


def _step(step: Step) -> dict[str, str]:
    return {
        "name": step.name.value,
        "status": step.status.value,
        "reference": step.reference,
        "error": failure_text(step.error, ENGLISH),
    }


def _parcel(parcel: Parcel) -> dict[str, Any]:
    return {
        "warehouse": parcel.warehouse,
        "skus": list(parcel.skus),
        "status": parcel.status.value,
        "tracking": parcel.tracking,
        "delivery": parcel.delivery,
        "error": parcel.error,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
