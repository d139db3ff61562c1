"""The payment port over a gateway's HTTP API. An idempotency key makes a repeated call the same payment.

| response | error | retried | effect |
|---|---|---|---|
| 402 | `PaymentDeclinedError` | no | none; the message is the gateway's `detail` |
| 409 `charge-undone` | `StepUndoneError` | no | none: the charge was refunded earlier |
| 422 | `KeyReusedError` | no | none: the key belongs to another payment |
| 401, 403 | `PaymentGatewayError` | yes | none; an operator can fix the token between attempts |
| 408, 409, 425, 429, 503, no connection | `PaymentGatewayError` | yes, after `Retry-After` | none yet |
| other 5xx, timeout, unreadable response | `PaymentGatewayError` | yes | unknown until the next call |
| any other | `PaymentGatewayError` | no | none: the gateway's API is not the one we expect |

Messages are for operators. If all attempts fail, the order's card shows its own text in its language,
chosen by the code in the error's details, or else the gateway's `detail`.
"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.ports.orders import PaymentPort, StepQuestion, StepReference
from workflows.rules.orders.incoming_payment import IncomingPayment
from workflows.rules.shared.money import Money

CALL_TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=3)
"""The timeouts of one call. They end before the activity's ten seconds do, so that a slow call fails
with our error."""
MAX_RETRY_DELAY = timedelta(seconds=60)
"""The longest Retry-After that is obeyed: a customer is waiting."""
MAX_RESPONSE_BYTES = 64 * 1024
"""A longer response is not from the gateway."""
GATEWAY_ERROR = "PaymentGatewayError"
_BUSY = frozenset({408, 409, 425, 429, 503})
_DENIED = frozenset({401, 403})
_SERVER = 500


class PaymentGateway:
    """A client for the gateway. `timeout` applies to each call instead of the session's timeouts."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        timeout: aiohttp.ClientTimeout = CALL_TIMEOUT,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout

    async def post(self, path: str, key: str, body: dict[str, str]) -> dict[str, Any]:
        """Send a call and return the gateway's response. Safe to repeat with the same key.

        Raises ApplicationErrors: see the table at the top of this module.
        """
        try:
            async with self._session.post(
                f"{self._url}{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": key},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                parsed = _parsed(await _read(response))
                if response.status in {200, 201} and parsed is not None:
                    return parsed
                raise _error(response, parsed or {})
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _busy(None) from error  # nothing was sent
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unclear(type(error).__name__) from error


class GatewayPaymentActivities(PaymentPort):
    """Payments at the gateway, whose ledger is authoritative."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        """Charge the order's total. The same key charges once.

        Raises ApplicationErrors: see the table at the top of this module.
        """
        return await self._take(question, card_expiry=question.order.card_expiry)

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        """Book a payment that the customer made elsewhere. The same key books once.

        Raises ApplicationErrors: see the table at the top of this module.
        """
        return await self._take(question, payment_id=question.reference)

    async def _take(self, question: StepQuestion, **source: str) -> StepReference:
        order = question.order
        body = {"order_id": order.order_id, **_money(order.total), **source}
        return _reference(await self._gateway.post("/v1/charges", question.key, body))

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Refund what the key charged or booked, if anything.

        Safe to repeat. A later charge is refused. A payment that the customer made elsewhere is
        refunded even if it could not be booked.
        """
        body = {"order_id": question.order.order_id, "charge_key": question.key}
        if question.reference:
            body["payment_id"] = question.reference
        await self._gateway.post("/v1/refunds", f"{question.key}:refund", body)


class GatewayBank:
    """Refunds payments that customers made at the gateway on their own."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    async def give_back(self, payment: IncomingPayment) -> str:
        """Refund a payment in full and return the refund's reference. Safe to repeat.

        Raises ApplicationErrors: see the table at the top of this module.
        """
        body = {
            "payment_id": payment.event_id,
            "order_id": payment.order_id,
            **_money(payment.amount),
        }
        key = f"{payment.event_id}:refund"
        return _reference(await self._gateway.post("/v1/refunds", key, body)).reference


def _money(amount: Money) -> dict[str, str]:
    return {"amount": f"{amount.amount:.{amount.decimals}f}", "currency": amount.currency}


def _reference(response: dict[str, Any]) -> StepReference:
    reference = response.get("reference")
    if not isinstance(reference, str) or not reference:
        raise _unclear("no reference in the response")
    return StepReference(reference=reference)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    read = b""
    async for chunk in response.content.iter_chunked(MAX_RESPONSE_BYTES):
        read += chunk
        if len(read) > MAX_RESPONSE_BYTES:
            raise _unclear("response too long")
    return read


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(body)
    except ValueError:  # neither JSON nor text
        return None
    return read if isinstance(read, dict) else None


def _error(response: aiohttp.ClientResponse, problem: dict[str, Any]) -> ApplicationError:
    status, kind = response.status, str(problem.get("type", "")).rpartition("/")[2]
    if (refusal := _refusal(status, kind, problem)) is not None:
        return refusal
    if status in _BUSY:
        return _busy(_retry_after(response.headers.get("Retry-After", "")))
    if status in _DENIED:
        return _retryable("gateway_closed", "The payment gateway rejected our credentials.")
    if status < 300 or status >= _SERVER:  # noqa: PLR2004 - a success that was not understood
        return _unclear(f"status {status}")
    details = {"code": "gateway_status", "status": str(status)}
    return _permanent(GATEWAY_ERROR, f"The payment gateway returned status {status}.", details)


def _refusal(status: int, kind: str, problem: dict[str, Any]) -> ApplicationError | None:
    match status, kind:
        case 402, _:
            if sentence := _sentence(problem):
                return _permanent("PaymentDeclinedError", sentence)
            details = {"code": "payment_declined"}
            return _permanent("PaymentDeclinedError", "The payment was declined.", details)
        case 409, "charge-undone":
            details = {"code": "step_undone"}
            sentence = "This step came too late: it was already undone."
            return _permanent("StepUndoneError", sentence, details)
        case 422, _:  # the response to a reused Idempotency-Key
            details = {"code": "key_reused"}
            return _permanent(
                "KeyReusedError", "The step's key is already in use for another step.", details
            )
    return None


def _permanent(kind: str, sentence: str, *details: dict[str, str]) -> ApplicationError:
    return ApplicationError(sentence, *details, type=kind, non_retryable=True)


def _retryable(
    code: str, sentence: str, why: str = "", delay: timedelta | None = None
) -> ApplicationError:
    details = {"code": code}
    return ApplicationError(sentence, why, details, type=GATEWAY_ERROR, next_retry_delay=delay)


def _busy(delay: timedelta | None) -> ApplicationError:
    return _retryable("gateway_busy", "The payment gateway is busy.", delay=delay)


def _unclear(why: str) -> ApplicationError:
    sentence = "The payment gateway didn't confirm the payment."
    return _retryable("gateway_unclear", sentence, why)


def _sentence(problem: dict[str, Any]) -> str:
    """Return the gateway's message for the customer: one printable line of at most 200 characters."""
    detail = str(problem.get("detail", ""))[:200]
    return " ".join("".join(c if c.isprintable() else " " for c in detail).split())


def _retry_after(header: str) -> timedelta | None:
    """Return the delay of a Retry-After header, which is a number of seconds or a date."""
    if header.isascii() and header.isdigit():
        delay = timedelta(seconds=int(header[:9]))
    else:
        try:
            delay = parsedate_to_datetime(header).astimezone(UTC) - datetime.now(UTC)
        except ValueError:
            return None
    return min(max(delay, timedelta(0)), MAX_RETRY_DELAY)
