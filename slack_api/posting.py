"""Posting exactly once: `chat.postMessage` has no idempotency key, so messages carry one of ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_api.errors import slack_code
from views.blocks import Message

EVENT_TYPE = "countersign_message"
"""The metadata's event type. Everybody in the workspace can read metadata: an opaque key only."""

CLOCK_SKEW = timedelta(minutes=1)
"""How far Slack's clock may be behind ours when we look for a message since an instant."""

PAGE = 100
PAGES = 5
"""We look through at most 500 messages since the intent: Slack's page is 999 at most."""

_NOT_TO_DELETE = frozenset({"message_not_found", "cant_delete_message"})
"""The second: another app's message with our key in its metadata, which everybody can read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A message that stands: the conversation's id and the message's ts."""

    channel: str
    ts: str


class Poster:
    """Posts, finds, edits and deletes messages of ours by key. One try each, no waiting.

    Every method raises what `slack_errors.SLACK_FAILURES` lists.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._channel_ids: dict[str, str] = {}

    async def channel_id(self, channel: str) -> str:
        """Return the id of `#name`; an id, or a name the bot does not see, comes back as it is."""
        if channel.startswith("#") and channel not in self._channel_ids:
            await self._read_channels()
        return self._channel_ids.get(channel, channel)

    async def _read_channels(self) -> None:
        cursor = ""
        while True:
            page = await self._client.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor or None,
            )
            for channel in page["channels"]:
                self._channel_ids["#" + channel["name"]] = channel["id"]
            cursor = _next_cursor(page)
            if not cursor:
                return

    async def direct_channel(self, person: str) -> str:
        """Return the id of the direct conversation with `person`."""
        opened = await self._client.conversations_open(users=person)
        return str(opened["channel"]["id"])

    async def post(self, channel: str, message: Message, key: str, thread_ts: str = "") -> Place:
        """Post a message that carries `key`. Not safe to repeat: look for the key first."""
        posted = await self._client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
            thread_ts=thread_ts or None,
        )
        return Place(channel=str(posted["channel"]), ts=str(posted["ts"]))

    async def find(
        self, channel: str, key: str, since: datetime, thread_ts: str = ""
    ) -> list[Place]:
        """Return where `key` stands in the conversation since `since`, the oldest first.

        What stands in a thread is not part of the channel's history: it is looked for there.
        """
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}"
        found: list[Place] = []
        cursor = ""
        for _ in range(PAGES):
            page = await self._page(channel, thread_ts, oldest, cursor)
            found += [
                Place(channel=channel, ts=str(message["ts"]))
                for message in page["messages"]
                if _key(message) == key
            ]
            cursor = _next_cursor(page)
            if not cursor:
                break
        return sorted(found, key=lambda place: place.ts)

    async def _page(
        self, channel: str, thread_ts: str, oldest: str, cursor: str
    ) -> AsyncSlackResponse:
        if thread_ts:
            return await self._client.conversations_replies(
                channel=channel,
                ts=thread_ts,
                oldest=oldest,
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
        return await self._client.conversations_history(
            channel=channel,
            oldest=oldest,
            include_all_metadata=True,
            limit=PAGE,
            cursor=cursor or None,
        )

    async def permalink(self, place: Place) -> str:
        """Return the address of a message."""
        found = await self._client.chat_getPermalink(channel=place.channel, message_ts=place.ts)
        return str(found["permalink"])

    async def edit(self, place: Place, message: Message) -> None:
        """Bring a message to this content. Safe to repeat. Its metadata stays as it was."""
        await self._client.chat_update(
            channel=place.channel, ts=place.ts, text=message.text, blocks=message.blocks
        )

    async def delete(self, place: Place) -> None:
        """Remove a message of ours; one that is gone already, or is not ours at all, is fine."""
        try:
            await self._client.chat_delete(channel=place.channel, ts=place.ts)
        except SlackApiError as error:
            if slack_code(error) not in _NOT_TO_DELETE:
                raise


def _key(message: dict[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _next_cursor(page: AsyncSlackResponse) -> str:
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
