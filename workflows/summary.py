"""The daily summary of orders, posted to a channel once. Run by a Schedule."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from workflows.options import MAIL_RETRIES, RETRY_FOREVER
from workflows.ports.summaries import DayQuestion, SummaryMessage, SummaryPort
from workflows.rules.orders.daily_totals import DaySummary

_SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""The time for which a Schedule planned the run, however late it started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryInput:
    """Which summary to post: the last full day in the time zone, or `day` (such as 2026-12-24)."""

    channel: str
    timezone: str
    language: str = "en"
    day: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryReport:
    """The summary. `told` is False if the channel already had the summary of that day."""

    summary: DaySummary
    told: bool


@workflow.defn
class SummaryWorkflow:
    """Sums up one day and posts the result."""

    @workflow.run
    async def run(self, workflow_input: SummaryInput) -> SummaryReport:
        """Sum up the day, then post it. The message is not retried forever: it would be old news."""
        question = DayQuestion(
            timezone=workflow_input.timezone, at=_scheduled_at(), day=workflow_input.day
        )
        summary = await workflow.execute_activity_method(
            SummaryPort.sum_up, question, **RETRY_FOREVER
        )
        message = SummaryMessage(
            channel=workflow_input.channel, language=workflow_input.language, summary=summary
        )
        posted = await workflow.execute_activity_method(
            SummaryPort.tell_day, message, **MAIL_RETRIES
        )
        return SummaryReport(summary=summary, told=posted)


def _scheduled_at() -> datetime:
    scheduled = workflow.info().typed_search_attributes.get(_SCHEDULED)
    return scheduled if scheduled is not None else workflow.now()
