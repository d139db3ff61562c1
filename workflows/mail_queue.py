"""The mails that a workflow owes: sent beside everything else, waited for only at its very end."""

from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import MAIL
from workflows.ports.orders import MailPort, MailResult
from workflows.rules.orders.mail import Mail


class Mailer:
    """Sends mails in their order, none before the facts behind it are written down."""

    def __init__(self, owed: Iterable[Mail] = ()) -> None:
        self._owed = list(owed)
        self._sending: list[workflow.ActivityHandle[MailResult]] = []

    @property
    def owed(self) -> tuple[Mail, ...]:
        """The mails that nobody has begun to send."""
        return tuple(self._owed)

    @property
    def is_idle(self) -> bool:
        """Whether no mail is under way."""
        return all(handle.done() for handle in self._sending)

    def owe(self, mails: Iterable[Mail]) -> None:
        """Owe mails; `flush` sends them."""
        self._owed += mails

    def flush(self) -> None:
        """Begin to send what is owed. Call it when the facts behind it are written down."""
        for mail in self._owed:
            handle = workflow.start_activity_method(MailPort.send, mail, summary=mail.kind, **MAIL)
            self._sending.append(handle)
        self._owed.clear()

    def take_problem(self) -> str:
        """Return why a mail that is over by now was not sent, or nothing; each is told once."""
        over = [handle for handle in self._sending if handle.done()]
        self._sending = [handle for handle in self._sending if handle not in over]
        problems = filter(None, map(_problem, over))
        return next(problems, "")


def _problem(handle: workflow.ActivityHandle[MailResult]) -> str:
    try:
        return handle.result().problem
    except ActivityError as error:
        workflow.logger.warning("mail not sent: %s", error.cause)
        return "mail.failed"
