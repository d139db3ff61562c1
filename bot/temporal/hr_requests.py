"""Queries to HR requests."""

from temporalio.client import WorkflowHandle

from bot.temporal.calls import TemporalCalls
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.hr.snapshot import HrSnapshot

QUERY_WAIT = 2.0
"""Seconds to wait for the workflow's own answer before the records answer."""


class HrCalls(TemporalCalls):
    """Queries HR requests. Commands go to the approval of the request.

    A query returns None if there is no such request, and raises TemporalUnavailableError if no
    answer comes in time. A closed request answers for as long as Temporal retains it.
    """

    async def hr_state(self, request_id: str) -> HrSnapshot | None:
        """Return the request as its card shows it."""
        query = self._hr(request_id).query
        return await self._queried("state", lambda: query(HrRequestWorkflow.state), QUERY_WAIT)

    async def hr_status(self, request_id: str) -> str | None:
        """Return the request's status, as a `Status` value."""
        query = self._hr(request_id).query
        return await self._queried("status", lambda: query(HrRequestWorkflow.status), QUERY_WAIT)

    def _hr(self, request_id: str) -> WorkflowHandle[HrRequestWorkflow, HrSnapshot]:
        return self._client.get_workflow_handle_for(HrRequestWorkflow.run, request_id)
