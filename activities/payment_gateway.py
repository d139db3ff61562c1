"""Payments at a gateway over HTTP. Every call carries a key, so a repeated call is the same payment.

| answer | error | retried | what has happened |
|---|---|---|---|
| 402 | `PaymentDeclinedError` | no | nothing; the sentence is the gateway's `detail` |
| 409 `charge-undone` | `StepUndoneError` | no | nothing: the charge had been given back before |
| 422 | `KeyReusedError` | no | nothing: the key stands for another payment |
| 401, 403 | `PaymentGatewayError` | yes | nothing; the token can be mended meanwhile |
| 408, 409, 425, 429, 503, no connection | the same | yes, `Retry-After` obeyed | nothing yet |
| other 5xx, none in time, a broken or unreadable one | the same | yes | unknown: the same key tells |
| any other | the same | no | nothing: we and the gateway do not fit |

All messages are sentences for whoever looks them up. Where the tries were not enough, the order's card
says it in its own language: by the code in the error's details, or as the gateway itself has put it.
"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.ports.orders import PaymentPort, StepQuestion, StepReference
from workflows.rules.orders.received_payment import ReceivedPayment
from workflows.rules.shared.money import Money

TIMEOUT = aiohttp.ClientTimeout(total=8, sock_connect=3)
"""One try, within the ten seconds of its activity: it should end with a reason, not with a cut."""
LONGEST_WAIT = timedelta(seconds=60)
"""A gateway that asks for a longer pause is asked again after this one: a customer waits."""
MOST = 64 * 1024
"""Bytes of an answer; a longer one is not the gateway's."""
GATEWAY_ERROR = "PaymentGatewayError"
_BUSY = frozenset({408, 409, 425, 429, 503})
_DENIED = frozenset({401, 403})
_SERVER = 500


class PaymentGateway:
    """Our words for the gateway's calls. The session's timeouts do not count: `timeout` does."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout

    async def post(self, path: str, key: str, body: dict[str, str]) -> dict[str, Any]:
        """Post a call and return the gateway's answer. Safe to repeat with the same key.

        Raises ApplicationErrors as the table above says.
        """
        try:
            async with self._session.post(
                f"{self._url}{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": key},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                answer = _parsed(await _read(response))
                if response.status in {200, 201} and answer is not None:
                    return answer
                raise _error(response, answer or {})
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _busy(None) from error  # nothing was sent
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unclear(type(error).__name__) from error


class GatewayPaymentActivities(PaymentPort):
    """The payment port over the gateway, whose ledger is the one that counts."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        """Charge the order's total; the same key charges once.

        Raises ApplicationErrors: see the table at the top of this file.
        """
        return await self._take(question, card_expiry=question.order.card_expiry)

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        """Book what the customer has paid elsewhere; the same key books once.

        Raises ApplicationErrors: see the table at the top of this file.
        """
        return await self._take(question, payment_id=question.reference)

    async def _take(self, question: StepQuestion, **by: str) -> StepReference:
        order = question.order
        body = {"order_id": order.order_id, **_money(order.total), **by}
        return _reference(await self._gateway.post("/v1/charges", question.key, body))

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        """Give back what the key charged or booked, if anything.

        Safe to repeat; a later charge is refused. What the customer has paid elsewhere goes back
        even where it could not be booked.
        """
        body = {"order_id": question.order.order_id, "charge_key": question.key}
        if question.reference:
            body["payment_id"] = question.reference
        await self._gateway.post("/v1/refunds", f"{question.key}:refund", body)


class GatewayBank:
    """Gives back, at the gateway, what came in there by itself."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    async def give_back(self, payment: ReceivedPayment) -> str:
        """Give back all of a payment and return the refund's reference. Safe to repeat.

        Raises ApplicationErrors: see the table at the top of this file.
        """
        body = {
            "payment_id": payment.event_id,
            "order_id": payment.order_id,
            **_money(payment.amount),
        }
        key = f"{payment.event_id}:refund"
        return _reference(await self._gateway.post("/v1/refunds", key, body)).reference


def _money(amount: Money) -> dict[str, str]:
    return {"amount": str(amount.amount), "currency": amount.currency}


def _reference(answer: dict[str, Any]) -> StepReference:
    reference = answer.get("reference")
    if not isinstance(reference, str) or not reference:
        raise _unclear("no reference")
    return StepReference(reference=reference)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    read = b""
    async for chunk in response.content.iter_chunked(MOST):
        read += chunk
        if len(read) > MOST:
            raise _unclear("too long an answer")
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
        return _busy(_pause(response.headers.get("Retry-After", "")))
    if status in _DENIED:
        return _for_now("gateway_closed", "The payment gateway does not let us in.")
    if status < 300 or status >= _SERVER:  # noqa: PLR2004 - done, but how?
        return _unclear(f"status {status}")
    told = {"code": "gateway_status", "status": str(status)}
    return _for_good(GATEWAY_ERROR, f"The payment gateway answered with {status}.", told)


def _refusal(status: int, kind: str, problem: dict[str, Any]) -> ApplicationError | None:
    match status, kind:
        case 402, _:
            if sentence := _sentence(problem):
                return _for_good("PaymentDeclinedError", sentence)
            told = {"code": "payment_declined"}
            return _for_good("PaymentDeclinedError", "The payment was declined.", told)
        case 409, "charge-undone":
            told = {"code": "step_undone"}
            sentence = "The step came too late: it had been undone."
            return _for_good("StepUndoneError", sentence, told)
        case 422, _:  # what a reused Idempotency-Key is answered with
            told = {"code": "key_reused"}
            return _for_good("KeyReusedError", "The step's key stands for another step.", told)
    return None


def _for_good(kind: str, sentence: str, *told: dict[str, str]) -> ApplicationError:
    return ApplicationError(sentence, *told, type=kind, non_retryable=True)


def _for_now(
    code: str, sentence: str, why: str = "", pause: timedelta | None = None
) -> ApplicationError:
    told = {"code": code}
    return ApplicationError(sentence, why, told, type=GATEWAY_ERROR, next_retry_delay=pause)


def _busy(pause: timedelta | None) -> ApplicationError:
    return _for_now("gateway_busy", "The payment gateway cannot be asked now.", pause=pause)


def _unclear(why: str) -> ApplicationError:
    sentence = "The payment gateway did not say whether it has the payment."
    return _for_now("gateway_unclear", sentence, why)


def _sentence(problem: dict[str, Any]) -> str:
    """Return the gateway's words for the customer: one line, printable, not too long."""
    words = str(problem.get("detail", ""))[:200]
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _pause(written: str) -> timedelta | None:
    """Return the pause of a Retry-After header, which is seconds or a date."""
    if written.isascii() and written.isdigit():
        asked = timedelta(seconds=int(written[:9]))
    else:
        try:
            asked = parsedate_to_datetime(written).astimezone(UTC) - datetime.now(UTC)
        except ValueError:
            return None
    return min(max(asked, timedelta(0)), LONGEST_WAIT)
