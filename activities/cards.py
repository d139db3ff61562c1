"""Cards in Slack: every copy is brought to one face, exactly one message per copy."""

import asyncio
from dataclasses import replace

from slack_sdk.errors import SlackApiError
from temporalio import activity

from activities.posting import Place, Poster
from activities.slack_errors import GONE, SLACK_FAILURES, SlackProblem, classify, slack_code
from bot.views import approval_card, order_card
from bot.views.blocks import Message
from workflows.ports import CardPort, Face, PublishCard, PublishedCard
from workflows.rules.card import CardCopy
from workflows.rules.face import ApprovalFace


def render(face: Face) -> Message:
    """Return the message that shows `face`."""
    if isinstance(face, ApprovalFace):
        return approval_card.build(face)
    return order_card.build(face)


class CardActivities(CardPort):
    """The port on a real (or stand-in) Slack."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the face to every copy; see the port."""
        message = render(card.face)
        results = await asyncio.gather(*(self._bring(copy, message) for copy in card.copies))
        problems = [problem for _, problem in results if problem is not None]
        for problem in problems:
            activity.logger.warning("card not published: %s", problem.code)
        waits = [problem.retry_after for problem in problems if problem.retry_after]
        return PublishedCard(
            copies=tuple(copy for copy, _ in results),
            version=card.face.card_version,
            problem=problems[0].code if problems else "",
            lasting=bool(problems) and all(problem.lasting for problem in problems),
            retry_after=max(waits, default=None),
        )

    async def _bring(
        self, copy: CardCopy, message: Message
    ) -> tuple[CardCopy, SlackProblem | None]:
        """Bring one copy to `message`; a failure comes back as a problem, never as an exception."""
        try:
            copy = await self._settle_doubt(copy)
            if copy.ts and await self._edited(copy, message):
                return copy, None
        except SLACK_FAILURES as error:
            return copy, classify(error)
        try:
            channel = await self._poster.channel_id(copy.channel)
            place = await self._poster.post(channel, message, copy.key)
        except SLACK_FAILURES as error:
            problem = classify(error)
            return replace(copy, ts="", doubtful=copy.doubtful or problem.ambiguous), problem
        return replace(copy, channel=place.channel, ts=place.ts), None

    async def _settle_doubt(self, copy: CardCopy) -> CardCopy:
        """Look for what an earlier try may have left: adopt the oldest, delete the others."""
        if not copy.doubtful or copy.intended_at is None:
            return copy
        channel = await self._poster.channel_id(copy.channel)
        places = await self._poster.find(channel, copy.key, copy.intended_at)
        if not places:
            return copy
        kept = next((place for place in places if place.ts == copy.ts), places[0])
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
