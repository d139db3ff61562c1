"""The bot over signed HTTP requests to its own port, instead of Socket Mode."""

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners.services import Services
from bot.runtime.http_server import serve, slack_route
from emulator.client import StandInClient, text_of
from emulator.config import Config
from emulator.server import start
from tests.bot.conftest import ROOT
from tests.bot.order_driver import ANA, APPROVALS, BORIS, OrderDriver, shows
from tests.bot.signed_clicks import SECRET
from views import notices
from views.translator import ENGLISH


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture
async def slack(port: int) -> AsyncIterator[StandInClient]:
    config = Config(
        manifest=ROOT / "manifest.yml",
        signing_secret=SECRET,
        request_url=f"http://127.0.0.1:{port}/slack/events",
    )
    async with start(config) as running, StandInClient(running.url) as client:
        yield client


@pytest.fixture
async def bot(port: int, web: AsyncWebClient, services: Services) -> AsyncIterator[AsyncApp]:
    app = create_app(web, SECRET, services)
    async with serve(port, slack_route(app)):
        yield app


async def test_an_order_is_approved_over_signed_http(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    mark = await slack.journal_mark()

    answer = await slack.click(BORIS, APPROVALS, card.message, "approve")
    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)

    assert answer["acked"]
    assert "Approved" in inline["arguments"]["text"]
    await order_driver.card(card.order_id, shows("Completed"))


async def test_a_rejection_is_given_over_signed_http(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    await slack.click(BORIS, APPROVALS, card.message, "reject")
    modal = await slack.wait_for_modal(BORIS)

    answer = await slack.submit(BORIS, modal, {"reason": "No"})

    assert answer["acked"]
    await slack.wait_for_modal(BORIS, lambda v: notices.confirmed("reject", ENGLISH) in text_of(v))


GARBAGE = [
    ("application/x-www-form-urlencoded", b"payload=%7Bnot+json"),
    ("application/x-www-form-urlencoded", b"payload=%5B1%2C2%5D"),
    ("application/x-www-form-urlencoded", b"payload=%22words%22"),
    ("application/json", b"{not json"),
    ("application/json", b"[1, 2]"),
    ("application/json", b'{"team": 7, "user": [], "event": 3}'),
    ("application/json", b"\xff\xfe"),
    ("application/json", b""),
    ("text/plain", b"hello"),
]


async def test_unsigned_bodies_are_rejected(bot: AsyncApp, port: int) -> None:
    url, turned_away = f"http://127.0.0.1:{port}/slack/events", {}

    async with aiohttp.ClientSession() as session:
        for kind, body in GARBAGE:
            async with session.post(url, data=body, headers={"content-type": kind}) as answer:
                turned_away[kind, body] = answer.status in (400, 401)

    assert turned_away == dict.fromkeys(GARBAGE, True)


@pytest.mark.parametrize("stamp", ["soon", "", "1.5", "-1", "9" * 4000, "\u0661"])
async def test_an_invalid_timestamp_is_rejected(bot: AsyncApp, port: int, stamp: str) -> None:
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=0"}

    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{port}/slack/events", data=b"payload=%7B%7D", headers=headers
        ) as answer,
    ):
        assert answer.status in (400, 401)
