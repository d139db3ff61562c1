"""The page's routes, and the rejection of requests from other web pages."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient, StandInClientError
from emulator.server import RunningStandIn

Json = dict[str, Any]


@pytest.fixture
async def http(running: RunningStandIn) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(running.url) as session:
        yield session


async def test_the_workspace_lists_the_manifests_declarations(slack: StandInClient) -> None:
    workspace = await slack.get("/_page/workspace")

    assert workspace["team"] == {"id": "T0LOCAL", "name": "Countersign Demo"}
    assert workspace["bot"]["user_id"] == "U0LOCALBOT"
    assert workspace["commands"][0]["command"] == "/order"
    assert {s["type"] for s in workspace["shortcuts"]} == {"global", "message"}
    assert workspace["home"] == {"home_tab_enabled": True, "messages_tab_enabled": True}
    assert len(workspace["users"]) == 13


async def test_users_see_only_their_own_channels(slack: StandInClient) -> None:
    async def ids(user: str) -> set[str]:
        channels = (await slack.get("/_page/channels", {"user": user}))["channels"]
        return {channel["id"] for channel in channels}

    assert await ids("U0ANA") == {
        "C0GENERAL",
        "C0APPROVALS",
        "C0HR",
        "C0ADMIN",
        "C0RANDOM",
        "DU0ANA",
    }
    assert "G0HR" in await ids("U0DINA")


async def test_unread_counts_until_the_channel_is_opened(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    async def unread() -> int:
        channels = (await slack.get("/_page/channels", {"user": "U0ANA"}))["channels"]
        count: int = next(c for c in channels if c["id"] == "C0GENERAL")["unread"]
        return count

    await web.chat_postMessage(channel="C0GENERAL", text="one")
    before = await unread()
    await slack.act("U0ANA", "open_channel", channel="C0GENERAL")

    assert (before, await unread()) == (1, 0)


async def test_a_user_cannot_read_other_private_channels(slack: StandInClient) -> None:
    for channel in ("G0HR", "DU0BORIS", "C0NOWHERE", ""):
        with pytest.raises(StandInClientError, match="channel_not_found"):
            await slack.messages(channel, "U0ANA")
    with pytest.raises(StandInClientError, match="user_not_found"):
        await slack.messages("C0GENERAL", "U0NOBODY")


async def test_the_stream_announces_changes_and_keeps_ephemerals_private(
    http: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    async def news(user: str, ready: asyncio.Event) -> Json:
        async with http.get("/_page/stream", params={"user": user, "tab": "t"}) as stream:
            ready.set()
            async for line in stream.content:
                if line.startswith(b"data: "):
                    received: Json = json.loads(line[6:])
                    return received
        raise AssertionError("the stream ended")

    ready = [asyncio.Event(), asyncio.Event()]
    ana = asyncio.ensure_future(news("U0ANA", ready[0]))
    boris = asyncio.ensure_future(news("U0BORIS", ready[1]))
    await asyncio.gather(*(event.wait() for event in ready))
    ephemeral = await web.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="psst")
    posted = await web.chat_postMessage(channel="C0GENERAL", text="all")

    assert await ana == {"kind": "messages", "channel": "C0GENERAL", "ts": ephemeral["message_ts"]}
    assert await boris == {"kind": "messages", "channel": "C0GENERAL", "ts": posted["ts"]}


@pytest.mark.parametrize("path", ["/", "/_page/workspace", "/_control/state", "/api/api.test"])
@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Host": "evil.example"}, "foreign_host"),
        ({"Host": "127.0.0.1.evil.example:80"}, "foreign_host"),
        ({"Origin": "https://evil.example"}, "foreign_origin"),
        ({"Origin": "null"}, "foreign_origin"),
        ({"Origin": "http://127.0.0.1:1"}, "foreign_origin"),
    ],
)
async def test_requests_from_other_web_pages_are_rejected(
    http: aiohttp.ClientSession, path: str, headers: dict[str, str], error: str
) -> None:
    async with http.get(path, headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == error


async def test_the_page_itself_may_act(
    http: aiohttp.ClientSession, running: RunningStandIn
) -> None:
    body = {"user": "U0ANA", "tab": "t", "kind": "message", "channel": "C0GENERAL", "text": "hi"}
    async with http.post("/_page/act", json=body, headers={"Origin": running.url}) as answer:
        assert (await answer.json())["ok"]


async def test_localhost_is_accepted(running: RunningStandIn) -> None:
    headers = {"Host": f"localhost:{running.port}", "Origin": f"http://localhost:{running.port}"}
    async with aiohttp.ClientSession(running.url, headers=headers) as http:
        answer = await http.get("/_page/workspace")
        assert answer.status == 200


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", "/_page/act", 405),
        ("GET", "/static/../server.py", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/link/", 403),
        ("POST", "/response/actions/T0LOCAL/nothing", 400),
        ("POST", "/_page/act", 400),
        ("GET", "/_control/journal?after=x", 400),
        ("GET", "/_control/journal?wait=x", 400),
    ],
)
async def test_every_error_is_json(
    http: aiohttp.ClientSession, verb: str, path: str, status: int
) -> None:
    async with http.request(verb, path) as answer:
        assert answer.status == status
        assert (await answer.json())["ok"] is False


async def test_a_permalink_opens_the_page_at_the_message(
    http: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    root = (await web.chat_postMessage(channel="C0GENERAL", text="root"))["ts"]
    reply = (await web.chat_postMessage(channel="C0GENERAL", text="r", thread_ts=root))["ts"]

    async def target(ts: str) -> str:
        link = (await web.chat_getPermalink(channel="C0GENERAL", message_ts=ts))["permalink"]
        async with http.get(link, allow_redirects=False) as answer:
            return answer.headers["Location"]

    assert await target(root) == f"/?channel=C0GENERAL&ts={root}"
    assert await target(reply) == f"/?channel=C0GENERAL&ts={reply}&thread={root}"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("act", []),
        ("act", {"user": 7}),
        ("clock", {"advance": "soon"}),
        ("clock", [1]),
        ("deliveries", {"drop_ack": "x"}),
        ("deliveries", {"retry_delays": 5}),
        ("sockets", {"do": "melt"}),
        ("sockets", {"do": "disconnect", "reason": "boredom"}),
        ("people", {"kind": "team_join", "user": []}),
        ("channels", {"channel": "C0GENERAL", "do": "paint"}),
        ("channels", {"channel": "C0GENERAL", "do": "add"}),
        ("channels", {"channel": "C0NOWHERE", "do": "archive"}),
        ("delete_message", {"channel": "C0GENERAL", "ts": "1"}),
        ("limits", {"per_second": "fast"}),
        ("event", {}),
    ],
)
async def test_an_invalid_control_call_is_rejected_with_a_reason(
    http: aiohttp.ClientSession, what: str, body: Any
) -> None:
    async with http.post(f"/_control/{what}", json=body) as answer:
        reply = await answer.json()

    assert reply["ok"] is False
    assert reply["error"] != "stand_in_bug"


async def test_a_reset_restores_the_workspace(slack: StandInClient, web: AsyncWebClient) -> None:
    await web.chat_postMessage(channel="C0GENERAL", text="old")
    await slack.people("user_change", user={"id": "U0ANA", "deleted": True})

    await slack.reset()

    state = await slack.state()
    assert not any(state["messages"].values())
    assert not next(u for u in state["users"] if u["id"] == "U0ANA")["deleted"]
    assert await slack.journal() == []
