"""The daily summary: a channel hears of the day's orders, once. Run by a Schedule."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from workflows.options import MAIL, PATIENT
from workflows.ports.summaries import DayQuestion, SummaryPort, TellDay
from workflows.rules.orders.daily_totals import DaySummary

_SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""When a schedule wanted the run, however late it began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryInput:
    """Tell `channel` of the last whole day, or of `day` (2026-12-24), in the time zone."""

    channel: str
    timezone: str
    language: str = "en"
    day: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryReport:
    """What was told; `told` is False where the channel had heard of that day before."""

    summary: DaySummary
    told: bool


@workflow.defn
class SummaryWorkflow:
    """One day, summed up and told."""

    @workflow.run
    async def run(self, asked: SummaryInput) -> SummaryReport:
        """Sum the day up, then tell the channel. A message is news: it is not tried for ever."""
        question = DayQuestion(timezone=asked.timezone, at=_wanted_at(), day=asked.day)
        summary = await workflow.execute_activity_method(SummaryPort.sum_up, question, **PATIENT)
        message = TellDay(channel=asked.channel, language=asked.language, summary=summary)
        told = await workflow.execute_activity_method(SummaryPort.tell_day, message, **MAIL)
        return SummaryReport(summary=summary, told=told)


def _wanted_at() -> datetime:
    wanted = workflow.info().typed_search_attributes.get(_SCHEDULED)
    return wanted if wanted is not None else workflow.now()
