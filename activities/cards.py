"""Cards in Slack: every copy is brought to one face, exactly one message per copy."""

import asyncio
from dataclasses import replace

from slack_sdk.errors import SlackApiError
from temporalio import activity

from activities.posting import Place, Poster
from activities.slack_errors import GONE, SLACK_FAILURES, SlackProblem, classify, slack_code
from bot.views import cards
from bot.views.blocks import Message
from workflows.ports import CardPort, PublishCard, PublishedCard
from workflows.rules.card import CardCopy
from workflows.rules.face import ApprovalFace

TOGETHER = 8
"""Copies that are written at one time: Slack allows about fifty edits a minute."""
PATIENCE = 8.0
"""Seconds for all copies. What is not done by then is told as such, before the try's own end (ten)
makes the outcome of every copy unknown."""


class CardActivities(CardPort):
    """The port on a real (or stand-in) Slack."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the face to every copy; see the port.

        What the card's problem is, its copy in the channel says: there everybody sees it. A direct
        message that Slack refuses for good (the person was deactivated) is no problem of the card:
        everybody else has it. As long as any copy may still go through, nothing is lasting: the
        try is repeated soon, so that no copy keeps buttons that are out of date.
        """
        message = cards.build(card.face)
        decided = not isinstance(card.face, ApprovalFace) or not card.face.is_open
        ends = asyncio.get_running_loop().time() + PATIENCE
        slots = asyncio.Semaphore(TOGETHER)

        async def bring(copy: CardCopy) -> tuple[CardCopy, SlackProblem | None]:
            async with slots:
                return await self._bring(copy, message, ends, decided=decided)

        results = await asyncio.gather(*(bring(copy) for copy in card.copies))
        in_channel: list[SlackProblem] = []
        in_direct: list[SlackProblem] = []
        for copy, problem in results:
            if problem is not None:
                activity.logger.warning("card not published: %s", problem.code)
                (in_direct if copy.person else in_channel).append(problem)
        problems = in_channel or [problem for problem in in_direct if not problem.lasting]
        every = (*in_channel, *in_direct)
        waits = [one.retry_after for one in every if one.retry_after]
        return PublishedCard(
            copies=tuple(copy for copy, _ in results),
            version=card.face.card_version,
            problem=problems[0].code if problems else "",
            lasting=bool(problems) and all(problem.lasting for problem in every),
            retry_after=max(waits, default=None),
        )

    async def _bring(
        self, copy: CardCopy, message: Message, ends: float, *, decided: bool
    ) -> tuple[CardCopy, SlackProblem | None]:
        """Bring one copy to `message`; a failure comes back as a problem, never as an exception.

        Where all is `decided`, nobody is asked any more: who has no copy by then needs none.
        """
        try:
            async with asyncio.timeout_at(ends):
                copy = await self._addressed(copy)
                copy = await self._settle_doubt(copy)
                if copy.ts and await self._edited(copy, message):
                    return copy, None
                if decided and copy.person:
                    return replace(copy, ts=""), None
                channel = await self._poster.channel_id(copy.channel)
        except SLACK_FAILURES as error:
            return copy, classify(error)
        try:
            async with asyncio.timeout_at(ends):
                place = await self._poster.post(channel, message, copy.key)
        except SLACK_FAILURES as error:
            problem = classify(error)
            return replace(copy, ts="", doubtful=copy.doubtful or problem.ambiguous), problem
        return replace(copy, channel=place.channel, ts=place.ts), None

    async def _addressed(self, copy: CardCopy) -> CardCopy:
        """Have Slack name a person's conversation; the name stays the same for ever."""
        if not copy.person or copy.channel != copy.person:
            return copy
        return replace(copy, channel=await self._poster.direct_channel(copy.person))

    async def _settle_doubt(self, copy: CardCopy) -> CardCopy:
        """Look for what an earlier try may have left: adopt the oldest, delete the others.

        What is known to stand is kept also where the search does not reach back to it.
        """
        if not copy.doubtful or copy.intended_at is None:
            return copy
        channel = await self._poster.channel_id(copy.channel)
        places = await self._poster.find(channel, copy.key, copy.intended_at)
        if not places:
            return copy
        kept = Place(channel=channel, ts=copy.ts or places[0].ts)
        for place in places:
            if place != kept:
                await self._poster.delete(place)
        return replace(copy, channel=kept.channel, ts=kept.ts)

    async def _edited(self, copy: CardCopy, message: Message) -> bool:
        """Edit the copy in place; False where a person has deleted the message."""
        try:
            await self._poster.edit(Place(channel=copy.channel, ts=copy.ts), message)
        except SlackApiError as error:
            if slack_code(error) in GONE:
                return False
            raise
        return True
