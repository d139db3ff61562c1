"""Signed HTTP delivery to a real Bolt app behind aiohttp, and event retries on both transports."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web as aiohttp_web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import RunningStandIn, start
from tests.emulator.block_kit import actions, button, modal
from tests.emulator.conftest import MANIFEST
from tests.emulator.raw_socket import open_socket

Json = dict[str, Any]
Handler = Callable[[aiohttp_web.Request], Awaitable[aiohttp_web.StreamResponse]]


@asynccontextmanager
async def _serve_app(
    handler: Handler, manifest: Path = MANIFEST
) -> AsyncIterator[tuple[RunningStandIn, StandInClient]]:
    """Serve ``handler`` as the app's request URL and start a stand-in that uses it."""
    site = aiohttp_web.Application()
    site.router.add_post("/slack/events", handler)
    server = TestServer(site)
    await server.start_server()
    url = str(server.make_url("/slack/events"))
    try:
        config = Config(manifest=manifest, request_url=url)
        async with start(config) as running, StandInClient(running.url) as slack:
            yield running, slack
    finally:
        await server.close()


@asynccontextmanager
async def _bolt() -> AsyncIterator[tuple[AsyncApp, RunningStandIn, StandInClient]]:
    """Serve a real Bolt app over HTTP."""
    apps: list[AsyncApp] = []

    async def serve(request: aiohttp_web.Request) -> aiohttp_web.StreamResponse:
        return await to_aiohttp_response(
            await apps[0].async_dispatch(await to_bolt_request(request))
        )

    async with _serve_app(serve) as (running, slack):
        client = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        apps.append(AsyncApp(client=client, signing_secret="local"))
        yield apps[0], running, slack


async def test_bolt_accepts_the_signature_of_each_payload_kind() -> None:
    received: list[str] = []

    async def listen(ack: Any, body: Json) -> None:
        received.append(body.get("type") or body["command"])
        await ack()

    async with _bolt() as (app, running, slack):
        app.command("/order")(listen)
        app.shortcut("new_order")(listen)
        app.event("app_home_opened")(listen)
        app.action("go")(listen)
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        posted = await web.chat_postMessage(
            channel="C0GENERAL", text="card", blocks=[actions(button("go"))]
        )
        answers = [
            await slack.say("U0ANA", "C0GENERAL", "/order"),
            await slack.act("U0ANA", "global_shortcut", callback_id="new_order"),
            await slack.click("U0ANA", "C0GENERAL", posted["message"], "go"),
            await slack.act("U0ANA", "open_home"),
        ]
        await slack.wait_for_journal(kind="ack", what="app_home_opened")

    assert [answer["acked"] for answer in answers] == [True] * 4
    assert received == ["/order", "shortcut", "block_actions", "event_callback"]


async def test_the_sdk_verifies_the_signature_and_rejects_a_wrong_secret() -> None:
    seen: list[tuple[bool, bool]] = []

    async def serve(request: aiohttp_web.Request) -> aiohttp_web.Response:
        body, headers = await request.text(), dict(request.headers)
        right = SignatureVerifier("local").is_valid_request(body, headers)
        wrong = SignatureVerifier("other").is_valid_request(body, headers)
        seen.append((right, wrong))
        return aiohttp_web.Response()

    async with _serve_app(serve) as (_, slack):
        await slack.say("U0ANA", "C0GENERAL", "/order tea & cake")

    assert seen == [(True, False)]


async def test_a_skewed_clock_makes_signatures_expire() -> None:
    async with _bolt() as (_, _, slack):
        await slack.skew(-600)
        answer = await slack.say("U0ANA", "C0GENERAL", "/order")
        refused = (await slack.journal(kind="no_ack"))[0]

    assert answer["acked"] is False
    assert refused["status"] == 401
    assert "dispatch_failed" in answer["warning"]


