"""How bot and worker apply their settings: served routes, payment gateway and mail server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

import worker
from activities.incoming_payments import EmbeddedBank
from activities.mail import MailOff, SmtpMail
from activities.orders import PaymentActivities
from activities.payment_gateway import GatewayBank, GatewayPaymentActivities
from bot.__main__ import running
from bot.runtime.settings import Settings
from emulator.client import StandInClient
from tests.any_policy import AnyPolicy
from tests.bot.conftest import ROOT
from tests.bot.order_driver import ANA

TIMEOUT = 20
TRANSPORTS: dict[str, dict[str, Any]] = {
    "socket mode": {"slack_app_token": SecretStr("xapp-local")},
    "signed http": {"slack_signing_secret": SecretStr("shh")},
}


@pytest.fixture(params=list(TRANSPORTS.values()), ids=list(TRANSPORTS))
async def address(
    request: pytest.FixtureRequest,
    slack: StandInClient,
    temporal: WorkflowEnvironment,
    records_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    """The address of a bot that runs as in its process, in either mode."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.client.service_client.config.target_host)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Settings(
        slack_bot_token=SecretStr("xoxb-local"),
        slack_api_url=f"{slack.base_url}/api/",
        database_url=f"sqlite:///{records_file}",
        policies=ROOT / "policies.toml",
        web_port=port,
        api_token=SecretStr("t0ken"),
        payment_webhook_secret=SecretStr("s3cret"),
        **request.param,
    )
    async with running(config):
        yield f"http://127.0.0.1:{port}"


async def test_the_bot_serves_health_api_and_webhook_in_both_modes(address: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(TIMEOUT):
        await _answering(session, address)
        listed = await session.get(
            f"{address}/api/v1/orders?requester={ANA}", headers={"Authorization": "Bearer t0ken"}
        )
        stranger = await session.get(f"{address}/api/v1/orders")
        unsigned = await session.post(f"{address}/webhooks/payments", data=b"{}")
        elsewhere = await session.get(f"{address}/somewhere")

    assert (listed.status, await listed.json()) == (200, {"orders": []})
    assert [response.status for response in (stranger, unsigned, elsewhere)] == [401, 401, 404]
    assert unsigned.content_type == stranger.content_type == "application/problem+json"
    assert elsewhere.content_type == "text/plain"


async def _answering(session: aiohttp.ClientSession, address: str) -> None:
    while True:
        try:
            async with session.get(f"{address}/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)


async def test_without_settings_payments_are_simulated_and_mail_is_off() -> None:
    async with worker.external_services(Settings()) as outside:
        assert outside.payment is None
        assert isinstance(outside.bank, EmbeddedBank)
        assert isinstance(outside.mail, MailOff)


async def test_with_settings_the_gateway_and_the_mail_server_are_used(
    database: Any, slack: StandInClient
) -> None:
    config = Settings(
        payment_gateway_url="https://pay.example",
        payment_gateway_token=SecretStr("t"),
        smtp_url=SecretStr("smtp://mail.example"),
    )
    async with (
        worker.external_services(config) as outside,
        worker.slack_client(Settings(slack_bot_token=SecretStr("xoxb-local"))) as client,
    ):
        owners = {
            type(getattr(activity, "__self__", None))
            for activity in worker.activities(client, database, AnyPolicy(), outside)
        }

    assert isinstance(outside.bank, GatewayBank)
    assert {GatewayPaymentActivities, SmtpMail} <= owners
    assert PaymentActivities not in owners
