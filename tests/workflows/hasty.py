"""An approval after a careless edit: no history that was recorded before goes with it."""

from datetime import timedelta

from temporalio import workflow

from workflows.approval import ApprovalWorkflow
from workflows.rules.messages import ApprovalInput, ApprovalOutcome


@workflow.defn(name="ApprovalWorkflow")
class HastyWorkflow(ApprovalWorkflow):
    """It sleeps first."""

    @workflow.init
    def __init__(self, asked: ApprovalInput) -> None:
        super().__init__(asked)

    @workflow.run
    async def run(self, asked: ApprovalInput) -> ApprovalOutcome:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(asked)
