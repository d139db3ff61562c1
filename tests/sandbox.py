"""The product's sandbox for workers that live within a test."""

from typing import Any, ClassVar

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows.registry import sandbox


class OnceCheckedRunner(SandboxedWorkflowRunner):
    """The sandbox; it checks each workflow's module for the first worker, not for every test's."""

    _checked: ClassVar[set[type]] = set()

    def prepare_workflow(self, defn: Any) -> None:
        if defn.cls not in self._checked:
            super().prepare_workflow(defn)
            self._checked.add(defn.cls)


def sandbox_sharing(*passed_through: str) -> OnceCheckedRunner:
    """Return the product's sandbox; these modules, if any, are shared with the test."""
    return OnceCheckedRunner(
        restrictions=sandbox().restrictions.with_passthrough_modules(*passed_through)
    )
