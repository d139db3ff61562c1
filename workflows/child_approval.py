"""The approval of an order or an HR request: a child, which owns their card until it ends."""

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError

from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.messages import ApprovalInput, ApprovalOutcome

ChildApproval = workflow.ChildWorkflowHandle[ApprovalWorkflow, ApprovalOutcome]


async def start_approval(request: ApprovalRequest) -> ChildApproval:
    """Have people asked, and return the child when it has begun."""
    return await workflow.start_child_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=request),
        id=request.request_id,
        # An approval is never cancelled from outside: that would cut its audit short.
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
    )


def outcome_of(ended: ChildApproval) -> ApprovalOutcome | None:
    """Return what people decided; None where an operator terminated it: nobody has said yes."""
    try:
        return ended.result()
    except ChildWorkflowError:
        return None
