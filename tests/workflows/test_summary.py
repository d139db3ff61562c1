"""The daily summary on the real server: the day before the scheduled instant, then the message."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

from temporalio import activity
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.sandbox import product_runner
from tests.workflows.fake_slack import TIMEOUT
from workflows.ports.summaries import DayQuestion, SummaryMessage, SummaryPort
from workflows.rules.orders.daily_totals import DaySummary
from workflows.summary import SummaryInput, SummaryReport, SummaryWorkflow

DAY = DaySummary(day=date(2026, 11, 20), began=datetime(2026, 11, 19, 23, tzinfo=UTC))
INPUT = SummaryInput(channel="#sales", timezone="Europe/Berlin")


@dataclass
class FlakySummaries(SummaryPort):
    """Returns one day; the first posts fail the planned number of times."""

    failures: int = 0
    questions: list[DayQuestion] = field(default_factory=list)
    posts: list[SummaryMessage] = field(default_factory=list)

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        self.questions.append(question)
        return DAY

    @activity.defn
    async def tell_day(self, message: SummaryMessage) -> bool:
        self.posts.append(message)
        if self.failures:
            self.failures -= 1
            raise ApplicationError("Slack did not answer", type="slack.no_answer")
        return True


async def test_a_day_is_summed_up_once_and_posted_when_slack_is_up(
    temporal: WorkflowEnvironment,
) -> None:
    """The day is relative to the scheduled time, not to the start of the run."""
    summaries, queue = FlakySummaries(failures=2), str(uuid4())
    scheduled = datetime(2026, 11, 21, 7, tzinfo=UTC)
    key = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
    worker = Worker(
        temporal.client,
        task_queue=queue,
        workflows=[SummaryWorkflow],
        activities=[summaries.sum_up, summaries.tell_day],
        workflow_runner=product_runner(),
    )
    async with worker, asyncio.timeout(TIMEOUT):
        handle = await temporal.client.start_workflow(
            SummaryWorkflow.run,
            INPUT,
            id=str(uuid4()),
            task_queue=queue,
            search_attributes=TypedSearchAttributes([SearchAttributePair(key, scheduled)]),
        )
        await temporal.fast_forward(handle)
        report = await handle.result()

    assert report == SummaryReport(summary=DAY, told=True)
    assert summaries.questions == [DayQuestion(timezone="Europe/Berlin", at=scheduled)]
    assert summaries.posts == [SummaryMessage(channel="#sales", language="en", summary=DAY)] * 3
