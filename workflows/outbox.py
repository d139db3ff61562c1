"""The outbox: facts on their way to the audit, in order, none lost, none that never happened."""

from collections.abc import Callable, Iterable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import PATIENT
from workflows.ports.approvals import AuditBatch, AuditPort
from workflows.rules.shared.audit import AuditEvent

Facts = tuple[AuditEvent, ...]


class Outbox:
    """What is not written down yet. At most one append is under way.

    Never as a local activity: one writes before its workflow task is over. Where the worker dies
    in between, the task is done again at another instant, perhaps with another message first, and
    what was written has never happened.
    """

    def __init__(self) -> None:
        self._facts: list[AuditEvent] = []
        self._append: workflow.ActivityHandle[None] | None = None
        self._appending = 0

    @property
    def facts(self) -> Facts:
        """What the audit does not have yet, as far as is known."""
        return tuple(self._facts)

    @property
    def is_appending(self) -> bool:
        """Whether an append is under way."""
        return self._append is not None

    @property
    def has_ended(self) -> bool:
        """Whether the append under way is over."""
        return self._append is not None and self._append.done()

    def add(self, facts: Iterable[AuditEvent]) -> None:
        """Take up new facts."""
        self._facts.extend(facts)

    def begin(self, batch_of: Callable[[Facts], AuditBatch]) -> None:
        """Start to write down what is there, if nothing is on its way already."""
        if not self._facts or self._append is not None:
            return
        self._appending = len(self._facts)
        self._append = workflow.start_activity_method(
            AuditPort.append, batch_of(self.facts), **PATIENT
        )

    def end(self) -> None:
        """Take up that facts are written down; what failed for good stays owed and begins anew."""
        if self._append is None or not self._append.done():
            return
        handle, self._append = self._append, None
        try:
            handle.result()
        except ActivityError as error:  # an operator ended it: no reason to end the request too
            workflow.logger.error("facts not written: %s", error.cause)
        else:
            del self._facts[: self._appending]
