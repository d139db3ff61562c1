"""The reconciliation: finds open requests whose workflow is gone. Run by a Schedule."""

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.options import COMPARE_RETRIES
from workflows.ports.reconciliation import GoneRun, OpenQuestion, ReconciliationPort
from workflows.rules.shared.ids import ending_id
from workflows.settlement import SettlementWorkflow

PAGES = 50
"""The most pages of one run, so that its history stays short. A new run continues after them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconciliationInput:
    """Compare the requests that have not changed for `older_than`, after the request `after`.

    The delay lets a workflow that has just ended append its last facts.
    """

    older_than: timedelta = timedelta(minutes=1)
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconciliationReport:
    """How many open requests were compared with Temporal, and which were gone."""

    compared: int = 0
    gone: tuple[str, ...] = ()


@workflow.defn
class ReconciliationWorkflow:
    """One pass over the open requests."""

    @workflow.run
    async def run(self, workflow_input: ReconciliationInput) -> ReconciliationReport:
        """Compare every open request with Temporal, and settle those whose workflow is gone."""
        before = workflow.now() - workflow_input.older_than
        report, after = ReconciliationReport(), workflow_input.after
        for _ in range(PAGES):
            page = await workflow.execute_activity_method(
                ReconciliationPort.compare,
                OpenQuestion(before=before, after=after),
                **COMPARE_RETRIES,
            )
            for gone in page.gone:
                await self._settle(gone)
            report = ReconciliationReport(
                compared=report.compared + page.compared,
                gone=(*report.gone, *(gone.request_id for gone in page.gone)),
            )
            after = page.after
            if not after:
                break
        if after:
            workflow.continue_as_new(replace(workflow_input, after=after))
        return report

    async def _settle(self, gone: GoneRun) -> None:
        """Start the settlement of one request, unless one is running: Slack may be down for hours."""
        try:
            await workflow.start_child_workflow(
                SettlementWorkflow.run,
                gone,
                id=ending_id(gone.request_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("%s is being settled", gone.request_id)
