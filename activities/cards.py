"""Cards in Slack: every copy is brought to one face, exactly one message per copy."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from slack_sdk.errors import SlackApiError
from temporalio import activity

from slack_api.errors import GONE, SLACK_FAILURES, SlackProblem, classify, slack_code
from slack_api.posting import Place, Poster
from views import cards
from views.blocks import Message
from workflows.ports.approvals import CardPort, PublishCard, PublishedCard
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

TOGETHER = 8
"""Copies that are written at one time: Slack allows about fifty edits a minute."""
PATIENCE = 8.0
"""Seconds for all copies. What is not done by then is told as such, before the try's own end (ten)
makes the outcome of every copy unknown."""

_Result = tuple[CardCopy, SlackProblem | None]


class CardActivities(CardPort):
    """The port on a real (or stand-in) Slack."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the face to every copy; see the port.

        What the card's problem is, its copies in the channel say: there everybody sees it. A direct
        message that Slack refuses for good (the person was deactivated) is no problem of the card:
        everybody else has it. As long as any copy may still go through, nothing is lasting: the
        try is repeated soon, so that no copy keeps buttons that are out of date.
        """
        ends = asyncio.get_running_loop().time() + PATIENCE
        results = await _Round(poster=self._poster, face=card.face, ends=ends).bring(card.copies)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    """One try at all copies of a card, over at `ends` (by the loop's clock)."""

    poster: Poster
    face: Snapshot
    ends: float

    async def bring(self, copies: tuple[CardCopy, ...]) -> list[_Result]:
        """Bring each copy to the face. Replies come after the message under which they stand.

        One that stands already may be edited together with the others; those that do not follow
        one another, so that a thread has its levels in their order.
        """
        done: dict[str, _Result] = {}
        roots = [copy for copy in copies if not copy.level]
        await self._together(roots, done)
        root = next((done[copy.key][0] for copy in roots if not copy.person), None)
        replies = [copy for copy in copies if copy.level]
        if root is None or not root.ts:  # the reply has no place yet, and that is no doubt of it
            return [done.get(copy.key, (copy, None)) for copy in copies]
        standing = [copy for copy in replies if copy.ts]
        await self._together(standing, done, root)
        for copy in replies:
            if copy.key not in done and (copy.doubtful or not self._is_moot(copy)):
                done[copy.key] = await self._bring(copy, root)
        return [done.get(copy.key, (copy, None)) for copy in copies]

    async def _together(
        self, copies: Iterable[CardCopy], done: dict[str, _Result], root: CardCopy | None = None
    ) -> None:
        slots = asyncio.Semaphore(TOGETHER)

        async def bring(copy: CardCopy) -> None:
            async with slots:
                done[copy.key] = await self._bring(copy, root)

        await asyncio.gather(*(bring(copy) for copy in copies))

    async def _bring(self, copy: CardCopy, root: CardCopy | None) -> _Result:
        """Bring one copy to the face; a failure comes back as a problem, never as an exception."""
        message = cards.build(self.face, copy)
        thread_ts = root.ts if root is not None else ""
        try:
            async with asyncio.timeout_at(self.ends):
                copy = await self._addressed(copy)
                copy = await self._settle_doubt(copy, thread_ts)
                if copy.ts and await self._edited(copy, message):
                    return copy, None
                if self._is_moot(copy):
                    return replace(copy, ts=""), None
                channel = await self.poster.channel_id(copy.channel)
        except SLACK_FAILURES as error:
            return copy, classify(error)
        try:
            async with asyncio.timeout_at(self.ends):
                place = await self.poster.post(channel, message, copy.key, thread_ts)
        except SLACK_FAILURES as error:
            problem = classify(error)
            return replace(copy, ts="", doubtful=copy.doubtful or problem.ambiguous), problem
        return replace(copy, channel=place.channel, ts=place.ts), None

    def _is_moot(self, copy: CardCopy) -> bool:
        """Whether what does not stand yet need not be posted any more.

        Where all is decided nobody is asked: who has no copy by then needs none. A reply that
        nobody saw tells nothing once its level was voided, or the request ended without a word
        said there: the root says that.
        """
        snapshot = self.face
        approval = snapshot.approval
        if copy.person:
            return not isinstance(snapshot, ApprovalSnapshot) or not snapshot.is_open
        if not copy.level or approval is None:
            return False
        if copy.revision != approval.content_revision:
            return True
        said = any(one.decisions for one in approval.levels if one.number == copy.level)
        return not approval.is_open and not said

    async def _addressed(self, copy: CardCopy) -> CardCopy:
        """Have Slack name a person's conversation; the name stays the same for ever."""
        if not copy.person or copy.channel != copy.person:
            return copy
        return replace(copy, channel=await self.poster.direct_channel(copy.person))

    async def _settle_doubt(self, copy: CardCopy, thread_ts: str) -> CardCopy:
        """Look for what an earlier try may have left: adopt the oldest, delete the others.

        What is known to stand is kept also where the search does not reach back to it.
        """
        if not copy.doubtful or copy.intended_at is None:
            return copy
        channel = await self.poster.channel_id(copy.channel)
        places = await self.poster.find(channel, copy.key, copy.intended_at, thread_ts)
        if not places:
            return copy
        kept = Place(channel=channel, ts=copy.ts or places[0].ts)
        for place in places:
            if place != kept:
                await self.poster.delete(place)
        return replace(copy, channel=kept.channel, ts=kept.ts)

    async def _edited(self, copy: CardCopy, message: Message) -> bool:
        """Edit the copy in place; False where a person has deleted the message."""
        try:
            await self.poster.edit(Place(channel=copy.channel, ts=copy.ts), message)
        except SlackApiError as error:
            if slack_code(error) in GONE:
                return False
            raise
        return True
