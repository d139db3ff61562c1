"""The summary port: totals a day's orders from `records/` and posts them in a channel once a day."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.database import Database
from records.requests import Requests
from records.snapshots import decode_as
from slack_api.errors import SLACK_FAILURES, classify
from slack_api.poster import Poster
from views import daily_summary
from views.translator import translator
from workflows.ports.summaries import DayQuestion, SummaryMessage, SummaryPort
from workflows.rules.orders import daily_totals as rules
from workflows.rules.orders.daily_totals import DaySummary
from workflows.rules.orders.order import OrderSnapshot


class SummaryActivities(SummaryPort):
    """Daily summaries, from the database to Slack."""

    def __init__(self, database: Database, poster: Poster) -> None:
        self._requests = Requests(database)
        self._poster = poster

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        """Total the orders that were received on a calendar day. Safe to repeat.

        An order that cannot be read, because another version of Countersign stored it, is logged
        and not counted.
        """
        zone = ZoneInfo(question.timezone)
        day = _day(question, zone)
        began, ended = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        snapshots: list[OrderSnapshot] = []
        for record in await self._requests.opened_between(began, ended):
            try:
                snapshot = decode_as(record.face, OrderSnapshot)
            except ValidationError:
                activity.logger.warning("cannot read %s: it is not counted", record.request_id)
                continue
            if snapshot is not None:
                snapshots.append(snapshot)
        return rules.sum_up(day, began, snapshots)

    @activity.defn
    async def tell_day(self, message: SummaryMessage) -> bool:
        """Post the summary. Return False if the channel has one of that day already. See the port."""
        try:
            channel = await self._poster.channel_id(message.channel)
            key = _key(channel, message.summary.day)
            if await self._poster.find(channel, key, message.summary.began):
                return False
            built = daily_summary.build(message.summary, translator(message.language))
            await self._poster.post(channel, built, key)
        except SLACK_FAILURES as error:
            problem = classify(error)
            raise ApplicationError(
                f"cannot post the summary in {message.channel}: {problem.code}",
                type=problem.code,
                non_retryable=problem.lasting,
                next_retry_delay=problem.retry_after,
            ) from error
        return True


def _day(question: DayQuestion, zone: ZoneInfo) -> date:
    if question.day:
        return date.fromisoformat(question.day)
    return question.at.astimezone(zone).date() - timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the start of a day. With daylight saving time, not every day has 24 hours."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _key(channel: str, day: date) -> str:
    """Return the message key, which is the same for the same channel and day."""
    return hashlib.sha256(f"summary:{channel}:{day}".encode()).hexdigest()[:32]
