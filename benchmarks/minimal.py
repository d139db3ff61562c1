"""The yardstick workflows.

`MinimalWorkflow` posts a message, takes one decision by update and edits the message. It has no
validator, deadline, audit trail or retry policy. `BareWorkflow` only answers updates. Their worker
is in `minimal_worker.py`, because the sandbox would import its dependencies again for each workflow.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A message to edit and its new text."""

    ts: str
    text: str


@workflow.defn
class MinimalWorkflow:
    """An approval as in a tutorial."""

    def __init__(self) -> None:
        self._verdict = ""

    @workflow.run
    async def run(self, title: str) -> str:
        """Post, wait for the update, edit."""
        ts: str = await workflow.execute_activity(
            "post", title, start_to_close_timeout=TIMEOUT, result_type=str
        )
        await workflow.wait_condition(lambda: bool(self._verdict))
        edit = Edit(ts=ts, text=f"{title}: {self._verdict}")
        await workflow.execute_activity("edit", edit, start_to_close_timeout=TIMEOUT)
        return self._verdict

    @workflow.update
    def decide(self, verdict: str) -> str:
        """Record the decision."""
        self._verdict = verdict
        return self._verdict


@workflow.defn
class BareWorkflow:
    """Answers updates until it is terminated."""

    def __init__(self) -> None:
        self._count = 0

    @workflow.run
    async def run(self) -> None:
        """Wait forever."""
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def decide(self, verdict: str) -> str:
        """Count the update."""
        self._count += 1
        return f"{verdict} {self._count}"
