"""Sending a test payment: the signed webhook that a payment gateway would send to the bot."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.cli.context import CliContext
from bot.cli.terminal import CommandError, Exit
from bot.runtime.signing import sign
from workflows.rules.orders.incoming_payment import PaymentVerdict
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.shared.click import click_id

TIMEOUT = aiohttp.ClientTimeout(total=20)
"""The bot records the payment and notifies the order before it answers."""

_LATER = frozenset({"records-unavailable", "temporal-unavailable"})
"""Temporary problems, after which the same payment can be sent again."""


async def pay(context: CliContext, snapshot: OrderSnapshot, key: str) -> dict[str, Any]:
    """Send the bot a payment of the order's total and return its answer.

    Safe to repeat with the same key: it is the same payment.

    Raises:
        CommandError: the order does not accept the payment, or the bot did not record it.

    """
    address, secret = context.webhook()
    order_id, total = snapshot.order.order_id, snapshot.order.total
    payment = {
        "event_id": f"cli-{click_id(order_id, 'pay', key)}",
        "order_id": order_id,
        "amount": f"{total.amount:.{total.decimals}f}",
        "currency": total.currency,
        "paid_at": datetime.now(UTC).isoformat(),
    }
    answer = await _post(address, secret, json.dumps(payment).encode(), key, context.proxy(address))
    match answer.get("verdict"):
        case PaymentVerdict.WANTED:
            return answer
        case PaymentVerdict.NOT_WANTED:
            raise CommandError(
                f"{order_id} accepts no payment: it has ended, is charged by card, or was already "
                "paid. The payment was recorded and will be refunded.",
                Exit.REFUSED,
            )
        case PaymentVerdict.UNMATCHED:
            raise CommandError(
                f"The payment was recorded, but {order_id} is not in the records yet. It will be "
                "assigned as soon as it is.",
                Exit.UNCONFIRMED,
            )
        case _:
            raise _refused(answer, key)


async def _post(
    address: str, secret: str, body: bytes, key: str, proxy: str | None
) -> dict[str, Any]:
    headers = sign(secret, int(time.time()), body) | {"Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, proxy=proxy) as session,
            session.post(address, data=body, headers=headers) as response,
        ):
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer
    except aiohttp.ClientConnectorError:
        raise CommandError(
            f"The bot does not answer at {address}. Start it, or set WEB_HOST and WEB_PORT."
        ) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CommandError(
            f"Not confirmed: the connection failed ({type(error).__name__}). Repeat the command with "
            f"--key {key}: it counts as one payment.",
            Exit.UNCONFIRMED,
        ) from None
    except ValueError:
        raise CommandError(
            f"The server at {address} is not the Countersign bot. Check WEB_PORT."
        ) from None


def _refused(answer: dict[str, Any], key: str) -> CommandError:
    """Return the error for a problem document."""
    reason = ". ".join(str(answer[part]) for part in ("title", "detail") if answer.get(part))
    code = str(answer.get("type", "")).rpartition(":")[2]
    if code in _LATER:
        again = f"Repeat the command with --key {key}: it counts as one payment."
        return CommandError(f"Not confirmed: {reason}. {again}", Exit.UNCONFIRMED)
    return CommandError(f"The bot refused the payment: {reason or 'no reason given'}.")
