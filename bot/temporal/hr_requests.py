"""Temporal calls about HR requests: starting them."""

from temporalio.common import WorkflowIDReusePolicy

from bot.temporal.calls import TemporalCalls
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.messages import HrInput


class HrCalls(TemporalCalls):
    """Starts HR requests. People act on the request's approval."""

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