async def test_advancing_the_clock_does_not_age_signatures() -> None:
    async def listen(ack: Any) -> None:
        await ack()

    async with _bolt() as (app, _, slack):
        app.command("/order")(listen)
        await slack.advance(3600)

        assert (await slack.say("U0ANA", "C0GENERAL", "/order"))["acked"]


async def test_an_ack_body_over_http_is_applied() -> None:
    triggers: list[str] = []

    async def command(ack: Any, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack("psst")

    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"b": "No."})

    async with _bolt() as (app, running, slack):
        app.command("/order")(command)
        app.view("form")(submitted)
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        await slack.say("U0ANA", "C0GENERAL", "/order")
        view = (await web.views_open(trigger_id=triggers[0], view=modal()))["view"]
        answer = await slack.submit("U0ANA", view, {"what": "x"})
        seen = await slack.messages("C0GENERAL", "U0ANA")

    assert answer["errors"] == {"b": "No."}
    assert [m["text"] for m in seen] == ["psst"]


async def _retries(slack: StandInClient, *pauses: float) -> list[Json]:
    """Emit an event, advance the clock by each pause, and return the deliveries."""
    await slack.post("event", {"type": "app_mention", "text": "hi"})
    for number, pause in enumerate(pauses):
        await slack.wait_for_journal(lambda e, n=number: e["retry"] == n, kind="no_ack")  # type: ignore[misc]
        await slack.advance(pause)
    await slack.wait_for_journal(lambda e: e["retry"] == len(pauses), kind="envelope")
    return await slack.journal(kind="envelope")


