"""The approval of an order or an HR request: a child workflow that owns the card until it ends."""

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError

from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.messages import ApprovalInput, ApprovalOutcome

ChildApproval = workflow.ChildWorkflowHandle[ApprovalWorkflow, ApprovalOutcome]


async def start_approval(request: ApprovalRequest) -> ChildApproval:
    """Start the approval and return its handle."""
    return await workflow.start_child_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=request),
        id=request.request_id,
        # An approval must not be cancelled with its parent: its audit trail would be incomplete.
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
    )


def outcome_of(child: ChildApproval) -> ApprovalOutcome | None:
    """Return the outcome of an ended approval; None if an operator terminated it undecided."""
    try:
        return child.result()
    except ChildWorkflowError:
        return None
