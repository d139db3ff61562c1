"""An approval workflow after an incompatible edit: recorded histories no longer replay."""

from datetime import timedelta

from temporalio import workflow

from workflows.approval import ApprovalWorkflow
from workflows.rules.messages import ApprovalInput, ApprovalOutcome


@workflow.defn(name="ApprovalWorkflow")
class IncompatibleApproval(ApprovalWorkflow):
    """An approval that sleeps first."""

    @workflow.init
    def __init__(self, workflow_input: ApprovalInput) -> None:
        super().__init__(workflow_input)

    @workflow.run
    async def run(self, workflow_input: ApprovalInput) -> ApprovalOutcome:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(workflow_input)
