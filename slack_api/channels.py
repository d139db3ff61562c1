"""The ids of channels that are given by name."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from records.database import DATABASE_FAILURES
from records.directory import CHANNELS, Directory
from slack_api.listing import PAGE_SIZE, Listing
from slack_api.pages import next_cursor

LISTED_FOR = timedelta(minutes=10)
"""A name that was in no listing for this long is looked up again. Slack reports new names by events."""

_log = structlog.get_logger("slack_api.channels")


class Channels:
    """Resolves names of channels. All processes share what one has listed or learned from an event."""

    def __init__(
        self, client: AsyncWebClient, store: Directory, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._store = store
        self._now = now
        self._listing = Listing(store, CHANNELS, self._read_page, now)

    async def channel_id(self, channel: str) -> str:
        """Return the id of `#name`. An id, or a name that the bot cannot see, is returned unchanged.

        Slack understands names too when it posts. Raises one of `slack_api.errors.SLACK_FAILURES`.
        """
        if not channel.startswith("#"):
            return channel
        name = channel.removeprefix("#")
        try:
            found = await self._store.channel_named(name)
            if not found:
                await self._listing.ensure(self._now() - LISTED_FOR)
                found = await self._store.channel_named(name)
        except DATABASE_FAILURES as error:
            _log.warning("channels_not_read", error=type(error).__name__)
            return channel
        return found or channel

    async def learn(self, channel: str, name: str) -> None:
        """Store the name that a channel has now."""
        await self._store.learn_channels({channel: name}, self._now())

    async def forget(self, channel: str) -> None:
        """Forget a channel that was archived or deleted: its name may be another's now."""
        try:
            await self._store.forget_channel(channel)
        except DATABASE_FAILURES as error:  # the next failed post tries again
            _log.warning("channel_not_forgotten", error=type(error).__name__)

    async def _read_page(self, cursor: str) -> str:
        page = await self._client.conversations_list(
            types="public_channel,private_channel",
            exclude_archived=True,
            limit=PAGE_SIZE,
            cursor=cursor or None,
        )
        names = {str(channel["id"]): str(channel["name"]) for channel in page["channels"]}
        await self._store.learn_channels(names, self._now())
        return next_cursor(page)
