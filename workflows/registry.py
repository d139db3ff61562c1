"""What a worker or a replayer needs to run our workflows: their classes, and the sandbox's rules."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.refund import RefundWorkflow
from workflows.shipment import ShipmentWorkflow
from workflows.summary import SummaryWorkflow
from workflows.sweep import SweepWorkflow

WORKFLOWS = [
    ApprovalWorkflow,
    OrderWorkflow,
    RefundWorkflow,
    ShipmentWorkflow,
    SummaryWorkflow,
    SweepWorkflow,
]

TASK_QUEUE = "countersign"
"""The default task queue."""


_READ_ONCE = (
    *("rules", "ports", "money_ports", "summary_ports", "payloads", "options"),
    *("alarm", "asking", "card_owner", "directory_reader", "failure", "mailer", "outbox"),
    *("quick", "refusal", "saga", "search", "teller"),
)
"""What the files of the workflows themselves are made of. None of it holds state of its own, and
ruff bans clocks and chance there, which the sandbox would otherwise catch as it runs."""


def sandbox() -> SandboxedWorkflowRunner:
    """Return the runner that reads all but the workflows' own files once, not once per workflow.

    Reading all of them took ten times as long as all else at the start of a workflow.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            *(f"workflows.{name}" for name in _READ_ONCE)
        )
    )
