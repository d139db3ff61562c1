"""The calendar port: turns durations into instants."""

from datetime import UTC

from temporalio import activity

from workflows.ports.approvals import CalendarPort, DeadlineQuestion, Deadlines


class CalendarActivities(CalendarPort):
    """Plain arithmetic in UTC: a day is 24 hours, and holidays and office hours play no part."""

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        """Return the instants at which the windows end. Pure, so it is safe to repeat."""
        start = question.start.astimezone(UTC)
        return Deadlines(at=tuple(start + window for window in question.windows))
