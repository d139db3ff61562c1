"""The outbox: facts on their way to the audit trail, in order and without loss."""

from collections.abc import Callable, Iterable

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.options import RETRY_FOREVER
from workflows.ports.approvals import START_REFUSED, AuditBatch, AuditPort
from workflows.rules.shared.audit import AuditEvent

Facts = tuple[AuditEvent, ...]


class StartRefusedError(Exception):
    """The audit trail does not accept the first facts, so the request must end without any effect.

    `code` is the reason. `admin_channel` is the channel of the worker's policy file: that of the
    refused request may be invented.
    """

    def __init__(self, code: str, admin_channel: str) -> None:
        super().__init__(code)
        self.code = code
        self.admin_channel = admin_channel


class Outbox:
    """The facts that are not in the audit trail yet. At most one append is under way.

    An append is never a local activity: that would write before its workflow task has completed.
    If the worker then dies, the task is replayed at another instant, perhaps with another message
    first, and the facts that were written never happened.
    """

    def __init__(self) -> None:
        self._facts: list[AuditEvent] = []
        self._append: workflow.ActivityHandle[None] | None = None
        self._batch_size = 0
        self._is_sealed = False

    @property
    def facts(self) -> Facts:
        """The facts that are not known to be in the audit trail."""
        return tuple(self._facts)

    @property
    def is_appending(self) -> bool:
        """Whether an append is under way."""
        return self._append is not None

    @property
    def has_result(self) -> bool:
        """Whether the append has ended."""
        return self._append is not None and self._append.done()

    def add(self, facts: Iterable[AuditEvent]) -> None:
        """Queue new facts; none after a refused start."""
        if not self._is_sealed:
            self._facts.extend(facts)

    def start_append(self, batch_of: Callable[[Facts], AuditBatch]) -> None:
        """Start to append the queued facts, unless an append is under way."""
        if not self._facts or self._append is not None:
            return
        self._batch_size = len(self._facts)
        self._append = workflow.start_activity_method(
            AuditPort.append, batch_of(self.facts), **RETRY_FOREVER
        )

    def collect(self) -> None:
        """Remove the facts of a finished append; those of a failed one stay queued.

        Raises:
            StartRefusedError: the audit trail refused the first facts. From now on facts are dropped.

        """
        if self._append is None or not self._append.done():
            return
        handle, self._append = self._append, None
        try:
            handle.result()
        except ActivityError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == START_REFUSED:
                self._facts, self._is_sealed = [], True
                raise StartRefusedError(*error.cause.details) from error
            # An operator ended it, which must not end the request too.
            workflow.logger.error("facts not appended: %s", error.cause)
        else:
            del self._facts[: self._batch_size]
