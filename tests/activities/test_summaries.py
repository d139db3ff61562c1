"""The daily summary on a real database and the stand-in: the right day, posted once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.summaries import SummaryActivities
from emulator.client import StandInClient, text_of
from records.audit import AuditTrail
from records.database import Database
from records.snapshots import encode_snapshot
from slack_api.poster import Poster
from tests.records.builders import fact, order, state
from tests.rules.builders import policy
from workflows.ports.summaries import DayQuestion, SummaryMessage
from workflows.rules.orders.daily_totals import DayRow, DaySummary
from workflows.rules.orders.order import OrderStatus, order_snapshot
from workflows.rules.orders.saga import receive
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.money import Money

APPROVALS, ANA = "C0APPROVALS", "U0ANA"
# In Berlin the 29th of March 2026 has 23 hours: from 23:00 UTC the day before to 22:00 UTC.
SHORT_DAY = date(2026, 3, 29)
BEGAN, ENDED = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
MORNING_AFTER = DayQuestion(timezone="Europe/Berlin", at=ENDED + timedelta(hours=10))
DAY = DaySummary(day=SHORT_DAY, began=datetime.now(UTC) - timedelta(hours=1))


@pytest.fixture
def summaries(database: Database, poster: Poster) -> SummaryActivities:
    return SummaryActivities(database, poster)


async def ordered(
    database: Database,
    order_id: str,
    at: datetime,
    status: OrderStatus = OrderStatus.COMPLETED,
    snapshot: str = "",
) -> None:
    """Store an order of 20.20 USD."""
    actor = Actor(person="UANA", origin=Origin.CLI)
    received = receive(order(order_id), actor, policy(), at, needs_approval=False).state
    encoded = encode_snapshot(order_snapshot(replace(received, status=status), 1))
    first = replace(fact(1, order_id), at=at)
    known = replace(state(order_id, status.value), face=snapshot or encoded)
    await AuditTrail(database).append((first,), known)


async def test_the_previous_day_in_the_policies_time_zone_is_totalled(
    database: Database, summaries: SummaryActivities, activity: ActivityEnvironment
) -> None:
    """The day is exact across a clock change. An unreadable order is not counted."""
    instant = timedelta(microseconds=1)
    await ordered(database, "ORD-1", BEGAN - instant)
    await ordered(database, "ORD-2", BEGAN)
    await ordered(database, "ORD-3", ENDED - instant)
    await ordered(database, "ORD-4", ENDED - instant, OrderStatus.AWAITING_APPROVAL)
    await ordered(database, "ORD-5", ENDED)
    await ordered(database, "ORD-6", BEGAN, snapshot='{"kind":"order","new":true}')

    summary = await activity.run(summaries.sum_up, MORNING_AFTER)

    price = order().total
    assert summary == DaySummary(
        day=SHORT_DAY,
        began=BEGAN,
        rows=(
            DayRow(status=OrderStatus.AWAITING_APPROVAL, orders=1, totals=(price,)),
            DayRow(
                status=OrderStatus.COMPLETED,
                orders=2,
                totals=(Money(amount=price.amount * 2, currency="USD"),),
            ),
        ),
    )


async def test_a_given_day_is_totalled(
    database: Database, summaries: SummaryActivities, activity: ActivityEnvironment
) -> None:
    await ordered(database, "ORD-5", ENDED)
    named = replace(MORNING_AFTER, day="2026-03-30", at=BEGAN)

    summary = await activity.run(summaries.sum_up, named)

    assert [row.orders for row in summary.rows] == [1]


async def test_the_summary_of_a_day_is_posted_once(
    slack: StandInClient, summaries: SummaryActivities, activity: ActivityEnvironment
) -> None:
    """A repeated call finds the message by its key. Another day is another message."""
    price = Money(amount=order().total.amount, currency="USD")
    rows = (DayRow(status=OrderStatus.COMPLETED, orders=3, totals=(price,)),)
    message = SummaryMessage(channel="#approvals", language="en", summary=replace(DAY, rows=rows))
    next_day = replace(message, summary=replace(DAY, day=date(2026, 3, 30)))

    posted = [
        await activity.run(summaries.tell_day, summary) for summary in (message, message, next_day)
    ]

    assert posted == [True, False, True]
    first, second = await slack.messages(APPROVALS, ANA)
    assert first["text"].startswith("3 orders came in on 29 March 2026.")
    assert "✓ Completed       3  20.20 USD" in text_of(first)
    assert second["text"] == "There were no orders on 30 March 2026."


async def test_a_problem_that_a_person_must_fix_is_not_retried(
    slack: StandInClient, summaries: SummaryActivities, activity: ActivityEnvironment
) -> None:
    nowhere = SummaryMessage(channel="#nowhere", language="en", summary=DAY)

    with pytest.raises(ApplicationError) as refused:
        await activity.run(summaries.tell_day, nowhere)

    assert (refused.value.type, refused.value.non_retryable) == ("slack.channel_not_found", True)
