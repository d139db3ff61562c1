"""Answers of listeners: writing the card inline, or sending a private message."""

import asyncio
import time
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.homes import Homes
from bot.runtime.proxies import Proxies
from slack_api.errors import SLACK_FAILURES, classify
from views.blocks import Message, View
from views.card_click import Click, ClickContext

INLINE_UNTIL = 1.5
"""Seconds after a click was received within which a listener may write the card. The durable publish
comes no earlier than 3 s after the click, so an inline write never overwrites it."""

WRITE_TIMEOUT = 2.5
"""Seconds after the click at which an inline write is cancelled, before the durable publish."""

WORKING_FOR = 0.3
"""Seconds between an ack that shows "Working" in a modal and the view that follows it. They are sent
over different connections, and Bolt sends an ack up to 10 ms after the call: the ack could overwrite
a result that arrived first, and the modal would show "Working" forever."""

NOT_ACKED = 0.0
"""No "Working" view was acknowledged before, so the next view may be shown at once."""

_log = structlog.get_logger("bot.answers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """The place of an interaction, to which the answer goes. Any part may be empty."""

    person: str
    channel: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    response_url: str = ""
    is_home: bool = False

    @property
    def is_private(self) -> bool:
        """Whether only this person sees the message, so that no durable publish repairs it."""
        return bool(self.response_url) and not self.message_ts


def surface_of(person: str, place: Click | ClickContext) -> Surface:
    """Return the surface that `person` clicked on; for a modal, the surface that opened it.

    A place with neither channel nor message is the App Home.
    """
    return Surface(
        person=person,
        channel=place.channel,
        message_ts=place.message_ts,
        thread_ts=place.thread_ts,
        response_url=place.response_url,
        is_home=not (place.channel or place.message_ts or place.response_url),
    )


class Answers:
    """Writes to Slack for listeners. What Slack refuses is logged, not raised.

    The durable publish repairs a lost inline write; a lost sentence is sent another way.
    """

    def __init__(
        self, session: aiohttp.ClientSession, slack: AsyncWebClient, homes: Homes, proxies: Proxies
    ) -> None:
        self._session = session
        self._slack = slack
        self._homes = homes
        self._proxies = proxies

    async def paint(self, surface: Surface, message: Message, received: float) -> bool:
        """Replace the clicked message if there is still time; return whether it was replaced.

        `received` is `time.monotonic()` when the listener received the click.
        """
        spent = time.monotonic() - received
        if spent > INLINE_UNTIL:
            return False
        return await self._replace(surface, message, WRITE_TIMEOUT - spent)

    async def paint_final(self, surface: Surface, message: Message) -> bool:
        """Show the last state of a request whose card no longer has an owner, so that nothing races.

        Nothing repairs it either, so a used or expired response URL is not the last attempt.
        """
        if surface.response_url and await self._replace(surface, message, WRITE_TIMEOUT):
            return True
        return await self._replace(replace(surface, response_url=""), message, WRITE_TIMEOUT)

    async def show(
        self, client: AsyncWebClient, view_id: str, view: View, acked: float, view_hash: str = ""
    ) -> bool:
        """Show `view` in an open modal; return False if that failed: the person may have closed it.

        `acked` is `time.monotonic()` when the modal's "Working" view was acknowledged. With the
        `view_hash` of the view that the person clicked in, a newer view is not replaced.
        """
        await asyncio.sleep(acked + WORKING_FOR - time.monotonic())
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await client.views_update(view_id=view_id, view=view, hash=view_hash or None)
        except SLACK_FAILURES as error:
            _log.info("modal_not_updated", error=classify(error).code)
            return False
        return True

    async def show_or_reply(  # noqa: PLR0913 - a view, and the sentence if it cannot be shown
        self,
        client: AsyncWebClient,
        view_id: str,
        view: View,
        acked: float,
        *,
        surface: Surface,
        sentence: str,
    ) -> None:
        """Show `view` in an open modal or, if the person has closed it, send the sentence, if any."""
        if not await self.show(client, view_id, view, acked) and sentence:
            await self.reply(surface, sentence)

    async def reply(self, surface: Surface, sentence: str) -> None:
        """Send one sentence to the person who interacted, and to no one else."""
        await self.reply_with(surface, Message(text=sentence, blocks=[]))

    async def reply_with(self, surface: Surface, message: Message) -> None:
        """Send a message to the person who interacted, and to no one else, in the first way that works."""
        ways = (self._by_response_url, self._by_ephemeral, self._by_direct_message)
        for way in (self._on_home, *ways):
            try:
                async with asyncio.timeout(WRITE_TIMEOUT):
                    if await way(surface, message):
                        return
            except SLACK_FAILURES as error:
                _log.warning("reply_not_sent", way=way.__name__, error=classify(error).code)
        _log.error("reply_lost", person=surface.person)

    async def permalink(self, surface: Surface) -> str:
        """Return the permalink of the clicked message; empty if there is none."""
        if not (surface.channel and surface.message_ts):
            return ""
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                answer = await self._slack.chat_getPermalink(
                    channel=surface.channel, message_ts=surface.message_ts
                )
        except SLACK_FAILURES as error:
            _log.info("no_permalink", error=classify(error).code)
            return ""
        return str(answer.get("permalink") or "")

    async def _replace(self, surface: Surface, message: Message, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                if surface.response_url:
                    body = {
                        "replace_original": True,
                        "text": message.text,
                        "blocks": message.blocks,
                    }
                    return await self._respond(surface.response_url, body)
                if surface.channel and surface.message_ts:
                    await self._slack.chat_update(
                        channel=surface.channel,
                        ts=surface.message_ts,
                        text=message.text,
                        blocks=message.blocks,
                    )
                    return True
        except SLACK_FAILURES as error:
            _log.warning("inline_write_failed", error=classify(error).code)
        return False

    async def _on_home(self, surface: Surface, message: Message) -> bool:
        return surface.is_home and await self._homes.tell(surface.person, message.text)

    async def _by_response_url(self, surface: Surface, message: Message) -> bool:
        if not surface.response_url:
            return False
        body: dict[str, object] = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": message.text,
        }
        if message.blocks:
            body["blocks"] = message.blocks
        if surface.thread_ts:
            body["thread_ts"] = surface.thread_ts
        return await self._respond(surface.response_url, body)

    async def _by_ephemeral(self, surface: Surface, message: Message) -> bool:
        if not surface.channel:
            return False
        await self._slack.chat_postEphemeral(
            channel=surface.channel,
            user=surface.person,
            text=message.text,
            blocks=message.blocks or None,
            thread_ts=surface.thread_ts or None,
        )
        return True

    async def _by_direct_message(self, surface: Surface, message: Message) -> bool:
        opened = await self._slack.conversations_open(users=surface.person)
        await self._slack.chat_postMessage(
            channel=opened["channel"]["id"], text=message.text, blocks=message.blocks or None
        )
        return True

    async def _respond(self, url: str, body: dict[str, object]) -> bool:
        proxy = self._proxies.for_url(url)
        async with self._session.post(url, json=body, proxy=proxy) as response:
            if response.status == 200:  # noqa: PLR2004 - OK
                return True
            _log.warning("response_url_refused", status=response.status)
            return False
