"""Messages that notify: to one person, into a card's thread, to the admins; each told once."""

import asyncio
from dataclasses import replace

from temporalio import activity

from slack_api.errors import SLACK_FAILURES, classify
from slack_api.notice_locales import Locales
from slack_api.posting import Place, Poster
from views import notice_messages
from workflows.ports.approvals import NoticePort, NoticeResult
from workflows.rules.notice import Notice

LINK_PATIENCE = 2.0
"""Seconds that a link is worth: the notice itself must fit into the same try."""
NO_PLACE = NoticeResult(problem="notice.no_place")
"""Its card does not stand yet, so there is no thread."""


class NoticeActivities(NoticePort):
    """The port on a real (or stand-in) Slack."""

    def __init__(self, poster: Poster, locales: Locales) -> None:
        self._poster = poster
        self._locales = locales

    @activity.defn
    async def tell(self, notice: Notice) -> NoticeResult:
        """Send the notice once; see the port.

        A thread whose card was deleted is a lasting problem only: the card will be posted anew.
        A channel that takes nothing has those for whom it is told directly, each once.
        """
        told = await self._tell(notice)
        if not (notice.channel and notice.people and told.lasting):
            return told
        each = [replace(notice, channel="", person=one, people=()) for one in notice.people]
        heard = [await self._tell(one) for one in each]
        waiting = [one for one in heard if one.problem and not one.addressee_gone]
        if waiting:
            return replace(waiting[0], doubtful=any(one.doubtful for one in heard) or len(each) > 1)
        return NoticeResult() if any(not one.problem for one in heard) else told

    async def _tell(self, notice: Notice) -> NoticeResult:
        posting = False
        try:
            place = await self._place(notice)
            if place is None:
                return NO_PLACE
            if await self._stands_already(place, notice):
                return NoticeResult()
            link, locale = await asyncio.gather(self._link(notice), self._locale(notice))
            message = notice_messages.message(notice, link, locale)
            posting = True
            await self._poster.post(place.channel, message, notice.key, place.ts)
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

    async def _place(self, notice: Notice) -> Place | None:
        """Return the conversation to post in and, where the notice goes into a thread, its root."""
        if notice.person:
            return Place(channel=await self._poster.direct_channel(notice.person), ts="")
        if notice.channel:
            return Place(channel=await self._poster.channel_id(notice.channel), ts="")
        return await self._card_place(notice)

    async def _card_place(self, notice: Notice) -> Place | None:
        card = notice.card
        if card is None or not card.ts:
            return None
        return Place(channel=await self._poster.channel_id(card.channel), ts=card.ts)

    async def _stands_already(self, place: Place, notice: Notice) -> bool:
        if not notice.doubtful or notice.intended_at is None:
            return False
        since = notice.intended_at
        return bool(await self._poster.find(place.channel, notice.key, since, place.ts))

    async def _locale(self, notice: Notice) -> str:
        """Return the addressee's language; empty, so the policy's, where it is not one person's."""
        return await self._locales.of(notice.person) if notice.person else ""

    async def _link(self, notice: Notice) -> str:
        """Return the way to the card, or nothing: a notice without a link is still a notice."""
        try:
            async with asyncio.timeout(LINK_PATIENCE):
                place = await self._card_place(notice)
                return await self._poster.permalink(place) if place else ""
        except SLACK_FAILURES as error:
            activity.logger.warning("no link to the card: %s", classify(error).code)
            return ""
