"""Serves the bot's API and webhook routes, and calls them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from temporalio.client import Client

from bot.actions.execute import Commands
from bot.actions.requesters import Requesters
from bot.actions.start import Starts
from bot.http import api, payment_webhook
from bot.http.problems import problems
from bot.listeners.services import Services
from bot.runtime.http_server import serve
from bot.runtime.signing import sign
from bot.temporal.client import WorkflowClient
from bot.temporal.refunds import Refunds
from records.database import Database
from records.incoming_payments import IncomingPayments
from records.refusals import Refusals
from records.time_off import TimeOff
from tests.bot.order_driver import ANA
from workflows.rules.approvals.policy import Policy

Json = dict[str, Any]

TOKEN, SECRET = "api-token", "webhook-secret"
LINE = {"sku": "DESK-OAK", "quantity": 1, "unit_price": "500.00"}
ORDER = {"requester": ANA, "customer": "Acme", "lines": [LINE], "card_expiry": "12/39"}
AWAITED = {**ORDER, "payment": "await"}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: Json

    @property
    def problem(self) -> str:
        """The last part of the problem's type."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        assert self.body["status"] == self.status
        return str(self.body["type"]).removeprefix("urn:countersign:problem:")


@dataclass(kw_only=True)
class HttpClient:
    """Calls the bot's routes."""

    url: str
    session: aiohttp.ClientSession
    payments: IncomingPayments
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def call(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        *,
        token: str = TOKEN,
        **headers: str,
    ) -> Reply:
        """Call the API with its token. Header names have underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        return await self.send(method, path, body, sent)

    async def send(
        self, method: str, path: str, body: Json | bytes | None, headers: dict[str, str]
    ) -> Reply:
        """Send a request without adding headers."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        async with self.session.request(
            method, f"{self.url}{path}", data=data, headers=headers
        ) as got:
            return Reply(
                status=got.status, headers=dict(got.headers), body=await got.json(content_type=None)
            )

    async def pay(self, payment: Json | bytes, *, secret: str = SECRET) -> Reply:
        """Send a payment to the webhook as a gateway does, signed at `now`."""
        body = json.dumps(payment).encode() if isinstance(payment, dict) else payment
        headers = sign(secret, int(self.now.timestamp()), body)
        return await self.send("POST", "/webhooks/payments", body, headers)


@asynccontextmanager
async def http_server(  # noqa: PLR0913 - the services behind it
    services: Services,
    database: Database,
    temporal: Client,
    queue: str,
    *,
    secret: str = SECRET,
    token: str = TOKEN,
    orders: WorkflowClient | None = None,
) -> AsyncIterator[HttpClient]:
    """Serve the routes while the context is open, and yield a client for them."""
    payments = IncomingPayments(database)
    async with aiohttp.ClientSession() as session:
        http_client = HttpClient(url="", session=session, payments=payments)
        taken = payment_webhook.Webhook(
            secret=secret,
            payments=payments,
            orders=WorkflowClient(temporal, queue),
            refunds=Refunds(temporal, queue),
            now=lambda: http_client.now,
        )
        offered = api.Api(
            token=token,
            commands=_commands(services, database, orders) if orders else services.commands,
            starts=_starts(services, database, orders) if orders else services.starts,
            lookup=services.orders,
            policies=services.policies,
            products=services.products,
        )
        routes = [payment_webhook.route(taken), *api.routes(offered)]
        async with serve(0, *routes, middlewares=[problems]) as port:
            http_client.url = f"http://127.0.0.1:{port}"
            yield http_client


def _commands(services: Services, database: Database, orders: WorkflowClient) -> Commands:
    return Commands(
        workflows=orders,
        requests=services.requests,
        trail=services.trail,
        refusals=Refusals(database),
        now=services.now,
    )


class _AnyRequester(Requesters):
    async def require(self, person: str, policy: Policy) -> None:
        """Accept everyone: these tests are about Temporal."""


def _starts(services: Services, database: Database, orders: WorkflowClient) -> Starts:
    return Starts(orders, services.requests, services.trail, TimeOff(database), _AnyRequester(None))
