"""Fakes for refunds, the sweep of received payments, and the daily summary."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.ports.orders import StepReference
from workflows.ports.payments import IncomingPaymentPort, RefundPort, SweepQuestion, Swept
from workflows.ports.summaries import DayQuestion, SummaryMessage, SummaryPort
from workflows.rules.orders.daily_totals import DaySummary
from workflows.rules.orders.incoming_payment import IncomingPayment

DAY = DaySummary(day=date(2026, 11, 20), began=datetime(2026, 11, 20, tzinfo=UTC))


@dataclass
class FakePayments(RefundPort, IncomingPaymentPort):
    """Refuses the first `refusals` refunds permanently; returns `pages` one after the other."""

    refusals: int = 0
    pages: deque[Swept] = field(default_factory=deque)
    given_back: list[str] = field(default_factory=list)
    swept: list[SweepQuestion] = field(default_factory=list)

    @activity.defn
    async def give_back(self, payment: IncomingPayment) -> StepReference:
        if self.refusals:
            self.refusals -= 1
            raise ApplicationError("The account is closed.", non_retryable=True)
        self.given_back.append(payment.event_id)
        return StepReference(reference="REF-1")

    @activity.defn
    async def sweep(self, question: SweepQuestion) -> Swept:
        self.swept.append(question)
        return self.pages.popleft() if self.pages else Swept()


@dataclass
class FakeSummaries(SummaryPort):
    """The summary of a day without orders."""

    questions: list[DayQuestion] = field(default_factory=list)
    posted: list[SummaryMessage] = field(default_factory=list)

    @activity.defn
    async def sum_up(self, question: DayQuestion) -> DaySummary:
        self.questions.append(question)
        return DAY

    @activity.defn
    async def tell_day(self, message: SummaryMessage) -> bool:
        self.posted.append(message)
        return True
