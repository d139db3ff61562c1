"""The payment gateway's webhook. A payment is recorded first, then its order is notified."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Protocol

import structlog
from aiohttp import web
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from bot.http.problems import Problem, parse, read_body
from bot.runtime.signing import SIGNATURE, TIMESTAMP, is_signed
from records.incoming_payments import (
    EventReusedError,
    IncomingPayments,
    Receipt,
    judge_snapshot,
)
from workflows.rules.orders import incoming_payment as rules
from workflows.rules.orders.incoming_payment import (
    IncomingPayment,
    PaymentVerdict,
    Progress,
)
from workflows.rules.orders.order import PaymentConfirmation
from workflows.rules.shared.currencies import minor_units
from workflows.rules.shared.money import Money

_log = structlog.get_logger("bot.http.payment_webhook")


class Orders(Protocol):
    """Notifies an order of its payment."""

    async def confirm_payment(self, order_id: str, confirmation: PaymentConfirmation) -> bool:
        """Notify the order; return False if it has ended. Raises TemporalUnavailableError."""
        ...


class Refunds(Protocol):
    """Refunds a payment."""

    async def start_refund(self, payment: IncomingPayment) -> None:
        """Start a payment's refund, once. Raises TemporalUnavailableError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Dependencies of the webhook. With an empty secret, every request is refused."""

    secret: str
    payments: IncomingPayments
    orders: Orders
    refunds: Refunds
    now: Callable[[], datetime]


def _in_utc(at: datetime) -> datetime:
    if not 2000 <= at.year <= 9000:  # noqa: PLR2004 - datetime cannot convert its first and last day
        raise ValueError("the year must be from 2000 to 9000")
    return at.astimezone(UTC)


_Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]


class _PaymentEvent(BaseModel):
    """The body of a payment event. Unknown fields are ignored, because gateways add fields."""

    model_config = ConfigDict(frozen=True, strict=True)

    event_id: _Id
    order_id: _Id
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,12})(\.\d{1,4})?$")]
    paid_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]

    @field_validator("amount")
    @classmethod
    def _has_the_decimals_of_its_currency(cls, amount: str, info: ValidationInfo) -> str:
        units = minor_units(info.data.get("currency", ""))
        if len(amount.partition(".")[2]) != units:
            raise ValueError(f"an amount in this currency is written with {units} decimals")
        return amount

    def payment(self) -> IncomingPayment:
        """Return the payment."""
        return IncomingPayment(
            event_id=self.event_id,
            order_id=self.order_id,
            amount=Money(amount=Decimal(self.amount), currency=self.currency),
            paid_at=self.paid_at,
        )


def route(webhook: Webhook) -> web.RouteDef:
    """Return the route. The response to an event is the same each time it is delivered.

    200: the order has the payment. 202: the payment is kept; it will be refunded or waits for its
    order. 401: the signature or its time is invalid. 409: the event id belongs to another payment.
    422: the body is invalid, or the amount differs from the order's (the payment is kept). 503:
    the order could not be notified; send the event again.
    """

    async def payment_received(request: web.Request) -> web.Response:
        body = await read_body(request)
        _require_signed(webhook, request, body)
        payment = parse(_PaymentEvent, body).payment()
        try:
            receipt = await webhook.payments.receive(payment, judge_snapshot, webhook.now())
        except EventReusedError:
            raise Problem(
                409,
                "event-reused",
                "This event id belongs to another payment",
                event_id=payment.event_id,
            ) from None
        _log.info("payment_received", event_id=payment.event_id, verdict=receipt.verdict.value)
        await _forward(webhook, receipt)
        return _response(receipt)

    return web.post("/webhooks/payments", payment_received)


def _require_signed(webhook: Webhook, request: web.Request, body: bytes) -> None:
    if not webhook.secret:
        raise Problem(
            503,
            "not-set-up",
            "The webhook is off",
            "To use it, set PAYMENT_WEBHOOK_SECRET and restart the bot.",
        )
    timestamp, signature = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not is_signed(webhook.secret, timestamp, signature, body, webhook.now()):
        _log.warning("webhook_not_signed")
        raise Problem(
            401,
            "unsigned",
            "The signature is invalid or too old",
            f"{SIGNATURE} must be v1=HMAC-SHA256 of “{TIMESTAMP}.body”, at most five minutes old.",
        )


async def _forward(webhook: Webhook, receipt: Receipt) -> None:
    """Notify the order or start the refund. If this fails, a redelivery or the sweep repeats it."""
    payment = receipt.payment
    if receipt.progress is Progress.REFUND_STARTED:
        await webhook.refunds.start_refund(payment)
    elif receipt.progress is Progress.CONFIRMED and not await webhook.orders.confirm_payment(
        payment.order_id, rules.confirmation(payment)
    ):
        # The order has ended, perhaps with this payment: the sweep checks and refunds the rest.
        _log.info("order_had_ended", event_id=payment.event_id)


def _response(receipt: Receipt) -> web.Response:
    payment, verdict = receipt.payment, receipt.answered
    body = {"event_id": payment.event_id, "order_id": payment.order_id, "verdict": verdict.value}
    if verdict is PaymentVerdict.MISMATCHED:
        raise Problem(
            422,
            "amount-mismatch",
            "The amount differs from the order's total",
            "The payment is kept for refund or review; the order is not marked as paid.",
            **body,
        )
    return web.json_response(body, status=200 if verdict is PaymentVerdict.WANTED else 202)
