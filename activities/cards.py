"""The card port: brings every copy of a card to one snapshot, with exactly one message per copy."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from slack_sdk.errors import SlackApiError
from temporalio import activity

from records.cards import CardMessage, Cards
from records.database import DATABASE_FAILURES
from slack_api.errors import MESSAGE_GONE, SLACK_FAILURES, SlackProblem, classify, slack_code
from slack_api.poster import MessageRef, Poster
from slack_api.urgency import routine
from views import cards
from views.blocks import Message
from workflows.ports.approvals import CardPort, PublishCard, PublishedCard
from workflows.rules.journeys import journey_of
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

MAX_CONCURRENT_WRITES = 8
"""Copies written at the same time. Slack allows about fifty edits a minute."""
PUBLISH_TIMEOUT = 8.0
"""Seconds for all copies. Copies that are late are reported as such. The activity's own timeout (ten
seconds) would leave the outcome of every copy unknown."""

NOT_RECORDED = SlackProblem(code="records.unavailable")
"""The card is in Slack, but the database does not know it yet: the publish is repeated."""

_log = structlog.get_logger("cards")

_Result = tuple[CardCopy, SlackProblem | None]


@dataclass(kw_only=True, slots=True)
class LastPublish:
    """When this process last wrote a card, and the problem of the last attempt: empty if it had none."""

    at: datetime | None = None
    problem: str = ""

    def record(self, problem: str) -> None:
        """Record the outcome of an attempt to publish a card."""
        self.problem = problem
        if not problem:
            self.at = datetime.now(UTC)

    def details(self) -> Mapping[str, object]:
        """Return the fields for `/readyz`."""
        at = self.at.isoformat(timespec="seconds") if self.at else None
        return {"last_publish": {"at": at, "problem": self.problem}}


class CardActivities(CardPort):
    """Cards in Slack, and the record of their places."""

    def __init__(
        self, poster: Poster, cards: Cards, last_publish: LastPublish | None = None
    ) -> None:
        self._poster = poster
        self._cards = cards
        self._last_publish = last_publish or LastPublish()

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        """Write the snapshot to every copy; see the port.

        The copies in the channel determine the card's problem, because everyone sees the card
        there. A direct message that Slack refuses for good (its addressee was deactivated) is not
        a problem of the card. The result is lasting only if no copy can still succeed: otherwise
        the attempt is repeated soon, so that no copy keeps outdated buttons.
        """
        ends = asyncio.get_running_loop().time() + PUBLISH_TIMEOUT
        attempt = _PublishAttempt(poster=self._poster, snapshot=card.face, ends=ends)
        with routine(when=_shows_progress(card.face)):
            results = await attempt.write_all(card.copies)
        in_channel: list[SlackProblem] = []
        in_direct: list[SlackProblem] = []
        for copy, problem in results:
            if problem is not None:
                activity.logger.warning("card not published: %s", problem.code)
                (in_direct if copy.person else in_channel).append(problem)
        if not await self._record(card.face, (copy for copy, _ in results)):
            in_channel.append(NOT_RECORDED)
        problems = in_channel or [problem for problem in in_direct if not problem.lasting]
        every = (*in_channel, *in_direct)
        self._last_publish.record(problems[0].code if problems else "")
        if not problems:
            _log.info(
                "card_published", request_id=card.face.request_id, version=card.face.card_version
            )
        waits = [problem.retry_after for problem in every if problem.retry_after]
        return PublishedCard(
            copies=tuple(copy for copy, _ in results),
            version=card.face.card_version,
            problem=problems[0].code if problems else "",
            lasting=bool(problems) and all(problem.lasting for problem in every),
            retry_after=max(waits, default=None),
        )

    async def _record(self, snapshot: Snapshot, copies: Iterable[CardCopy]) -> bool:
        """Record the copies in channels, whose threads take comments; return whether that succeeded."""
        messages = [
            CardMessage(
                channel=copy.channel,
                ts=copy.ts,
                request_id=snapshot.request_id,
                level=copy.level,
            )
            for copy in copies
            if copy.ts and not copy.person
        ]
        try:
            await self._cards.record(messages)
        except DATABASE_FAILURES as error:
            activity.logger.warning("card not recorded: %s", type(error).__name__)
            return False
        return True


def _shows_progress(snapshot: Snapshot) -> bool:
    """Whether the card neither asks for a decision nor shows an end: other cards come first."""
    asks = snapshot.approval is not None and snapshot.approval.is_open
    return snapshot.is_open and not asks


@dataclass(frozen=True, kw_only=True, slots=True)
class _PublishAttempt:
    """One attempt to write all copies of a card, which ends at `ends` (the event loop's clock)."""

    poster: Poster
    snapshot: Snapshot
    ends: float

    async def write_all(self, copies: tuple[CardCopy, ...]) -> list[_Result]:
        """Write the snapshot to each copy: first the root messages, then the replies below them.

        Replies that exist already are edited concurrently. New replies are posted one after
        another, so that the thread shows the levels in their order.
        """
        done: dict[str, _Result] = {}
        roots = [copy for copy in copies if not copy.level]
        await self._write_concurrently(roots, done)
        root = next((done[copy.key][0] for copy in roots if not copy.person), None)
        replies = [copy for copy in copies if copy.level]
        if root is None or not root.ts:  # without a root there is no thread to reply in yet
            return [done.get(copy.key, (copy, None)) for copy in copies]
        posted = [copy for copy in replies if copy.ts]
        await self._write_concurrently(posted, done, root)
        for copy in replies:
            if copy.key not in done and (copy.doubtful or not self._is_obsolete(copy)):
                done[copy.key] = await self._write(copy, root)
        return [done.get(copy.key, (copy, None)) for copy in copies]

    async def _write_concurrently(
        self, copies: Iterable[CardCopy], done: dict[str, _Result], root: CardCopy | None = None
    ) -> None:
        slots = asyncio.Semaphore(MAX_CONCURRENT_WRITES)

        async def write(copy: CardCopy) -> None:
            async with slots:
                done[copy.key] = await self._write(copy, root)

        await asyncio.gather(*(write(copy) for copy in copies))

    async def _write(self, copy: CardCopy, root: CardCopy | None) -> _Result:
        """Write the snapshot to one copy. A failure is returned as a problem, never raised."""
        message = cards.build(self.snapshot, copy)
        thread_ts = root.ts if root is not None else ""
        try:
            async with asyncio.timeout_at(self.ends):
                copy = await self._with_channel(copy)
                copy = await self._resolve_doubt(copy, thread_ts)
                if copy.ts and await self._edit(copy, message):
                    return copy, None
                if self._is_obsolete(copy):
                    return replace(copy, ts=""), None
                channel = await self.poster.channel_id(copy.channel)
        except SLACK_FAILURES as error:
            return copy, classify(error)
        try:
            async with asyncio.timeout_at(self.ends):
                posted = await self.poster.post(channel, message, copy.key, thread_ts)
        except SLACK_FAILURES as error:
            problem = classify(error)
            return replace(copy, ts="", doubtful=copy.doubtful or problem.ambiguous), problem
        return replace(copy, channel=posted.channel, ts=posted.ts), None

    def _is_obsolete(self, copy: CardCopy) -> bool:
        """Whether a copy that is not in Slack need not be posted.

        After the decision no one is asked, so people without a copy need none. A
        reply is obsolete if its level was voided, or if the request ended before anyone decided
        on that level: the root message shows that.
        """
        approval = self.snapshot.approval
        if copy.retired:
            return True
        if copy.person:
            return journey_of(self.snapshot).has_child_approval or not self.snapshot.is_open
        if not copy.level or approval is None:
            return False
        if copy.revision != approval.content_revision:
            return True
        decided = any(level.decisions for level in approval.levels if level.number == copy.level)
        return not approval.is_open and not decided

    async def _with_channel(self, copy: CardCopy) -> CardCopy:
        """Replace a person's id with the id of their direct message conversation, which is permanent."""
        if not copy.person or copy.channel != copy.person:
            return copy
        return replace(copy, channel=await self.poster.direct_channel(copy.person))

    async def _resolve_doubt(self, copy: CardCopy, thread_ts: str) -> CardCopy:
        """Search for messages of an earlier attempt: keep the oldest and delete the others.

        A message that is known to exist is kept even if the search does not reach back to it.
        """
        if not copy.doubtful or copy.intended_at is None:
            return copy
        channel = await self.poster.channel_id(copy.channel)
        found = await self.poster.find(channel, copy.key, copy.intended_at, thread_ts)
        if not found:
            return copy
        kept = MessageRef(channel=channel, ts=copy.ts or found[0].ts)
        for ref in found:
            if ref != kept:
                await self.poster.delete(ref)
        return replace(copy, channel=kept.channel, ts=kept.ts)

    async def _edit(self, copy: CardCopy, message: Message) -> bool:
        """Edit the copy in place. Return False if a user has deleted the message."""
        try:
            await self.poster.edit(MessageRef(channel=copy.channel, ts=copy.ts), message)
        except SlackApiError as error:
            if slack_code(error) in MESSAGE_GONE:
                return False
            raise
        return True
