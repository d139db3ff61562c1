"""The daily summary: the day's orders from `records/`, told in a channel, once a day."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from records.database import Database
from records.requests import Requests
from slack_api.errors import SLACK_FAILURES, classify
from slack_api.posting import Poster
from views import daily_summary
from views.translator import translator
from workflows.ports.summaries import DayQuestion, SummaryPort, TellDay
from workflows.rules.orders import daily_totals as rules
from workflows.rules.orders.daily_totals import DaySummary
from workflows.rules.orders.order import OrderSnapshot
from workflows.rules.snapshots import Snapshot

_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)


class SummaryActivities(SummaryPort):
    """The port on the database, and a real (or stand-in) Slack."""

    def __init__(self, database: Database, poster: Poster) -> None:
        self._requests = Requests(database)
        self._poster = poster

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        """Read the orders that came in on a calendar day. Safe to repeat.

        One that another version wrote down, and that cannot be read, is left out and logged.
        """
        zone = ZoneInfo(question.timezone)
        day = _day(question, zone)
        began, ended = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        snapshots: list[OrderSnapshot] = []
        for record in await self._requests.opened_between(began, ended):
            try:
                snapshot = _SNAPSHOT.validate_json(record.face)
            except ValidationError:
                activity.logger.warning("%s cannot be read, and is not counted", record.request_id)
                continue
            if isinstance(snapshot, OrderSnapshot):
                snapshots.append(snapshot)
        return rules.sum_up(day, began, snapshots)

    @activity.defn
    async def tell_day(self, message: TellDay) -> bool:
        """Post the message; False where the channel has heard of that day before. See the port."""
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
                f"Slack did not take the summary for {message.channel}: {problem.code}",
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
    """Return when a day begins; where clocks are set, days are not all 24 hours long."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _key(channel: str, day: date) -> str:
    """Return the message's key: the same for the same channel and day."""
    return hashlib.sha256(f"summary:{channel}:{day}".encode()).hexdigest()[:32]
