"""The bot over signed HTTP requests to its own port, instead of Socket Mode."""

import socket
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
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
    async with serve(port, slack_route(app, SECRET)):
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


ORDER_STATUS = {
    "team_id": "T0LOCAL",
    "channel_id": APPROVALS,
    "user_id": ANA,
    "command": "/order-status",
    "response_url": "http://127.0.0.1:9/unused",
    "trigger_id": "1.2",
}


@pytest.mark.parametrize("place", ["text", "channel_name", "team_domain"])
async def test_a_command_with_the_word_payload_reaches_its_listener(
    bot: AsyncApp, port: int, place: str
) -> None:
    """Bolt reads a form as empty if this word is anywhere in it."""
    body = urlencode(ORDER_STATUS | {place: "what is in payload 7?"}).encode()

    assert await _post(port, body, _signed(body)) == 200


async def test_client_credentials_in_the_environment_do_not_make_it_an_oauth_app(
    web: AsyncWebClient, services: Services, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "unused")
    body = urlencode(ORDER_STATUS | {"text": ""}).encode()

    async with serve(port, slack_route(create_app(web, SECRET, services), SECRET)):
        assert await _post(port, body, _signed(body)) == 200


async def test_a_command_with_the_word_payload_must_be_signed(bot: AsyncApp, port: int) -> None:
    body = urlencode(ORDER_STATUS | {"text": "payload"}).encode()
    altered = body.replace(ANA.encode(), BORIS.encode())

    assert await _post(port, altered, _signed(body)) == 401
    assert await _post(port, body, {}) == 401


def _signed(body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}


async def _post(port: int, body: bytes, headers: dict[str, str]) -> int:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{port}/slack/events", data=body, headers=form | headers
        ) as response,
    ):
        return response.status
