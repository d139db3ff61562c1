"""User actions, and the events and payloads that the app receives for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from tests.emulator.block_kit import home

Json = dict[str, Any]


@pytest.fixture
def received(app: AsyncApp) -> list[Json]:
    """Collect the complete bodies of events and shortcuts."""
    bodies: list[Json] = []

    async def record(body: Json) -> None:
        bodies.append(body)

    async def record_and_ack(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack()

    for event in ("message", "app_mention", "app_home_opened"):
        app.event(event)(record)
    app.shortcut("new_order")(record_and_ack)
    app.shortcut("approve_it")(record_and_ack)
    return bodies


async def test_a_message_event_is_delivered_in_a_subscribed_channel(
    slack: StandInClient, received: list[Json]
) -> None:
    await slack.say("U0ANA", "C0GENERAL", "hello")
    await slack.wait_for_journal(kind="ack", what="message")

    (body,) = received
    assert body["event"]["text"] == "hello"
    assert body["event"]["channel_type"] == "channel"
    assert body["event"]["blocks"][0]["type"] == "rich_text"


async def test_undeclared_events_and_channels_without_the_app_are_not_delivered(
    slack: StandInClient, received: list[Json]
) -> None:
    await slack.say("U0DINA", "G0HR", "message.groups is not declared")
    await slack.say("U0ANA", "C0RANDOM", "the app is not here")
    await slack.say("U0ANA", "DU0ANA", "message.im is declared")
    await slack.wait_for_journal(kind="ack", what="message")

    assert [body["event"]["text"] for body in received] == ["message.im is declared"]


async def test_an_event_without_its_scope_is_not_delivered(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(oauth_config__scopes__bot=["chat:write"])
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        await slack.say("U0ANA", "C0GENERAL", "hello")

        (entry,) = await slack.journal(kind="not_delivered")
        assert (entry["what"], entry["reason"]) == ("message.channels", "missing_scope")
        assert await slack.journal(kind="envelope") == []


async def test_a_mention_is_a_separate_event(slack: StandInClient, received: list[Json]) -> None:
    await slack.say("U0ANA", "C0GENERAL", "<@U0LOCALBOT> help")
    await slack.wait_for_journal(kind="ack", what="app_mention")
    await slack.wait_for_journal(kind="ack", what="message")

    assert {body["event"]["type"] for body in received} == {"message", "app_mention"}


THREAD_KEYS = {"thread_ts", "parent_user_id"}
"""Keys that only replies have among message events (docs: events, `message`)."""


async def test_a_reply_to_the_apps_message_is_an_event_with_its_root(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await web.chat_postMessage(channel="C0GENERAL", text="card"))["ts"]

    answer = await slack.say("U0ANA", "C0GENERAL", "why?", thread_ts=root)
    unthreaded = await slack.say("U0ANA", "C0GENERAL", "hello")
    await slack.wait_for_journal(
        lambda e: e["payload"]["event"]["ts"] == unthreaded["ts"], kind="envelope", what="message"
    )

    envelopes = await slack.journal(kind="envelope", what="message")
    events = {e["payload"]["event"]["ts"]: e["payload"]["event"] for e in envelopes}
    reply, plain = events[answer["ts"]], events[unthreaded["ts"]]
    assert reply.keys() - plain.keys() == THREAD_KEYS
    assert plain.keys() <= reply.keys()
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root, "U0LOCALBOT")
    assert (reply["user"], reply["channel"], reply["channel_type"]) == (
        "U0ANA",
        "C0GENERAL",
        "channel",
    )
    assert "bot_id" not in reply


async def test_a_reply_to_a_reply_has_the_root_and_the_roots_author(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await slack.say("U0BORIS", "C0GENERAL", "anybody?"))["ts"]
    first = (await slack.say("U0ANA", "C0GENERAL", "me", thread_ts=root))["ts"]

    second = (await slack.say("U0DINA", "C0GENERAL", "me too", thread_ts=first))["ts"]

    entry = await slack.wait_for_journal(
        lambda e: e["payload"]["event"]["ts"] == second, kind="envelope", what="message"
    )
    event = entry["payload"]["event"]
    assert (event["thread_ts"], event["parent_user_id"]) == (root, "U0BORIS")


async def test_a_reply_also_sent_to_the_channel_has_its_root_and_no_parents_author(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await web.chat_postMessage(channel="C0GENERAL", text="card"))["ts"]

    event = await _event_of(slack, "all hear", thread_ts=root, broadcast=True)

    assert (event["subtype"], event["thread_ts"]) == ("thread_broadcast", root)
    assert (event["root"]["ts"], event["root"]["user"]) == (root, "U0LOCALBOT")
    assert event["root"]["latest_reply"] == event["ts"]
    assert "parent_user_id" not in event


async def test_a_me_message_has_no_keys_but_its_text_and_place(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await web.chat_postMessage(channel="C0GENERAL", text="card"))["ts"]

    event = await _event_of(slack, "/me waves", thread_ts=root)

    place = {"channel", "channel_type", "thread_ts", "ts", "event_ts"}
    assert event.keys() == {"type", "subtype", "user", "text"} | place
    assert (event["subtype"], event["text"]) == ("me_message", "waves")


async def test_a_shared_file_is_described_and_needs_no_text(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await web.chat_postMessage(channel="C0GENERAL", text="card"))["ts"]

    event = await _event_of(slack, "", thread_ts=root, files=["offer.pdf"])

    assert (event["subtype"], event["text"], event["parent_user_id"]) == (
        "file_share",
        "",
        "U0LOCALBOT",
    )
    assert [file["name"] for file in event["files"]] == ["offer.pdf"]
    assert "blocks" not in event


async def _event_of(slack: StandInClient, text: str, **fields: object) -> Json:
    """Say it in the channel, and return the event that the app receives."""
    posted = await slack.say("U0ANA", "C0GENERAL", text, **fields)
    entry = await slack.wait_for_journal(
        lambda e: e["payload"]["event"]["ts"] == posted["ts"], kind="envelope", what="message"
    )
    event: Json = entry["payload"]["event"]
    return event


async def test_replies_in_a_private_channel_are_delivered_if_declared(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(settings__event_subscriptions__bot_events=["message.groups"])
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        root = (await web.chat_postMessage(channel="G0HR", text="card"))["ts"]

        ts = (await slack.say("U0DINA", "G0HR", "ok", thread_ts=root))["ts"]
        await slack.say("U0ANA", "C0GENERAL", "message.channels is not declared")

        sent = await slack.journal(kind="envelope", what="message")
        envelopes = [
            e for e in sent if not e["retry"]
        ]  # no app is connected, so every event is retried
        (event,) = [e["payload"]["event"] for e in envelopes if e["payload"]["event"]["ts"] == ts]
        assert (event["channel_type"], event["parent_user_id"]) == ("group", "U0LOCALBOT")
        assert {e["payload"]["event"]["channel"] for e in envelopes} == {"G0HR"}


async def test_a_message_shortcut_on_a_reply_includes_its_thread(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    root = (await web.chat_postMessage(channel="C0APPROVALS", text="card"))["ts"]
    reply = (await slack.say("U0ANA", "C0APPROVALS", "a desk", thread_ts=root))["ts"]
    place = {"channel": "C0APPROVALS", "ts": reply}

    await slack.act("U0BORIS", "message_shortcut", callback_id="approve_it", **place)

    (body,) = [body for body in received if body["type"] == "message_action"]
    assert (body["message"]["ts"], body["message"]["thread_ts"]) == (reply, root)
    assert (body["user"]["id"], body["message"]["user"]) == ("U0BORIS", "U0ANA")


async def test_edits_and_deletions_are_message_events(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    ts = (await web.chat_postMessage(channel="C0GENERAL", text="one"))["ts"]
    await web.chat_update(channel="C0GENERAL", ts=ts, text="two")
    await slack.delete_message("C0GENERAL", ts)
    await slack.wait_for_journal(
        lambda e: e["payload"]["event"].get("subtype") == "message_deleted", kind="envelope"
    )
    envelopes = await slack.journal(kind="envelope", what="message")

    subtypes = [e["payload"]["event"].get("subtype") for e in envelopes]
    assert subtypes == [None, "message_changed", "message_deleted"]
    assert received == [] or received[0]["event"]["bot_id"] == "B0LOCAL"


async def test_typed_text_is_escaped_except_mentions(slack: StandInClient) -> None:
    await slack.say("U0ANA", "C0GENERAL", "<b>a & b</b> <@U0BORIS> <!here>")

    (message,) = await slack.messages("C0GENERAL", "U0BORIS")
    assert message["text"] == "&lt;b&gt;a &amp; b&lt;/b&gt; <@U0BORIS> <!here>"
    first = message["blocks"][0]["elements"][0]["elements"][0]
    assert first == {"type": "text", "text": "<b>a & b</b> "}


async def test_a_read_only_messages_tab_rejects_messages(
    edited_manifest: Callable[..., Path],
) -> None:
    home_only = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    manifest = edited_manifest(features__app_home=home_only)
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        for text in ("hello", "/order"):
            answer = await slack.say("U0ANA", "DU0ANA", text)

            assert answer["error"] == "messages_tab_disabled"


async def test_an_undeclared_command_is_rejected(slack: StandInClient) -> None:
    answer = await slack.say("U0ANA", "C0GENERAL", "/dance now")

    assert (answer["ok"], answer["error"]) == (False, "unknown_command")
    assert "/dance is not a valid command" in answer["message"]
    assert await slack.journal(kind="envelope") == []


async def test_commands_do_not_work_in_threads(slack: StandInClient) -> None:
    answer = await slack.say("U0ANA", "C0GENERAL", "/order", thread_ts="1.2")

    assert answer["error"] == "no_command_in_thread"


async def test_declared_shortcuts_are_delivered(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    ts = (await web.chat_postMessage(channel="C0APPROVALS", text="card"))["ts"]
    place = {"channel": "C0APPROVALS", "ts": ts}

    first = await slack.act("U0ANA", "global_shortcut", callback_id="new_order")
    second = await slack.act("U0ANA", "message_shortcut", callback_id="approve_it", **place)
    third = await slack.act("U0ANA", "global_shortcut", callback_id="approve_it")

    assert (first["acked"], second["acked"]) == (True, True)
    assert third["error"] == "unknown_shortcut"
    shortcuts = [body for body in received if body["type"] in ("shortcut", "message_action")]
    assert [body["callback_id"] for body in shortcuts] == ["new_order", "approve_it"]
    assert "channel" not in shortcuts[0]
    assert shortcuts[1]["message"]["text"] == "card"


async def test_opening_the_home_tab_sends_an_event_with_the_published_view(
    slack: StandInClient, web: AsyncWebClient, received: list[Json]
) -> None:
    await slack.act("U0ANA", "open_home")
    await web.views_publish(user_id="U0ANA", view=home())
    await slack.act("U0ANA", "open_home", section="home")
    await slack.act("U0ANA", "open_home", section="messages")
    await slack.wait_for_journal(lambda e: e["payload"]["event"]["tab"] == "messages",
                                 kind="envelope", what="app_home_opened")  # fmt: skip
    events = [e["payload"]["event"] for e in await slack.journal(kind="envelope")]

    assert [(e["tab"], "view" in e) for e in events] == [
        ("home", False),
        ("home", True),
        ("messages", False),
    ]
    assert events[0]["channel"] == "DU0ANA"
    assert all(body["type"] == "event_callback" for body in received)


async def test_a_tab_disabled_in_the_manifest_does_not_open(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(features__app_home={"messages_tab_enabled": True})
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)

        assert (await slack.act("U0ANA", "open_home"))["error"] == "tab_disabled"
        with pytest.raises(SlackApiError, match="not_enabled"):
            await web.views_publish(user_id="U0ANA", view=home())


async def test_without_interactivity_no_click_is_delivered(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(settings__interactivity={"is_enabled": False})
    async with start(Config(manifest=manifest)) as running, StandInClient(running.url) as slack:
        answer = await slack.act("U0ANA", "global_shortcut", callback_id="new_order")

        assert answer["error"] == "interactivity_disabled"


@pytest.mark.parametrize(
    ("user", "kind", "fields", "error"),
    [
        ("U0NOBODY", "message", {}, "user_not_found"),
        ("U0IVAN", "message", {}, "user_cannot_act"),
        ("U0LOCALBOT", "message", {}, "user_cannot_act"),
        ("U0ANA", "dance", {}, "unknown_kind"),
        ("U0ANA", "message", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("U0ANA", "message", {"channel": "G0HR", "text": "x"}, "channel_not_found"),
        ("U0ANA", "message", {"channel": "DU0BORIS", "text": "x"}, "channel_not_found"),
        ("U0ANA", "message", {"channel": "C0ADMIN", "text": "x"}, "not_in_channel"),
        ("U0ANA", "message", {"channel": "C0GENERAL", "text": "  "}, "invalid_text"),
        ("U0ANA", "message", {"channel": "C0GENERAL", "text": "x" * 12_001}, "invalid_text"),
        ("U0ANA", "message", {"channel": "C0GENERAL"}, "invalid_arguments"),
        ("U0ANA", "message", {"channel": ["C0GENERAL"], "text": "x"}, "invalid_arguments"),
        ("U0ANA", "view_submit", {"view_id": "V1"}, "view_not_found"),
        ("U0ANA", "delete_message", {"channel": "C0GENERAL", "ts": "1"}, "message_not_found"),
    ],
)
async def test_an_action_that_is_not_allowed_returns_an_error_message(
    slack: StandInClient, user: str, kind: str, fields: Json, error: str
) -> None:
    answer = await slack.act(user, kind, **fields)

    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["message"]


async def test_a_user_can_delete_their_own_and_the_apps_messages_only(
    slack: StandInClient, web: AsyncWebClient
) -> None:
    place = {"channel": "C0GENERAL"}
    mine = (await slack.say("U0ANA", "C0GENERAL", "mine"))["ts"]
    card = (await web.chat_postMessage(channel="C0GENERAL", text="card"))["ts"]

    assert (await slack.act("U0GUS", "delete_message", ts=mine, **place))["error"] == (
        "cant_delete_message"
    )
    assert (await slack.act("U0ANA", "delete_message", ts=mine, **place))["ok"]
    assert (await slack.act("U0GUS", "delete_message", ts=card, **place))["ok"]


async def test_an_archived_channel_rejects_messages(slack: StandInClient) -> None:
    await slack.channels("C0GENERAL", "archive")
    assert (await slack.say("U0ANA", "C0GENERAL", "x"))["error"] == "is_archived"

    await slack.channels("C0GENERAL", "unarchive")
    assert (await slack.say("U0ANA", "C0GENERAL", "x"))["ok"]
