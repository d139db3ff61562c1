"""Calling the Web API: encodings, tokens, scopes, arguments and errors."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

import emulator
from emulator.client import StandInClient
from emulator.config import Config
from emulator.methods.registry import METHODS
from emulator.server import RunningStandIn, build_app, start

Json = dict[str, Any]
AUTH = {"Authorization": "Bearer xoxb-local"}


@pytest.fixture
async def http(running: RunningStandIn) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(running.api_url, headers=AUTH) as session:
        yield session


async def _call(http: aiohttp.ClientSession, method: str, **options: Any) -> Json:
    async with http.post(method, **options) as answer:
        body: Json = await answer.json()
        return body


CALL = {"channel": "C0GENERAL", "text": "hello"}


@pytest.mark.parametrize(
    "options",
    [
        {"params": CALL},
        {"data": CALL},
        {"json": CALL},
        {"data": {"text": "hello"}, "params": {"channel": "C0GENERAL"}},
    ],
    ids=["query", "form", "json", "query and form"],
)
async def test_arguments_can_be_sent_as_query_form_or_json(
    http: aiohttp.ClientSession, options: Json
) -> None:
    answer = await _call(http, "chat.postMessage", **options)

    assert answer["ok"]
    assert answer["message"]["text"] == "hello"


async def test_a_method_can_be_called_with_get(http: aiohttp.ClientSession) -> None:
    async with http.get("users.info", params={"user": "U0ANA"}) as answer:
        body = await answer.json()

    assert body["user"]["name"] == "ana"


async def test_a_form_contains_blocks_as_json_text(http: aiohttp.ClientSession) -> None:
    blocks = json.dumps([{"type": "divider"}])

    answer = await _call(http, "chat.postMessage", data={**CALL, "blocks": blocks})

    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_a_multipart_form_is_accepted(http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData(CALL, default_to_multipart=True)

    assert (await _call(http, "chat.postMessage", data=form))["ok"]


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ("{", "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("NaN", "application/json", "invalid_json"),
        ("[" * 5000 + "]" * 5000, "application/json", "invalid_json"),
        ('{"a":' * 100 + "1" + "}" * 100, "application/json", "invalid_json"),
        ("hello", "text/plain", "invalid_post_type"),
        (b"\xff\xfe", "application/json; charset=utf-8", "invalid_charset"),
        ("x", "application/json; charset=nonsense", "invalid_charset"),
        ("x", "multipart/form-data", "invalid_form_data"),
    ],
)
async def test_an_unreadable_body_is_rejected(
    http: aiohttp.ClientSession, body: str | bytes, kind: str, error: str
) -> None:
    answer = await _call(http, "chat.postMessage", data=body, headers={"Content-Type": kind})

    assert answer["error"] == error


async def test_a_large_body_is_rejected_with_a_json_error(http: aiohttp.ClientSession) -> None:
    body = io.BytesIO(b'{"text": "' + b"x" * 1_100_000 + b'"}')
    headers = {"Content-Type": "application/json"}
    async with http.post("chat.postMessage", data=body, headers=headers) as answer:
        assert answer.status == 413
        assert (await answer.json())["ok"] is False


async def test_an_unknown_method_gives_unknown_method(http: aiohttp.ClientSession) -> None:
    assert (await _call(http, "chat.dance"))["error"] == "unknown_method"


@pytest.mark.parametrize(
    ("method", "header", "error"),
    [
        ("auth.test", "", "not_authed"),
        ("auth.test", "Bearer xoxb-other", "invalid_auth"),
        ("auth.test", "Bearer xapp-local", "not_allowed_token_type"),
        ("apps.connections.open", "Bearer xoxb-local", "not_allowed_token_type"),
        ("apps.connections.open", "Bearer xapp-local", None),
        ("api.test", "", None),
    ],
)
async def test_each_method_requires_its_kind_of_token(
    running: RunningStandIn, method: str, header: str, error: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    async with aiohttp.ClientSession(running.api_url, headers=headers) as http:
        answer = await _call(http, method)

    assert answer.get("error") == error


async def test_a_token_is_accepted_in_a_form_but_not_in_json(running: RunningStandIn) -> None:
    async with aiohttp.ClientSession(running.api_url) as http:
        form = await _call(http, "auth.test", data={"token": "xoxb-local"})
        body = await _call(http, "auth.test", json={"token": "xoxb-local"})

    assert form["ok"]
    assert body["error"] == "not_authed"


async def test_every_response_to_a_bot_has_its_scopes(web: AsyncWebClient) -> None:
    answer = await web.auth_test()

    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_a_method_without_its_scope_is_rejected(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(oauth_config__scopes__bot=["chat:write"])
    async with start(Config(manifest=manifest)) as running:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        with pytest.raises(SlackApiError) as raised:
            await web.users_info(user="U0ANA")

    assert raised.value.response["error"] == "missing_scope"
    assert raised.value.response["needed"] == "users:read"
    assert raised.value.response["provided"] == "chat:write"


async def test_missing_arguments_are_listed(http: aiohttp.ClientSession) -> None:
    answer = await _call(http, "chat.update", json={"text": "x"})

    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] missing required field: channel",
        "[ERROR] missing required field: ts",
    ]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat.postMessage", {"channel": {"id": 1}, "text": "x"}),
        ("chat.postMessage", {"channel": True, "text": "x"}),
        ("users.list", {"limit": "many"}),
        ("users.list", {"limit": 1.5}),
        ("users.list", {"include_locale": "perhaps"}),
        ("views.open", {"view": "{not json"}),
        ("views.open", {"view": "7"}),
        ("conversations.open", {"users": [1]}),
    ],
)
async def test_arguments_of_a_wrong_type_are_rejected(
    http: aiohttp.ClientSession, method: str, arguments: Json
) -> None:
    assert (await _call(http, method, json=arguments))["error"] == "invalid_arguments"


async def test_api_test_echoes_and_fails_on_request(web: AsyncWebClient) -> None:
    assert (await web.api_test(foo="bar"))["args"] == {"foo": "bar"}
    with pytest.raises(SlackApiError, match="my_error"):
        await web.api_test(error="my_error")


def test_every_planned_method_is_registered() -> None:
    planned = """api.test auth.test apps.connections.open chat.postMessage chat.update chat.delete
        chat.postEphemeral chat.getPermalink conversations.open conversations.info
        conversations.list conversations.members conversations.history conversations.replies
        users.info users.list users.lookupByEmail users.profile.get team.profile.get usergroups.list
        usergroups.users.list dnd.info views.open views.push views.update views.publish
        reactions.add reactions.remove bots.info team.info blocks.validate"""

    assert set(METHODS) == set(planned.split())


async def test_the_journal_never_contains_a_token(
    running: RunningStandIn, slack: StandInClient
) -> None:
    async with aiohttp.ClientSession(running.api_url) as http:
        await _call(http, "auth.test", data={"token": "xoxb-local"})
        await _call(http, "auth.test", json={}, headers=AUTH)

    assert "xoxb-local" not in json.dumps(await slack.journal(kind="api"))


async def test_the_synchronous_sdk_client_works(running: RunningStandIn) -> None:
    client = WebClient(token="xoxb-local", base_url=running.api_url)

    def talk() -> tuple[str, str, list[Json]]:
        me = client.auth_test()["user_id"]
        ts = client.chat_postMessage(channel="C0GENERAL", text="from a thread")["ts"]
        return me, ts, client.conversations_history(channel="C0GENERAL")["messages"]

    me, ts, history = await asyncio.to_thread(talk)

    assert me == "U0LOCALBOT"
    assert history[0]["ts"] == ts


def test_the_readme_documents_every_control_route_and_option(running: RunningStandIn) -> None:
    readme = (Path(emulator.__file__).with_name("README.md")).read_text(encoding="utf-8")
    routes = {
        route.resource.canonical
        for route in build_app(running.stand_in).router.routes()
        if route.resource
    }
    controls = {route.removeprefix("/_control/") for route in routes if "_control" in route}
    options = {
        f"--{name}"
        for name in [
            "manifest",
            "port",
            "bot-token",
            "app-token",
            "signing-secret",
            "request-url",
            "people",
            "state",
        ]
    }

    assert all(f"localhost:8080/_control/{name}" in readme for name in controls)
    assert all(option in readme for option in options)
