"""The workflow classes, and the runner that executes them in every worker."""

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.approval import ApprovalWorkflow
from workflows.hr_request import HrRequestWorkflow
from workflows.order import OrderWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.refund import RefundWorkflow
from workflows.settlement import SettlementWorkflow
from workflows.shipment import ShipmentWorkflow
from workflows.summary import SummaryWorkflow
from workflows.sweep import SweepWorkflow

AUDITED_WORKFLOWS = [ApprovalWorkflow, HrRequestWorkflow, OrderWorkflow]
"""The workflows that append facts to the audit trail, each under its own workflow id."""

WORKFLOWS = [
    *AUDITED_WORKFLOWS,
    ReconciliationWorkflow,
    RefundWorkflow,
    SettlementWorkflow,
    ShipmentWorkflow,
    SummaryWorkflow,
    SweepWorkflow,
]

TASK_QUEUE = "countersign"
"""The default task queue."""

READ_ONCE = (
    *("rules", "ports", "payloads", "options", "timer", "search", "refusal", "local_activities"),
    *(
        "outbox",
        "card_owner",
        "card_workflow",
        "card_publisher",
        "notification_queue",
        "notifications",
    ),
    *("child_approval", "directory_reader", "level_clock", "mail_queue"),
    *("saga", "step_failure", "hr_saga", "order_saga", "parcels"),
)
"""The modules behind the workflow files. None of them keeps module state, and ruff bans clocks and
randomness in them, which the sandbox would otherwise catch at run time."""


def runner(*, sandboxed: bool) -> WorkflowRunner:
    """Return a worker's runner, with or without the SDK's sandbox (docs/adr/0009)."""
    return sandbox() if sandboxed else UnsandboxedWorkflowRunner()


def sandbox() -> SandboxedWorkflowRunner:
    """Return a runner that imports `READ_ONCE` once per process, not once per workflow.

    Importing everything again was most of the cost of starting a workflow.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            *(f"workflows.{name}" for name in READ_ONCE)
        )
    )
