"""Direct messages to one person, each told once."""

from temporalio import activity

from activities.posting import Poster
from activities.slack_errors import SLACK_FAILURES, classify
from bot.views import notices
from bot.views.blocks import Message
from workflows.ports import Notice, NoticeKind, NoticePort, Told


def render(notice: Notice) -> Message:
    """Return the message of a notice."""
    match notice.kind:
        case NoticeKind.OUTCOME:
            return notices.outcome(notice.face)
        case NoticeKind.CARD_NOT_POSTED:
            return notices.card_not_posted(notice.face, notice.problem)


class NoticeActivities(NoticePort):
    """The port on a real (or stand-in) Slack."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @activity.defn
    async def tell(self, notice: Notice) -> Told:
        """Send the notice once; see the port."""
        posting = False
        try:
            channel = await self._poster.direct_channel(notice.person)
            if await self._stands_already(channel, notice):
                return Told()
            posting = True
            await self._poster.post(channel, render(notice), notice.key)
        except SLACK_FAILURES as error:
            problem = classify(error)
            activity.logger.warning("notice not sent: %s", problem.code)
            return Told(
                problem=problem.code,
                lasting=problem.lasting,
                doubtful=posting and problem.ambiguous,
                retry_after=problem.retry_after,
            )
        return Told()

    async def _stands_already(self, channel: str, notice: Notice) -> bool:
        if not notice.doubtful or notice.intended_at is None:
            return False
        return bool(await self._poster.find(channel, notice.key, notice.intended_at))
