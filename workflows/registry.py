"""What a worker or a replayer needs to run our workflows: their classes, and the sandbox's rules."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.refund import RefundWorkflow
from workflows.summary import SummaryWorkflow
from workflows.sweep import SweepWorkflow

WORKFLOWS = [ApprovalWorkflow, OrderWorkflow, RefundWorkflow, SummaryWorkflow, SweepWorkflow]

TASK_QUEUE = "countersign"
"""The default task queue."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the runner that loads the pure rooms once instead of once per workflow."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows.rules",
            "workflows.ports",
            "workflows.money_ports",
            "workflows.summary_ports",
            "workflows.payloads",
        )
    )
