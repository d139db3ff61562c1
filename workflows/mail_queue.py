"""The mails to an order's customer: sent in the background, awaited only at the order's end."""

from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import MAIL_RETRIES
from workflows.ports.orders import MailPort, MailResult
from workflows.rules.orders.mail import Mail


class MailQueue:
    """Sends mails in order, each after the facts behind it are in the audit trail."""

    def __init__(self, pending: Iterable[Mail] = ()) -> None:
        self._pending = list(pending)
        self._sending: list[workflow.ActivityHandle[MailResult]] = []

    @property
    def pending(self) -> tuple[Mail, ...]:
        """The mails whose sending has not started."""
        return tuple(self._pending)

    @property
    def is_idle(self) -> bool:
        """Whether no mail is being sent."""
        return all(handle.done() for handle in self._sending)

    def add(self, mails: Iterable[Mail]) -> None:
        """Queue mails; `flush` sends them."""
        self._pending += mails

    def flush(self) -> None:
        """Start to send the queued mails. Call it when the facts behind them are audited."""
        for mail in self._pending:
            handle = workflow.start_activity_method(
                MailPort.send, mail, summary=mail.kind, **MAIL_RETRIES
            )
            self._sending.append(handle)
        self._pending.clear()

    def collect_problem(self) -> str:
        """Return why a finished mail was not sent, or an empty text. Each mail counts once."""
        finished = [handle for handle in self._sending if handle.done()]
        self._sending = [handle for handle in self._sending if handle not in finished]
        problems = filter(None, map(_problem, finished))
        return next(problems, "")


def _problem(handle: workflow.ActivityHandle[MailResult]) -> str:
    try:
        return handle.result().problem
    except ActivityError as error:
        workflow.logger.warning("mail not sent: %s", error.cause)
        return "mail.failed"
