"""The payment gateway's webhook: what came in is written down first, then its order is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Protocol

import structlog
from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic import ValidationError as NotReadError

from bot.http.problems import Problem, parse, read_body
from bot.runtime.signing import SIGNATURE, TIMESTAMP, is_signed
from records.incoming_payments import EventReusedError, IncomingPayments, Receipt
from records.snapshots import decode_snapshot
from workflows.rules.orders import incoming_payment as rules
from workflows.rules.orders.incoming_payment import IncomingPayment, Progress, Verdict
from workflows.rules.orders.order import OrderSnapshot, PaymentConfirmation
from workflows.rules.shared.money import Money

_log = structlog.get_logger("bot.http.payment_webhook")


class Orders(Protocol):
    """How an order is told of its payment."""

    async def confirm_payment(self, order_id: str, confirmation: PaymentConfirmation) -> bool:
        """Tell an order; False where it has ended. Raises TemporalUnavailableError."""
        ...


class Refunds(Protocol):
    """How a payment goes back."""

    async def start_refund(self, payment: IncomingPayment) -> None:
        """Start a payment's refund, once. Raises TemporalUnavailableError."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """What the webhook works with. An empty secret lets nobody in."""

    secret: str
    payments: IncomingPayments
    orders: Orders
    refunds: Refunds
    now: Callable[[], datetime]


def _in_our_time(at: datetime) -> datetime:
    if not 2000 <= at.year <= 9000:  # noqa: PLR2004 - the calendar's ends have no UTC
        raise ValueError("it is not a time of ours")
    return at.astimezone(UTC)


_Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]


class _Told(BaseModel):
    """What a gateway tells. What we do not know is left alone: gateways tell more every year."""

    model_config = ConfigDict(frozen=True, strict=True)

    event_id: _Id
    order_id: _Id
    amount: Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,12})\.\d{2}$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    paid_at: Annotated[AwareDatetime, AfterValidator(_in_our_time)]

    def payment(self) -> IncomingPayment:
        """Return the payment."""
        return IncomingPayment(
            event_id=self.event_id,
            order_id=self.order_id,
            amount=Money(amount=Decimal(self.amount), currency=self.currency),
            paid_at=self.paid_at,
        )


def route(webhook: Webhook) -> web.RouteDef:
    """Return the route. A payment's answer is the same however often its event comes in.

    200: its order has it. 202: it is kept, and goes back or waits for its order. 401: the signature
    or its time is not right. 409: the event was another payment. 422: unreadable, or not the
    order's amount (the payment is kept). 503: the order could not be told; send it again.
    """

    async def payment_received(request: web.Request) -> web.Response:
        body = await read_body(request)
        _require_signed(webhook, request, body)
        payment = parse(_Told, body).payment()
        try:
            receipt = await webhook.payments.receive(payment, _judge, webhook.now())
        except EventReusedError:
            raise Problem(
                409, "event-reused", "This event was another payment", event_id=payment.event_id
            ) from None
        _log.info("payment_received", event_id=payment.event_id, verdict=receipt.verdict.value)
        await _pass_on(webhook, receipt)
        return _answer(receipt)

    return web.post("/webhooks/payments", payment_received)


def _require_signed(webhook: Webhook, request: web.Request, body: bytes) -> None:
    if not webhook.secret:
        raise Problem(
            503,
            "not-set-up",
            "The webhook is off",
            "Set PAYMENT_WEBHOOK_SECRET, and restart the bot, to use it.",
        )
    timestamp, signature = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not is_signed(webhook.secret, timestamp, signature, body, webhook.now()):
        _log.warning("webhook_not_signed")
        raise Problem(
            401,
            "unsigned",
            "The signature is not right, or is too old",
            f"{SIGNATURE}: v1=HMAC-SHA256 of “{TIMESTAMP}.body”, at most five minutes old",
        )


def _judge(payment: IncomingPayment, snapshot: str | None, paid: bool) -> Verdict:  # noqa: FBT001 - `records` says it so
    try:
        order = decode_snapshot(snapshot) if snapshot is not None else None
    except NotReadError:  # a newer version wrote it
        order = None
    return rules.judge(payment, order if isinstance(order, OrderSnapshot) else None, paid=paid)


async def _pass_on(webhook: Webhook, receipt: Receipt) -> None:
    """Tell the order, or start the refund. What fails here is done by a repetition, or the sweep."""
    payment = receipt.payment
    if receipt.progress is Progress.REFUND_STARTED:
        await webhook.refunds.start_refund(payment)
    elif receipt.progress is Progress.CONFIRMED and not await webhook.orders.confirm_payment(
        payment.order_id, rules.confirmation(payment)
    ):
        # It has ended meanwhile, perhaps with this very payment: the sweep looks at what it took.
        _log.info("order_had_ended", event_id=payment.event_id)


def _answer(receipt: Receipt) -> web.Response:
    payment, verdict = receipt.payment, receipt.answered
    told = {"event_id": payment.event_id, "order_id": payment.order_id, "verdict": verdict.value}
    if verdict is Verdict.MISMATCHED:
        raise Problem(
            422,
            "amount-mismatch",
            "This is not what the order costs",
            "The payment is kept and looked after; the order does not count as paid.",
            **told,
        )
    return web.json_response(told, status=200 if verdict is Verdict.WANTED else 202)
