"""The notice port: sends each notice once, to a person, a card's thread or a channel."""

import asyncio
from dataclasses import replace

from temporalio import activity

from slack_api.errors import SLACK_FAILURES, classify
from slack_api.locales import Locales
from slack_api.poster import MessageRef, Poster
from slack_api.urgency import routine
from views import notice_messages
from workflows.ports.approvals import NoticePort, NoticeResult
from workflows.rules.notice import Notice

LINK_TIMEOUT = 2.0
"""Seconds that a notice may be delayed to get its link: both share one attempt."""
NO_THREAD = NoticeResult(problem="notice.no_place")
"""The card has not been posted yet, so there is no thread."""


class NoticeActivities(NoticePort):
    """Notices in Slack."""

    def __init__(self, poster: Poster, locales: Locales) -> None:
        self._poster = poster
        self._locales = locales

    @activity.defn
    async def tell(self, notice: Notice) -> NoticeResult:
        """Send the notice once; see the port.

        If the card of a thread was deleted, the problem is lasting but the addressee is not gone:
        the card will be posted again. If a channel accepts no messages, each of `people` gets the
        notice once as a direct message.
        """
        with routine():  # the cards come first
            return await self._tell(notice)

    async def _tell(self, notice: Notice) -> NoticeResult:
        result = await self._send(notice)
        if not (notice.channel and notice.people and result.lasting):
            return result
        direct = [replace(notice, channel="", person=person, people=()) for person in notice.people]
        results = [await self._send(message) for message in direct]
        failed = [sent for sent in results if sent.problem and not sent.addressee_gone]
        if failed:
            doubtful = any(sent.doubtful for sent in results) or len(direct) > 1
            return replace(failed[0], doubtful=doubtful)
        return NoticeResult() if any(not sent.problem for sent in results) else result

    async def _send(self, notice: Notice) -> NoticeResult:
        posting = False
        try:
            target = await self._target(notice)
            if target is None:
                return NO_THREAD
            if await self._was_sent(target, notice):
                return NoticeResult()
            link, locale = await asyncio.gather(self._link(notice), self._locale(notice))
            message = notice_messages.message(notice, link, locale)
            posting = True
            await self._poster.post(target.channel, message, notice.key, target.ts)
        except SLACK_FAILURES as error:
            problem = classify(error)
            activity.logger.warning("notice not sent: %s", problem.code)
            return NoticeResult(
                problem=problem.code,
                lasting=problem.lasting,
                addressee_gone=problem.addressee_gone and bool(notice.person),
                doubtful=posting and problem.ambiguous,
                retry_after=problem.retry_after,
            )
        return NoticeResult()

    async def _target(self, notice: Notice) -> MessageRef | None:
        """Return the conversation to post in, with the ts of the root message for a thread."""
        if notice.person:
            return MessageRef(channel=await self._poster.direct_channel(notice.person), ts="")
        if notice.channel:
            return MessageRef(channel=await self._poster.channel_id(notice.channel), ts="")
        return await self._card_message(notice)

    async def _card_message(self, notice: Notice) -> MessageRef | None:
        card = notice.card
        if card is None or not card.ts:
            return None
        return MessageRef(channel=await self._poster.channel_id(card.channel), ts=card.ts)

    async def _was_sent(self, target: MessageRef, notice: Notice) -> bool:
        if not notice.doubtful or notice.intended_at is None:
            return False
        since = notice.intended_at
        return bool(await self._poster.find(target.channel, notice.key, since, target.ts))

    async def _locale(self, notice: Notice) -> str:
        """Return the addressee's language; empty (the policy's language) if several people read it."""
        return await self._locales.known_locale_of(notice.person) if notice.person else ""

    async def _link(self, notice: Notice) -> str:
        """Return the URL of the card; empty if Slack does not return it in time."""
        try:
            async with asyncio.timeout(LINK_TIMEOUT):
                card = await self._card_message(notice)
                return await self._poster.permalink(card) if card else ""
        except SLACK_FAILURES as error:
            activity.logger.warning("no link to the card: %s", classify(error).code)
            return ""
