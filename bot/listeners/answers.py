"""How a listener answers: paint the card inline, or say one private sentence, by surface."""

import asyncio
import time
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.home.board import HomeBoard
from slack_api.errors import SLACK_FAILURES, classify
from views.blocks import Message, View
from views.card_click import Click, ClickContext

INLINE_UNTIL = 1.5
"""Seconds after the listener received a click within which it may paint the card. The durable
publish comes no earlier than 3 s after the click, so an inline write never overtakes it."""

GIVE_UP_AFTER = 2.5
"""Seconds after which an inline write under way is dropped, still before the durable publish."""

WORKING_FOR = 0.3
"""Seconds between an ack that shows "Working" in a modal and the view that follows it. The two travel
by different ways, and Bolt sends an ack up to 10 ms after the call: a result that overtook it would
be painted over, and the modal would say "Working" for ever."""

NOT_ACKED = 0.0
"""No "Working" view was acknowledged before: whatever comes next may be shown at once."""

_log = structlog.get_logger("bot.answers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """Where somebody pressed something, and so where the answer goes. Parts may be empty."""

    person: str
    channel: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    response_url: str = ""
    is_home: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it is a message that nobody else sees, and that no durable publish repairs."""
        return bool(self.response_url) and not self.message_ts


def surface_of(person: str, place: Click | ClickContext) -> Surface:
    """Return where `person` pressed; a modal remembers from where it was opened.

    What has neither channel nor message is the App Home.
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
    """Writes to Slack for listeners. Nothing here raises for what Slack refuses: it is logged.

    A lost inline paint is repaired by the durable publish; a lost sentence is said another way.
    """

    def __init__(
        self, session: aiohttp.ClientSession, slack: AsyncWebClient, homes: HomeBoard
    ) -> None:
        self._session = session
        self._slack = slack
        self._homes = homes

    async def paint(self, surface: Surface, message: Message, received: float) -> bool:
        """Show `message` in place of the pressed one, if it is still time; say whether it was done.

        `received` is `time.monotonic()` at the moment the listener got the click.
        """
        spent = time.monotonic() - received
        if spent > INLINE_UNTIL:
            return False
        return await self._replace(surface, message, GIVE_UP_AFTER - spent)

    async def paint_final(self, surface: Surface, message: Message) -> bool:
        """Show the last state of a request whose card has no owner any more: nothing races it.

        Nobody will repair it either, so a used or expired response URL is not the end.
        """
        if surface.response_url and await self._replace(surface, message, GIVE_UP_AFTER):
            return True
        return await self._replace(replace(surface, response_url=""), message, GIVE_UP_AFTER)

    async def show(
        self, client: AsyncWebClient, view_id: str, view: View, acked: float, view_hash: str = ""
    ) -> bool:
        """Show `view` in an open modal; say whether it was done: the person may have closed it.

        `acked` is `time.monotonic()` at the moment the modal's "Working" view was acknowledged.
        With the `view_hash` of what the person pressed in, a newer view is not painted over.
        """
        await asyncio.sleep(acked + WORKING_FOR - time.monotonic())
        try:
            async with asyncio.timeout(GIVE_UP_AFTER):
                await client.views_update(view_id=view_id, view=view, hash=view_hash or None)
        except SLACK_FAILURES as error:
            _log.info("modal_not_updated", error=classify(error).code)
            return False
        return True

    async def show_or_tell(  # noqa: PLR0913 - a view, and the way that is left without it
        self,
        client: AsyncWebClient,
        view_id: str,
        view: View,
        acked: float,
        *,
        surface: Surface,
        sentence: str,
    ) -> None:
        """Show `view` in an open modal or, where the person has closed it, say the sentence."""
        if not await self.show(client, view_id, view, acked):
            await self.tell(surface, sentence)

    async def tell(self, surface: Surface, sentence: str) -> None:
        """Say one sentence to the person who pressed, and to nobody else."""
        await self.tell_message(surface, Message(text=sentence, blocks=[]))

    async def tell_message(self, surface: Surface, message: Message) -> None:
        """Show a message to the person who asked, and to nobody else, by the first way that works."""
        ways = (self._by_response_url, self._by_ephemeral, self._by_direct_message)
        for way in (self._on_home, *ways):
            try:
                async with asyncio.timeout(GIVE_UP_AFTER):
                    if await way(surface, message):
                        return
            except SLACK_FAILURES as error:
                _log.warning("sentence_not_said", way=way.__name__, error=classify(error).code)
        _log.error("sentence_lost", person=surface.person)

    async def permalink(self, surface: Surface) -> str:
        """Return the address of the message that was pressed; empty where there is none."""
        if not (surface.channel and surface.message_ts):
            return ""
        try:
            async with asyncio.timeout(GIVE_UP_AFTER):
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
        async with self._session.post(url, json=body) as response:
            if response.status == 200:  # noqa: PLR2004 - OK
                return True
            _log.warning("response_url_refused", status=response.status)
            return False
