"""Values for the tests of records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from records.requests import PublicState
from workflows.rules.orders.order import Order, OrderLine
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import AuditEvent, Fact
from workflows.rules.shared.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANA = Actor(person="UANA", origin=Origin.SLACK)


def fact(number: int, request_id: str = "ORD-1", reason: str = "as agreed") -> AuditEvent:
    return AuditEvent(
        request_id=request_id,
        sequence=number,
        kind=Fact.DECISION_RECORDED,
        at=NOON + timedelta(seconds=number),
        actor=replace(ANA, operator="root"),
        content_revision=1,
        level=1,
        rule="quorum",
        reason=reason,
        data={"verdict": "approve", "note": "Grüße, 你好"},
    )


def facts(*numbers: int, request_id: str = "ORD-1") -> tuple[AuditEvent, ...]:
    return tuple(fact(number, request_id) for number in numbers)


def state(
    request_id: str = "ORD-1", status: str = "pending", requester: str = "UANA", kind: str = "order"
) -> PublicState:
    return PublicState(
        request_id=request_id,
        owner_id=request_id,
        kind=kind,
        requester=requester,
        status=status,
        face=f'{{"status":"{status}"}}',
    )


def order(
    order_id: str = "ORD-1",
    pieces: tuple[tuple[str, int], ...] = (("LAMP", 2),),
    price: str = "10.10",
) -> Order:
    return Order(
        order_id=order_id,
        customer="Ana",
        lines=tuple(
            OrderLine(
                sku=sku,
                quantity=quantity,
                unit_price=Money(amount=Decimal(price), currency="USD"),
            )
            for sku, quantity in pieces
        ),
        card_expiry="12/30",
    )
