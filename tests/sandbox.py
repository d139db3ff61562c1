"""The workflow runners of the tests' workers."""

import os
from typing import Any, ClassVar

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows.registry import sandbox


class OnceCheckedRunner(SandboxedWorkflowRunner):
    """The sandbox, which checks each workflow module only once for all workers of the process."""

    _checked: ClassVar[set[type]] = set()

    def prepare_workflow(self, defn: Any) -> None:
        if defn.cls not in self._checked:
            super().prepare_workflow(defn)
            self._checked.add(defn.cls)


def product_runner() -> WorkflowRunner:
    """Return the product's default runner, or its sandbox if WORKFLOW_SANDBOX is set to true."""
    if os.environ.get("WORKFLOW_SANDBOX") == "true":
        return sandbox_sharing()
    return UnsandboxedWorkflowRunner()


def sandbox_sharing(*passed_through: str) -> OnceCheckedRunner:
    """Return the product's sandbox; these modules, if any, are shared with the test."""
    return OnceCheckedRunner(
        restrictions=sandbox().restrictions.with_passthrough_modules(*passed_through)
    )
