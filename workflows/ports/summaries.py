"""The port of the daily summary: the day's orders, and the message about them."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.rules.orders.daily_totals import DaySummary


@dataclass(frozen=True, kw_only=True, slots=True)
class DayQuestion:
    """Which day to sum up: `day`, or else the last full day before `at` in the time zone."""

    timezone: str
    at: datetime
    day: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryMessage:
    """The summary of a day, as a message for a channel."""

    channel: str
    language: str
    summary: DaySummary


class SummaryPort:
    """The day's orders, and the channel that the summary is posted to."""

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        """Sum up the orders received on a calendar day. Safe to repeat."""
        raise NotImplementedError

    @activity.defn
    async def tell_day(self, message: SummaryMessage) -> bool:
        """Post the message; return False if the channel has the summary of that day already.

        Safe to repeat: Slack is searched for the day's key first. Raises ApplicationError
        `slack.*`, not retryable if only a person can fix the cause.
        """
        raise NotImplementedError
