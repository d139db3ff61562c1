"""A payment from the command line: the signed webhook that a gateway would send to the bot."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.cli.context import CliContext
from bot.cli.terminal import CommandError, Exit
from bot.runtime.signing import sign
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.orders.received_payment import Verdict
from workflows.rules.shared.click import click_id

LIMIT = aiohttp.ClientTimeout(total=20)
"""How long the bot is waited for: it writes the payment down and tells the order."""

_LATER = frozenset({"records-unavailable", "temporal-unavailable"})
"""Problems that pass; the same payment may then be sent again."""


async def pay(context: CliContext, snapshot: OrderSnapshot, key: str) -> dict[str, Any]:
    """Send the bot word that the customer has paid this order, and return its answer.

    The same key is the same payment, however often it is sent.

    Raises:
        CommandError: the order does not want the money, or nobody has taken it.

    """
    address, secret = context.webhook()
    order_id, total = snapshot.order.order_id, snapshot.order.total
    payment = {
        "event_id": f"cli-{click_id(order_id, 'pay', key)}",
        "order_id": order_id,
        "amount": f"{total.amount:.2f}",
        "currency": total.currency,
        "paid_at": datetime.now(UTC).isoformat(),
    }
    answer = await _post(address, secret, json.dumps(payment).encode(), key)
    match answer.get("verdict"):
        case Verdict.WANTED:
            return answer
        case Verdict.NOT_WANTED:
            raise CommandError(
                f"{order_id} wants no money: it has ended, is charged, or was paid before. "
                "The payment is written down and goes back.",
                Exit.REFUSED,
            )
        case Verdict.UNMATCHED:
            raise CommandError(
                f"The payment is written down, but the records do not know {order_id} yet. "
                "It is handed over as soon as they do.",
                Exit.UNCONFIRMED,
            )
        case _:
            raise _not_taken(answer, key)


async def _post(address: str, secret: str, body: bytes, key: str) -> dict[str, Any]:
    headers = sign(secret, int(time.time()), body) | {"Content-Type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=LIMIT) as session,
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
            f"Not confirmed: the bot broke off ({type(error).__name__}). Repeat the command with "
            f"--key {key}: it is one payment.",
            Exit.UNCONFIRMED,
        ) from None
    except ValueError:
        raise CommandError(f"What answers at {address} is not our bot. Check WEB_PORT.") from None


def _not_taken(answer: dict[str, Any], key: str) -> CommandError:
    """Return what a problem says."""
    said = ". ".join(str(answer[part]) for part in ("title", "detail") if answer.get(part))
    code = str(answer.get("type", "")).rpartition(":")[2]
    if code in _LATER:
        again = f"Repeat the command with --key {key}: it is one payment."
        return CommandError(f"Not confirmed: {said}. {again}", Exit.UNCONFIRMED)
    return CommandError(f"The bot has not taken the payment: {said or 'it does not say why'}.")
