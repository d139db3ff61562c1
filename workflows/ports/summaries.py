"""The port of the daily summary: the day's orders, and the message about them."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from workflows.rules.orders.daily_totals import DaySummary


@dataclass(frozen=True, kw_only=True, slots=True)
class DayQuestion:
    """Which day: the last whole one before `at` in a time zone, or the one that `day` names."""

    timezone: str
    at: datetime
    day: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TellDay:
    """A message about a day for a channel."""

    channel: str
    language: str
    summary: DaySummary


class SummaryPort:
    """The day's orders, and the channel that hears of them."""

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        """Read the orders that came in on a calendar day. Safe to repeat."""
        raise NotImplementedError

    @activity.defn
    async def tell_day(self, message: TellDay) -> bool:
        """Post the message; False where the channel has heard of that day before.

        Safe to repeat: the day's key is looked for first. Raises ApplicationError `slack.*`, not
        retryable where only a person can help.
        """
        raise NotImplementedError
