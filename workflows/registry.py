"""What a worker or a replayer needs to run our workflows: their classes, and the sandbox's rules."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.approval import ApprovalWorkflow
from workflows.hr_request import HrRequestWorkflow
from workflows.order import OrderWorkflow
from workflows.refund import RefundWorkflow
from workflows.shipment import ShipmentWorkflow
from workflows.summary import SummaryWorkflow
from workflows.sweep import SweepWorkflow

AUDITED_WORKFLOWS = [ApprovalWorkflow, HrRequestWorkflow, OrderWorkflow]
"""The workflows that append facts to the audit trail, each under its own workflow id."""

WORKFLOWS = [
    *AUDITED_WORKFLOWS,
    RefundWorkflow,
    ShipmentWorkflow,
    SummaryWorkflow,
    SweepWorkflow,
]

TASK_QUEUE = "countersign"
"""The default task queue."""


READ_ONCE = (
    *("rules", "ports", "payloads", "options"),
    *("timer", "notifications", "card_owner", "child_approval", "directory_reader", "hr_saga"),
    *("journey", "mail_queue", "outbox", "local_activities", "refusal", "order_saga", "search"),
    *("step_error", "notification_queue"),
)
"""What the files of the workflows themselves are made of. None of it holds state of its own, and
ruff bans clocks and chance there, which the sandbox would otherwise catch as it runs."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the runner that reads all but the workflows' own files once, not once per workflow.

    Reading all of them was most of what the start of a workflow cost.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            *(f"workflows.{name}" for name in READ_ONCE)
        )
    )
