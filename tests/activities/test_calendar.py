"""The calendar port: windows become instants in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from temporalio.testing import ActivityEnvironment

from activities.calendar import CalendarActivities
from workflows.ports.approvals import DeadlineQuestion


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 6, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
async def test_a_window_has_the_same_length_across_a_clock_change(start: datetime) -> None:
    question = DeadlineQuestion(start=start, windows=(timedelta(days=1), timedelta(minutes=5)))

    found = await ActivityEnvironment().run(CalendarActivities().deadlines, question)

    assert found.at == (
        datetime(2026, 3, 30, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 35, tzinfo=UTC),
    )
    assert {at.utcoffset() for at in found.at} == {timedelta(0)}


async def test_no_windows_give_no_deadlines() -> None:
    question = DeadlineQuestion(start=datetime(2026, 3, 29, tzinfo=UTC), windows=())

    found = await ActivityEnvironment().run(CalendarActivities().deadlines, question)

    assert found.at == ()
