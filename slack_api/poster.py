"""Posting messages exactly once.

`chat.postMessage` has no idempotency key, so each message carries our own in its metadata.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_api.channels import Channels
from slack_api.errors import CHANNEL_GONE, slack_code
from slack_api.pages import next_cursor
from views.blocks import Message

EVENT_TYPE = "countersign_message"
"""The event type of the metadata, which holds only an opaque key: any user can read metadata."""

CLOCK_SKEW = timedelta(minutes=1)
"""How far Slack's clock may be behind ours when we search for messages since an instant."""

PAGE_SIZE = 100
MAX_PAGES = 5
"""A search reads at most 500 messages. Slack's largest page is 999."""

_DELETE_REFUSALS = frozenset({"message_not_found", "cant_delete_message"})
"""Errors of chat.delete that are ignored. Slack returns the second for a message of another app that
copied our key, which any user can read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRef:
    """A posted message: the id of its conversation and its ts."""

    channel: str
    ts: str


class Poster:
    """Posts, finds, edits and deletes our messages. Each call is tried once, without waiting.

    If a call fails, every method raises one of `slack_api.errors.SLACK_FAILURES`.
    """

    def __init__(self, client: AsyncWebClient, channels: Channels) -> None:
        self._client = client
        self._channels = channels

    async def channel_id(self, channel: str) -> str:
        """Return the id of `#name`. An id, or a name that the bot cannot see, is returned unchanged."""
        return await self._channels.channel_id(channel)

    async def direct_channel(self, person: str) -> str:
        """Return the id of the direct message conversation with `person`."""
        opened = await self._client.conversations_open(users=person)
        return str(opened["channel"]["id"])

    async def post(
        self, channel: str, message: Message, key: str, thread_ts: str = ""
    ) -> MessageRef:
        """Post a message that carries `key`. Not safe to repeat: search for the key first."""
        try:
            posted = await self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                thread_ts=thread_ts or None,
            )
        except SlackApiError as error:
            if slack_code(error) in CHANNEL_GONE:  # its name may be another channel's by now
                await self._channels.forget(channel)
            raise
        return MessageRef(channel=str(posted["channel"]), ts=str(posted["ts"]))

    async def find(
        self, channel: str, key: str, since: datetime, thread_ts: str = ""
    ) -> list[MessageRef]:
        """Return the messages with `key` posted since `since`, the oldest first.

        Replies are not part of a channel's history: with `thread_ts`, only that thread is searched.
        """
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}"
        found: list[MessageRef] = []
        cursor = ""
        for _ in range(MAX_PAGES):
            page = await self._read_page(channel, thread_ts, oldest, cursor)
            found += [
                MessageRef(channel=channel, ts=str(message["ts"]))
                for message in page["messages"]
                if _key(message) == key
            ]
            cursor = next_cursor(page)
            if not cursor:
                break
        return sorted(found, key=lambda ref: ref.ts)

    async def _read_page(
        self, channel: str, thread_ts: str, oldest: str, cursor: str
    ) -> AsyncSlackResponse:
        if thread_ts:
            return await self._client.conversations_replies(
                channel=channel,
                ts=thread_ts,
                oldest=oldest,
                include_all_metadata=True,
                limit=PAGE_SIZE,
                cursor=cursor or None,
            )
        return await self._client.conversations_history(
            channel=channel,
            oldest=oldest,
            include_all_metadata=True,
            limit=PAGE_SIZE,
            cursor=cursor or None,
        )

    async def permalink(self, ref: MessageRef) -> str:
        """Return the URL of a message."""
        found = await self._client.chat_getPermalink(channel=ref.channel, message_ts=ref.ts)
        return str(found["permalink"])

    async def edit(self, ref: MessageRef, message: Message) -> None:
        """Replace the content of a message. Safe to repeat. Its metadata does not change."""
        await self._client.chat_update(
            channel=ref.channel, ts=ref.ts, text=message.text, blocks=message.blocks
        )

    async def delete(self, ref: MessageRef) -> None:
        """Delete a message. Safe to repeat. A message that is not ours is left alone."""
        try:
            await self._client.chat_delete(channel=ref.channel, ts=ref.ts)
        except SlackApiError as error:
            if slack_code(error) not in _DELETE_REFUSALS:
                raise


def _key(message: dict[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key", ""))