async def test_a_failed_event_is_retried_immediately_and_after_1_and_5_minutes() -> None:
    numbers: list[tuple[str | None, str | None]] = []

    async def fail(request: aiohttp_web.Request) -> aiohttp_web.Response:
        headers = request.headers
        numbers.append((headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")))
        return aiohttp_web.Response(status=500)

    async with _serve_app(fail) as (_, slack):
        deliveries = await _retries(slack, 0, 60, 300)
        await slack.wait_for_journal(lambda e: e["retry"] == 3, kind="no_ack")

    assert numbers == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({d["payload"]["event_id"] for d in deliveries}) == 1
    moments = [d["at"] for d in deliveries]
    assert moments[2] - moments[1] >= 60
    assert moments[3] - moments[2] >= 300


async def test_an_event_is_not_retried_early() -> None:
    async def fail(_: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(status=500)

    async with _serve_app(fail) as (_, slack):
        await slack.post("event", {"type": "app_mention", "text": "hi"})
        await slack.wait_for_journal(lambda e: e["retry"] == 1, kind="no_ack")
        await slack.advance(59)
        before = len(await slack.journal(kind="envelope"))
        await slack.advance(1)
        await slack.wait_for_journal(lambda e: e["retry"] == 2, kind="envelope")

    assert before == 2


async def test_the_no_retry_header_stops_the_retries() -> None:
    async def fail(_: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(status=500, headers={"x-slack-no-retry": "1"})

    async with _serve_app(fail) as (_, slack):
        await slack.post("event", {"type": "app_mention", "text": "hi"})
        await slack.wait_for_journal(kind="no_ack")
        await slack.advance(3600)

        assert len(await slack.journal(kind="envelope")) == 1


async def test_an_app_that_is_down_gives_connection_failed() -> None:
    config = Config(manifest=MANIFEST, request_url="http://127.0.0.1:9/slack/events")
    async with start(config) as running, StandInClient(running.url) as slack:
        await slack.post("event", {"type": "app_mention", "text": "hi"})
        second = await slack.wait_for_journal(lambda e: e["retry"] == 1, kind="envelope")

    assert second["retry_reason"] == "connection_failed"


async def test_a_hanging_app_times_out_on_the_stand_ins_clock() -> None:
    release = asyncio.Event()

    async def hang(_: aiohttp_web.Request) -> aiohttp_web.Response:
        await release.wait()
        return aiohttp_web.Response()

    async with _serve_app(hang) as (_, slack):
        sending = asyncio.ensure_future(slack.say("U0ANA", "C0GENERAL", "/order"))
        await slack.wait_for_journal(kind="envelope")
        await slack.advance(3)
        answer = await sending
        release.set()

    assert "operation_timeout" in answer["warning"]


async def test_a_redirect_loop_gives_too_many_redirects() -> None:
    async def circle(request: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(status=307, headers={"Location": str(request.url)})

    async with _serve_app(circle) as (_, slack):
        await slack.say("U0ANA", "C0GENERAL", "/order")

        assert (await slack.journal(kind="no_ack"))[0]["reason"] == "too_many_redirects"


async def test_an_unacknowledged_event_on_a_socket_is_retried_with_the_same_ids(
    running: RunningStandIn, slack: StandInClient
) -> None:
    await slack.deliveries(retry_delays=[0, 0, 0])
    async with open_socket(running) as socket:
        await slack.post("event", {"type": "app_mention", "text": "hi"})
        first = await socket.frame()
        await slack.advance(3)
        second = await socket.frame()
        await socket.ack(second)
        await slack.wait_for_journal(kind="ack")

    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert second["envelope_id"] == first["envelope_id"]
    assert second["payload"]["event_id"] == first["payload"]["event_id"]


async def test_a_retry_has_the_same_content_as_the_first_delivery(
    running: RunningStandIn, slack: StandInClient
) -> None:
    web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
    await slack.deliveries(retry_delays=[60])
    ts = (await web.chat_postMessage(channel="C0GENERAL", text="first"))["ts"]
    await slack.wait_for_journal(kind="no_ack")
    await web.chat_update(channel="C0GENERAL", ts=ts, text="second")
    await slack.advance(60)
    again = await slack.wait_for_journal(lambda e: e["retry"] == 1, kind="envelope")

    assert again["payload"]["event"]["text"] == "first"


async def test_an_event_waits_for_a_connection_through_its_retries(
    running: RunningStandIn, slack: StandInClient
) -> None:
    await slack.post("event", {"type": "app_mention", "text": "hi"})
    await slack.wait_for_journal(lambda e: e["retry"] == 1, kind="no_ack")
    async with open_socket(running) as socket:
        await slack.advance(60)
        frame = await socket.frame()
        await socket.ack(frame)

    assert frame["retry_attempt"] == 2


async def test_the_manifests_urls_are_used_without_a_request_url(
    edited_manifest: Callable[..., Path],
) -> None:
    paths: list[str] = []

    async def listen(request: aiohttp_web.Request) -> aiohttp_web.Response:
        paths.append(request.path)
        return aiohttp_web.Response()

    site = aiohttp_web.Application()
    site.router.add_post("/{any}", listen)
    server = TestServer(site)
    await server.start_server()
    url = str(server.make_url("/")).rstrip("/")
    manifest = edited_manifest(
        settings__socket_mode_enabled=False,
        settings__interactivity={"is_enabled": True, "request_url": f"{url}/clicks"},
        settings__event_subscriptions={"request_url": f"{url}/events", "bot_events": ["app_mention"]},
        features__slash_commands=[{"command": "/order", "description": "x", "url": f"{url}/order"}],
    )  # fmt: skip
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        await slack.say("U0ANA", "C0GENERAL", "/order")
        await slack.act("U0ANA", "global_shortcut", callback_id="new_order")
        await slack.post("event", {"type": "app_mention", "text": "hi"})
        await slack.wait_for_journal(kind="ack", what="app_mention")
    await server.close()

    assert paths == ["/order", "/clicks", "/events"]


async def test_an_interaction_is_never_retried() -> None:
    async def fail(_: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(status=500)

    async with _serve_app(fail) as (_, slack):
        await slack.act("U0ANA", "global_shortcut", callback_id="new_order")
        await slack.advance(3600)

        (only,) = await slack.journal(kind="no_ack")
    assert only["reason"] == "http_error"
