"""chat.* methods and the messages that users see."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.config import Config
from emulator.server import start
from tests.emulator.block_kit import actions, button, section

# slack_sdk recommends text with blocks; these tests check Slack's behavior without it.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument:UserWarning")

Json = dict[str, Any]
CARD = {"event_type": "card", "event_payload": {"key": "k1"}}


async def _post(web: AsyncWebClient, **fields: Any) -> Json:
    answer = await web.chat_postMessage(channel="C0APPROVALS", **fields)
    message: Json = answer["message"]
    return message


async def _stored(web: AsyncWebClient, ts: str) -> Json:
    history = await web.conversations_history(channel="C0APPROVALS", include_all_metadata=True)
    messages: list[Json] = history["messages"]
    return next(m for m in messages if m["ts"] == ts)


async def _error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


async def test_a_posted_message_has_generated_ids_and_text_attributes(web: AsyncWebClient) -> None:
    message = await _post(web, text="x", blocks=[section("*a*"), actions(button("go"))])

    first, second = message["blocks"]
    assert first["block_id"] != second["block_id"]
    assert first["text"]["verbatim"] is False
    assert second["elements"][0]["text"]["emoji"] is True


async def test_timestamps_are_unique_and_increase(web: AsyncWebClient) -> None:
    stamps = [(await _post(web, text=str(n)))["ts"] for n in range(5)]

    assert stamps == sorted(set(stamps), key=float)


async def test_text_without_blocks_removes_the_blocks(web: AsyncWebClient) -> None:
    ts = (await _post(web, text="old", blocks=[section("old")]))["ts"]

    await web.chat_update(channel="C0APPROVALS", ts=ts, text="new")

    stored = await _stored(web, ts)
    assert stored["text"] == "new"
    assert "blocks" not in stored
    assert "edited" in stored


async def test_blocks_without_text_keep_the_text_and_are_not_marked_as_edited(
    web: AsyncWebClient,
) -> None:
    ts = (await _post(web, text="old", blocks=[section("old")]))["ts"]

    await web.chat_update(channel="C0APPROVALS", ts=ts, blocks=[section("new")])

    stored = await _stored(web, ts)
    assert stored["text"] == "old"
    assert stored["blocks"][0]["text"]["text"] == "new"
    assert "edited" not in stored


async def test_metadata_is_kept_unless_given_and_removed_by_an_empty_object(
    web: AsyncWebClient,
) -> None:
    ts = (await _post(web, text="old", metadata=CARD))["ts"]
    await web.chat_update(channel="C0APPROVALS", ts=ts, text="new")
    kept = await _stored(web, ts)
    await web.chat_update(channel="C0APPROVALS", ts=ts, text="newer", metadata={})
    gone = await _stored(web, ts)

    assert kept["metadata"] == CARD
    assert "metadata" not in gone


async def test_history_includes_metadata_only_on_request(web: AsyncWebClient) -> None:
    await _post(web, text="card", metadata=CARD)

    plain = await web.conversations_history(channel="C0APPROVALS")

    assert "metadata" not in plain["messages"][0]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ([], "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {"k": "v" * 9000}}, "metadata_too_large"),
    ],
)
async def test_invalid_metadata_is_rejected(web: AsyncWebClient, metadata: Any, error: str) -> None:
    assert await _error_of(_post(web, text="x", metadata=metadata)) == error


async def test_an_app_can_update_and_delete_only_its_own_messages(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    ts = (await slack.say("U0ANA", "C0APPROVALS", "mine"))["ts"]

    place = {"channel": "C0APPROVALS", "ts": ts}
    assert await _error_of(web.chat_update(**place, text="x")) == "cant_update_message"
    assert await _error_of(web.chat_delete(**place)) == "cant_delete_message"


async def test_a_message_deleted_by_a_user_is_not_found(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    ts = (await _post(web, text="card"))["ts"]
    await slack.delete_message("C0APPROVALS", ts)

    update = web.chat_update(channel="C0APPROVALS", ts=ts, text="x")

    assert await _error_of(update) == "message_not_found"


async def test_deleting_a_root_with_replies_leaves_a_tombstone(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    root = (await _post(web, text="root"))["ts"]
    reply = (await _post(web, text="reply", thread_ts=root))["ts"]

    await web.chat_delete(channel="C0APPROVALS", ts=root)
    assert (await slack.messages("C0APPROVALS", "U0ANA"))[0]["subtype"] == "tombstone"

    await web.chat_delete(channel="C0APPROVALS", ts=reply)
    assert await slack.messages("C0APPROVALS", "U0ANA") == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"blocks": []}, "no_text"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "y" * 12_001}, "msg_too_long"),
        ({"text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": ["y"]}, "invalid_attachments"),
        ({"text": "x", "blocks": [section("y" * 2900)] * 5}, "msg_blocks_too_long"),
    ],
)
async def test_content_that_slack_rejects_is_rejected(
    web: AsyncWebClient, fields: Json, error: str
) -> None:
    assert await _error_of(_post(web, **fields)) == error


async def test_a_long_text_is_truncated_in_a_post_and_rejected_in_an_update(
    web: AsyncWebClient,
) -> None:
    message = await _post(web, text="x" * 41_000)
    update = web.chat_update(channel="C0APPROVALS", ts=message["ts"], text="x" * 4001)

    assert len(message["text"]) == 40_000
    assert await _error_of(update) == "msg_too_long"


async def test_markdown_text_becomes_a_markdown_block(web: AsyncWebClient) -> None:
    message = await _post(web, markdown_text="**bold**")

    assert message["blocks"][0]["type"] == "markdown"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0RANDOM", "not_in_channel"),
        ("U0LOCALBOT", "cannot_dm_bot"),
        ("U0IVAN", "channel_not_found"),
        ("#nowhere", "channel_not_found"),
    ],
)
async def test_posting_to_an_inaccessible_target_is_rejected(
    web: AsyncWebClient, channel: str, error: str
) -> None:
    assert await _error_of(web.chat_postMessage(channel=channel, text="x")) == error


async def test_an_archived_channel_rejects_posts_and_edits(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    ts = (await _post(web, text="card"))["ts"]
    await slack.channels("C0APPROVALS", "archive")

    assert await _error_of(_post(web, text="x")) == "is_archived"
    update = web.chat_update(channel="C0APPROVALS", ts=ts, text="x")
    assert await _error_of(update) == "is_inactive"


async def test_a_private_channel_is_not_found_after_the_app_is_removed(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    await slack.channels("G0HR", "remove_bot")

    post = web.chat_postMessage(channel="G0HR", text="x")
    assert await _error_of(post) == "channel_not_found"
    assert await _error_of(web.conversations_info(channel="G0HR")) == "channel_not_found"


async def test_chat_write_public_allows_posts_without_membership(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(oauth_config__scopes__bot=["chat:write", "chat:write.public"])
    async with start(Config(manifest=manifest)) as running:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)

        assert (await web.chat_postMessage(channel="C0RANDOM", text="x"))["ok"]


async def test_a_user_id_or_channel_name_works_for_posts_but_not_for_edits(
    web: AsyncWebClient,
) -> None:
    dm = await web.chat_postMessage(channel="W0HANA", text="hello")
    named = await web.chat_postMessage(channel="#general", text="hello")
    update = web.chat_update(channel="W0HANA", ts=dm["ts"], text="x")

    assert dm["channel"] == "DW0HANA"
    assert named["channel"] == "C0GENERAL"
    assert await _error_of(update) == "channel_not_found"
    assert (await web.chat_update(channel="DW0HANA", ts=dm["ts"], text="x"))["ok"]


async def test_without_a_messages_tab_direct_messages_are_rejected(
    edited_manifest: Callable[..., Path],
) -> None:
    manifest = edited_manifest(features__app_home={"home_tab_enabled": True})
    async with start(Config(manifest=manifest)) as running:
        web = AsyncWebClient(token="xoxb-local", base_url=running.api_url)
        post = web.chat_postMessage(channel="U0ANA", text="x")

        assert await _error_of(post) == "messages_tab_disabled"


async def test_a_reply_is_counted_on_its_root_and_a_replys_ts_refers_to_the_root(
    web: AsyncWebClient,
) -> None:
    root = (await _post(web, text="root"))["ts"]
    first = await _post(web, text="one", thread_ts=root)
    second = await _post(web, text="two", thread_ts=first["ts"])

    stored = await _stored(web, root)
    assert second["thread_ts"] == root
    assert stored["reply_count"] == 2
    assert stored["latest_reply"] == second["ts"]


async def test_a_reply_to_a_deleted_message_is_posted_to_the_channel(web: AsyncWebClient) -> None:
    message = await _post(web, text="lost", thread_ts="1700000000.000001")

    assert "thread_ts" not in message


async def test_a_broadcast_reply_also_appears_in_the_channel(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    root = (await _post(web, text="root"))["ts"]
    await _post(web, text="all hear", thread_ts=root, reply_broadcast=True)

    seen = await slack.messages("C0APPROVALS", "U0ANA")

    assert [m["text"] for m in seen] == ["root", "all hear"]


async def test_an_ephemeral_is_visible_to_one_user_and_never_in_history(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    ephemeral = await web.chat_postEphemeral(channel="C0APPROVALS", user="U0BORIS", text="psst")
    ts = ephemeral["message_ts"]

    assert (await slack.messages("C0APPROVALS", "U0BORIS"))[0]["is_ephemeral"] is True
    assert await slack.messages("C0APPROVALS", "U0ANA") == []
    assert (await web.conversations_history(channel="C0APPROVALS"))["messages"] == []
    update = web.chat_update(channel="C0APPROVALS", ts=ts, text="x")
    assert await _error_of(update) == "message_not_found"


@pytest.mark.parametrize(
    ("channel", "user", "error"),
    [
        ("C0ADMIN", "U0ANA", "user_not_in_channel"),
        ("C0RANDOM", "U0ANA", "not_in_channel"),
        ("C0GENERAL", "U0IVAN", "user_not_in_channel"),
        ("DU0ANA", "U0BORIS", "user_not_in_channel"),
    ],
)
async def test_an_ephemeral_needs_the_app_and_the_user_in_the_channel(
    web: AsyncWebClient, channel: str, user: str, error: str
) -> None:
    ephemeral = web.chat_postEphemeral(channel=channel, user=user, text="psst")

    assert await _error_of(ephemeral) == error


async def test_a_permalink_is_an_address_of_the_page(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    ts = (await _post(web, text="card"))["ts"]

    link = (await web.chat_getPermalink(channel="C0APPROVALS", message_ts=ts))["permalink"]

    assert link == f"{slack.base_url}/archives/C0APPROVALS/p{ts.replace('.', '')}"
    reply = (await _post(web, text="reply", thread_ts=ts))["ts"]
    there = await web.chat_getPermalink(channel="C0APPROVALS", message_ts=reply)
    assert there["permalink"].endswith(f"/p{reply.replace('.', '')}?thread_ts={ts}&cid=C0APPROVALS")


async def test_a_reaction_can_be_added_and_removed_once(web: AsyncWebClient) -> None:
    ts = (await _post(web, text="card"))["ts"]
    reaction = {"channel": "C0APPROVALS", "timestamp": ts, "name": "eyes"}

    await web.reactions_add(**reaction)
    assert (await _stored(web, ts))["reactions"][0]["count"] == 1
    assert await _error_of(web.reactions_add(**reaction)) == "already_reacted"
    await web.reactions_remove(**reaction)
    assert (await _stored(web, ts))["reactions"] == []
    assert await _error_of(web.reactions_remove(**reaction)) == "no_reaction"


async def test_posts_beyond_the_burst_are_rate_limited(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    await slack.limits(per_second=1, burst=3)
    for number in range(3):
        await _post(web, text=str(number))

    with pytest.raises(SlackApiError) as raised:
        await _post(web, text="one too many")
    assert raised.value.response.status_code == 429
    assert raised.value.response["error"] == "ratelimited"
    assert raised.value.response.headers["Retry-After"] == "1"
    assert (await web.chat_postMessage(channel="C0GENERAL", text="elsewhere"))["ok"]
    await slack.advance(1)
    assert (await _post(web, text="again"))["text"] == "again"
