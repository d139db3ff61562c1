"""A payment gateway for tests: an HTTP server on 127.0.0.1 with its own ledger and faults."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from workflows.rules.orders.form import card_expired

TOKEN = "gateway-token"
Body = dict[str, Any]


@dataclass
class Charge:
    """The charge of one key, and how much of it was refunded."""

    body: Body
    amount: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    undone: bool = False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A response in place of the real one. With `processed`, the work is done nevertheless."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    processed: bool = False


LOST = Fault(processed=True)
"""The work is done, and the connection breaks before the response."""


@dataclass
class Gateway:
    """The ledger by idempotency key, the pending faults, and the calls received."""

    day: date
    charges: dict[str, Charge] = field(default_factory=dict)
    back: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str, Body]] = field(default_factory=list)
    held: asyncio.Event | None = None
    url: str = ""

    def charged(self, order_id: str) -> Decimal:
        """Return the total charged for an order."""
        return sum((charge.amount for charge in self._of(order_id)), Decimal(0))

    def refunded(self, order_id: str) -> Decimal:
        """Return the total refunded for an order."""
        return sum((charge.refunded for charge in self._of(order_id)), Decimal(0))

    def _of(self, order_id: str) -> list[Charge]:
        return [charge for charge in self.charges.values() if charge.body["order_id"] == order_id]

    async def charge(self, key: str, body: Body) -> web.Response:
        known = self.charges.get(key)
        if known is not None and known.undone:
            return _problem(409, "charge-undone")
        if known is not None:
            return _reference(f"GW-{key}") if known.body == body else _problem(422, "key-reused")
        if "payment_id" not in body and card_expired(body["card_expiry"], self.day):
            sentence = f"The payment card has expired ({body['card_expiry']})."
            return _problem(402, "declined", detail=sentence)
        self.charges[key] = Charge(body=body, amount=Decimal(body["amount"]))
        return _reference(f"GW-{key}")

    async def refund(self, key: str, body: Body) -> web.Response:
        """Refund once, whether the payment is named by its own id or by a charge's key."""
        if "charge_key" in body:
            charge = self.charges.setdefault(body["charge_key"], Charge(body=body))
            if charge.body["order_id"] != body["order_id"]:
                return _problem(422, "key-reused")
            charge.undone, charge.refunded = True, charge.amount
        if "payment_id" in body:
            self.back[body["payment_id"]] += body["payment_id"] not in self.back
        return _reference(f"BACK-{key}")


Work = Callable[[str, Body], Awaitable[web.Response]]


@asynccontextmanager
async def running_gateway(day: date) -> AsyncIterator[Gateway]:
    """Serve a gateway until the block ends."""
    gateway = Gateway(day=day)

    def handler(work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await _handle(gateway, work, request)

        return handle

    app = web.Application()
    app.add_routes(
        [
            web.post("/v1/charges", handler(gateway.charge)),
            web.post("/v1/refunds", handler(gateway.refund)),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gateway
    finally:
        await runner.cleanup()


async def _handle(gateway: Gateway, work: Work, request: web.Request) -> web.StreamResponse:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return _problem(401, "unauthorized")
    key, body = request.headers["Idempotency-Key"], await request.json()
    gateway.calls.append((request.path, key, body))
    if gateway.held is not None:
        await gateway.held.wait()
    fault = gateway.faults.pop(0) if gateway.faults else None
    if fault is None:
        return await work(key, body)
    if fault.processed:
        await work(key, body)
    if not fault.status:
        assert request.transport is not None
        request.transport.abort()
    return web.Response(status=fault.status or 200, headers=fault.headers, body=fault.body)


def _reference(reference: str) -> web.Response:
    return web.json_response({"reference": reference})


def _problem(status: int, kind: str, **more: str) -> web.Response:
    body = {"type": f"https://gateway.example/problems/{kind}", "status": status, **more}
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/problem+json"
    )
