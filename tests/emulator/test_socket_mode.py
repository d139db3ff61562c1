"""Socket Mode: tickets, round-robin delivery, acks and disconnects, also with Bolt."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import RunningStandIn, start
from tests.emulator.block_kit import actions, button
from tests.emulator.conftest import MANIFEST
from tests.emulator.raw_socket import open_socket, socket_url

Json = dict[str, Any]


def record_orders(app: AsyncApp) -> list[Json]:
    """Acknowledge `/order` in the app; return a list that collects the bodies."""
    received: list[Json] = []

    async def ordered(ack: Any, body: Json) -> None:
        received.append(body)
        await ack()

    app.command("/order")(ordered)
    return received


async def test_a_connection_starts_with_hello(running: RunningStandIn) -> None:
    async with open_socket(running) as socket:
        assert socket.hello["type"] == "hello"
        assert socket.hello["num_connections"] == 1
        assert socket.hello["connection_info"] == {"app_id": "A0LOCAL"}


async def test_a_ticket_opens_one_connection(running: RunningStandIn) -> None:
    async with aiohttp.ClientSession() as http:
        url = await socket_url(http, running)
        async with http.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
                await http.ws_connect(url)

    assert raised.value.status == 403


async def test_each_envelope_goes_to_exactly_one_connection_in_turn(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with open_socket(running) as first, open_socket(running) as second:
        for socket in (first, second, first):
            sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order"))
            await socket.ack(await socket.frame())
            assert (await sending)["acked"]


async def test_an_eleventh_connection_is_disconnected(
    running: RunningStandIn,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(open_socket(running))
        async with open_socket(running) as eleventh:
            assert eleventh.hello["type"] == "disconnect"
            assert eleventh.hello["reason"] == "too_many_websockets"


async def test_a_slash_ack_with_text_is_ephemeral_unless_in_channel(
    running: RunningStandIn, slack: StandInClient
) -> None:
    frame: Json = {}
    async with open_socket(running) as socket:
        for payload in ({"text": "psst"}, {"text": "loud", "response_type": "in_channel"}):
            sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order tea"))
            frame = await socket.frame()
            await socket.ack(frame, payload)
            assert (await sending)["acked"]

    assert frame["type"] == "slash_commands"
    assert frame["accepts_response_payload"] is True
    assert frame["payload"]["text"] == "tea"
    assert [m["text"] for m in await slack.messages("C0GENERAL", "U0ANA")] == ["psst", "loud"]
    assert [m["text"] for m in await slack.messages("C0GENERAL", "U0BORIS")] == ["loud"]


async def test_a_missing_ack_gives_a_warning_after_three_seconds(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with open_socket(running) as socket:
        sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order"))
        frame = await socket.frame()
        await slack.advance(2.9)
        assert not sending.done()
        await slack.advance(0.2)
        answer = await sending
        await socket.ack(frame)
        late = await slack.wait_for_journal(kind="late_ack")

    assert answer["acked"] is False
    assert answer["warning"] == '/order failed with the error "operation_timeout"'
    assert late["frame"]["envelope_id"] == frame["envelope_id"]


async def test_without_a_connection_a_click_gives_a_warning_immediately(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    message = await web.chat_postMessage(
        channel="C0GENERAL", text="card", blocks=[actions(button("go"))]
    )

    answer = await slack.click("U0ANA", "C0GENERAL", message["message"], "go")

    assert answer == {"ok": True, "acked": False, "warning": "The app did not respond in time."}


async def test_bolt_reconnects_after_a_disconnect(app: AsyncApp, slack: StandInClient) -> None:
    async def ordered(ack: Any) -> None:
        await ack("fine")

    app.command("/order")(ordered)
    for do in ("disconnect", "close"):
        mark = await slack.journal_mark()
        await slack.sockets(do)
        await slack.wait_for_journal(kind="socket_opened", after=mark)

        assert (await slack.say("U0ANA", "C0GENERAL", "/order"))["acked"]


async def test_a_warning_frame_leaves_the_connection_open(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with open_socket(running) as socket:
        await slack.sockets("disconnect", "warning")

        assert (await socket.frame())["reason"] == "warning"
        assert (await slack.state())["connections"] == 1


async def test_a_lost_connection_gives_a_missing_ack_immediately(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with open_socket(running) as socket:
        sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order"))
        await socket.frame()
        await slack.sockets("close")

        assert (await sending)["acked"] is False


async def test_invalid_frames_on_a_socket_are_ignored(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with open_socket(running) as socket:
        for garbage in ("{", "[1]", '"x"', '{"envelope_id": {}}', '{"envelope_id": "unknown"}'):
            await socket.socket.send_str(garbage)
        sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order"))
        await socket.ack(await socket.frame(), payload=["not", "an", "object"])

        assert (await sending)["acked"]


async def test_a_dropped_ack_gives_a_warning(app: AsyncApp, slack: StandInClient) -> None:
    received = record_orders(app)
    await slack.deliveries(drop_ack=1)

    assert (await slack.say("U0ANA", "C0GENERAL", "/order"))["acked"] is False
    assert (await slack.say("U0ANA", "C0GENERAL", "/order"))["acked"] is True
    assert len(received) == 2


async def test_a_duplicate_delivery_reaches_the_app_twice(
    app: AsyncApp, slack: StandInClient
) -> None:
    received = record_orders(app)
    await slack.deliveries(duplicate=1)
    await slack.say("U0ANA", "C0GENERAL", "/order")
    first = await slack.wait_for_journal(kind="ack", what="/order")
    await slack.wait_for_journal(kind="ack", what="/order", after=first["n"])

    assert [body["trigger_id"] for body in received] == [received[0]["trigger_id"]] * 2


async def test_a_late_duplicate_reaches_the_app_after_its_delay(
    app: AsyncApp, slack: StandInClient
) -> None:
    received = record_orders(app)
    await slack.deliveries(duplicate=1, duplicate_late=60)
    await slack.say("U0ANA", "C0GENERAL", "/order")
    first = await slack.wait_for_journal(kind="ack", what="/order")
    before = len(received)
    await slack.advance(60)
    await slack.wait_for_journal(kind="ack", what="/order", after=first["n"])

    assert (before, len(received)) == (1, 2)
    assert received[0]["trigger_id"] == received[1]["trigger_id"]


async def test_a_share_of_the_deliveries_reaches_the_app_twice(
    app: AsyncApp, slack: StandInClient
) -> None:
    """The same seed duplicates the same deliveries."""
    record_orders(app)
    doubled: list[int] = []
    for _ in range(2):
        before = await slack.mishaps()
        await slack.deliveries(duplicate_share=0.5, seed=7)
        for _ in range(10):
            await slack.say("U0ANA", "C0GENERAL", "/order")
        doubled.append(await slack.mishaps() - before)
    await slack.deliveries(duplicate_share=0)
    await slack.say("U0ANA", "C0GENERAL", "/order")

    assert doubled[0] == doubled[1]
    assert 0 < doubled[0] < 10
    assert await slack.mishaps() == sum(doubled)


async def test_two_deliveries_can_arrive_in_reverse_order(
    app: AsyncApp, slack: StandInClient
) -> None:
    received: list[str] = []

    async def ordered(ack: Any, body: Json) -> None:
        received.append(body["text"])
        await ack()

    app.command("/order")(ordered)
    # Bolt calls auth.test before its first delivery, which could otherwise change the order.
    await slack.say("U0ANA", "C0GENERAL", "/order before")
    await slack.deliveries(reorder=2)
    first = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order first"))
    await slack.wait_for_journal(kind="held")
    await slack.say("U0BORIS", "C0GENERAL", "/order second")
    await first

    assert received == ["before", "second", "first"]


async def test_http_delivery_rejects_socket_mode() -> None:
    config = Config(manifest=MANIFEST, request_url="http://127.0.0.1:9/slack/events")
    async with start(config) as running:
        web = AsyncWebClient(token="xapp-local", base_url=running.api_url)
        with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
            await web.apps_connections_open(app_token="xapp-local")
