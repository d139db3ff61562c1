"""The approval of an order or an HR request: a child workflow that owns the card until it ends."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError

from workflows.approval import ApprovalWorkflow
from workflows.rules.approvals.request import ApprovalRequest, Withdrawal
from workflows.rules.messages import ApprovalInput, ApprovalOutcome
from workflows.rules.people.actors import Actor, Origin

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


async def withdraw_approval(child: ChildApproval, withdrawal: Withdrawal) -> None:
    """Withdraw the approval. If it has ended before, its outcome counts."""
    try:
        await child.signal(ApprovalWorkflow.withdraw_by_parent, withdrawal)
    except ApplicationError:  # it has just ended
        workflow.logger.info("the approval had ended before it could be withdrawn")


async def withdraw_refused(child: ChildApproval | None, requester: Actor) -> None:
    """Withdraw the approval of a parent that must not start, if it is open."""
    if child is not None and not child.done():
        actor = Actor(person=requester.person, origin=Origin.WORKFLOW)
        await withdraw_approval(child, Withdrawal(actor=actor))


def outcome_of(child: ChildApproval) -> ApprovalOutcome | None:
    """Return the outcome of an ended approval; None if an operator terminated it undecided."""
    try:
        return child.result()
    except ChildWorkflowError:
        return None
