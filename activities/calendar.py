"""The calendar port: turns durations into instants."""

from datetime import UTC

from temporalio import activity

from workflows.ports.approvals import CalendarPort, DeadlineQuestion, Deadlines


class CalendarActivities(CalendarPort):
    """Adds durations in UTC. A day has 24 hours: holidays and office hours are not considered."""

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        """Return the instants at which the windows end. Pure: safe to repeat."""
        start = question.start.astimezone(UTC)
        return Deadlines(at=tuple(start + window for window in question.windows))
