"""What the bot asks HR requests in Temporal: start, and how they are."""

from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from bot.temporal.calls import TemporalCalls
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.hr.snapshot import HrSnapshot
from workflows.rules.messages import HrInput

QUERY_WAIT = 2.0
"""Seconds that a request's own answer is waited for; after that the records answer."""


class HrCalls(TemporalCalls):
    """Starts HR requests and asks how they are. What people do, they do with its approval."""

    async def start_hr(self, asked: HrInput) -> bool:
        """Start an HR request and return True; False where its id was started before (one request).

        Raises TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        return await self._started(
            "start_hr",
            lambda: self._client.start_workflow(
                HrRequestWorkflow.run,
                asked,
                id=asked.request.request_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{asked.request.type} for {asked.requester.person}",
            ),
        )

    async def hr_state(self, request_id: str) -> HrSnapshot | None:
        """Return the request as its card shows it, ended ones too; None where there is none.

        Raises TemporalUnavailableError where no answer comes in time.
        """
        ask = self._hr(request_id).query
        return await self._queried("state", lambda: ask(HrRequestWorkflow.state), QUERY_WAIT)

    async def hr_status(self, request_id: str) -> str | None:
        """Return where the request stands, as a `Status` value; None where there is none.

        Raises TemporalUnavailableError where no answer comes in time.
        """
        ask = self._hr(request_id).query
        return await self._queried("status", lambda: ask(HrRequestWorkflow.status), QUERY_WAIT)

    def _hr(self, request_id: str) -> WorkflowHandle[HrRequestWorkflow, HrSnapshot]:
        return self._client.get_workflow_handle_for(HrRequestWorkflow.run, request_id)
