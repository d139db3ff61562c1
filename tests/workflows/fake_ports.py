"""Fakes of the ports, which record the calls for the test to check."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.fake_directory import FakeDirectory
from tests.workflows.fake_payments import FakePayments, FakeSummaries
from tests.workflows.fake_provisioning import FakeProvisioning
from tests.workflows.fake_reconciliation import FakeReconciliation
from tests.workflows.fake_slack import Changes, Slack
from tests.workflows.fake_steps import FakeSteps
from workflows.ports.approvals import (
    AuditBatch,
    AuditPort,
    CalendarPort,
    CardPort,
    DeadlineQuestion,
    Deadlines,
    NoticePort,
    NoticeResult,
    PublishCard,
    PublishedCard,
)
from workflows.ports.orders import MailPort, MailResult
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.notice import Notice
from workflows.rules.orders.mail import Mail
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.snapshots import Snapshot


@dataclass
class FakeAudit(AuditPort):
    """An append-only audit trail. `held` blocks it; the next `failures` calls are not retried."""

    changes: Changes
    facts: list[AuditEvent] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    down: bool = False
    held: bool = False
    failures: int = 0
    tries: int = 0

    def unblock(self) -> None:
        """Let the blocked append continue."""
        self.held = False
        self.changes.notify()

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        self.tries += 1
        self.changes.notify()
        await self.changes.until(lambda: not self.held)
        if self.failures:
            self.failures -= 1
            raise ApplicationError("ended by an operator", non_retryable=True)
        if self.down:
            raise ApplicationError("the database is down", type="database.unavailable")
        self.owners[batch.request_id] = batch.owner_id
        self.snapshots[batch.request_id] = batch.face
        known = {(fact.request_id, fact.sequence) for fact in self.facts}
        self.facts += [f for f in batch.facts if (f.request_id, f.sequence) not in known]
        self.changes.notify()

    def of(self, request_id: str) -> list[AuditEvent]:
        return [fact for fact in self.facts if fact.request_id == request_id]

    def kinds(self, request_id: str) -> list[str]:
        return [fact.kind.value for fact in self.of(request_id)]

    def fact(self, request_id: str, kind: str) -> AuditEvent:
        """Return the only fact of this kind."""
        (fact,) = (fact for fact in self.of(request_id) if fact.kind.value == kind)
        return fact


@dataclass
class FakeCalendar(CalendarPort):
    """A calendar without time zones. While `held`, local activities fail and others block."""

    changes: Changes
    held: bool = False
    tries: int = 0

    def unblock(self) -> None:
        """Let the blocked calls continue."""
        self.held = False
        self.changes.notify()

    @activity.defn
    async def deadlines(self, question: DeadlineQuestion) -> Deadlines:
        self.tries += 1
        self.changes.notify()
        if self.held and activity.info().is_local:
            raise ApplicationError("the calendar is busy", type="calendar.busy")
        await self.changes.until(lambda: not self.held)
        at = tuple(question.start + window for window in question.windows)
        return Deadlines(at=at)


@dataclass
class FakeCards(CardPort):
    """The published cards. `problem` is a lasting refusal."""

    slack: Slack
    attempts: list[PublishCard] = field(default_factory=list)
    published: list[PublishCard] = field(default_factory=list)
    problem: str = ""
    retry_after: timedelta | None = None

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        self.attempts.append(card)
        if not await self.slack.call():
            return PublishedCard(
                copies=card.copies,
                version=0,
                problem="slack.unavailable",
                retry_after=self.retry_after,
            )
        if self.problem:
            return PublishedCard(copies=card.copies, version=0, problem=self.problem, lasting=True)
        self.published.append(card)
        self.slack.changes.notify()
        copies = tuple(replace(copy, ts=copy.ts or "1.0") for copy in card.copies)
        return PublishedCard(copies=copies, version=card.face.card_version)

    def shown(self, request_id: str) -> ApprovalSnapshot:
        """Return the snapshot that an approval's card shows."""
        snapshots = [card.face for card in self.published if card.face.kind == "approval"]
        return [snapshot for snapshot in snapshots if snapshot.request_id == request_id][-1]

    def last(self, request_id: str) -> PublishCard:
        """Return the last publish of an approval's card, with its copies."""
        snapshot = self.shown(request_id)
        return [card for card in self.published if card.face == snapshot][-1]

    @property
    def versions(self) -> list[int]:
        return [card.face.card_version for card in self.published]


@dataclass
class FakeNotices(NoticePort):
    """The notices: all `attempts`, and those that were `sent`."""

    slack: Slack
    attempts: list[Notice] = field(default_factory=list)
    sent: list[Notice] = field(default_factory=list)
    refused: dict[str, NoticeResult] = field(default_factory=dict)

    @activity.defn
    async def tell(self, notice: Notice) -> NoticeResult:
        self.attempts.append(notice)
        if not await self.slack.call():
            return NoticeResult(problem="slack.unavailable")
        if refusal := self.refused.get(notice.person or notice.channel):
            return refusal
        self.sent.append(notice)
        self.slack.changes.notify()
        return NoticeResult()

    def summary(self) -> list[tuple[str, str]]:
        return [
            (notice.kind.value, notice.person or notice.channel or ",".join(notice.people))
            for notice in self.sent
        ]


@dataclass
class FakeMail(MailPort):
    """A mail server; `problem` is its result."""

    changes: Changes
    sent: list[Mail] = field(default_factory=list)
    problem: str = ""
    held: bool = False

    def unblock(self) -> None:
        """Let the blocked mails go out."""
        self.held = False
        self.changes.notify()

    @activity.defn
    async def send(self, mail: Mail) -> MailResult:
        await self.changes.until(lambda: not self.held)
        if not self.problem:
            self.sent.append(mail)
        self.changes.notify()
        return MailResult(sent=not self.problem, problem=self.problem)


class FakePorts:
    """All fake ports together."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.until = self.changes.until
        self.slack = Slack(self.changes)
        self.audit = FakeAudit(self.changes)
        self.calendar = FakeCalendar(self.changes)
        self.directory = FakeDirectory(
            Slack(self.changes)
        )  # a separate Slack, so that it can fail alone
        self.cards = FakeCards(self.slack)
        self.notices = FakeNotices(self.slack)
        self.steps = FakeSteps(self.changes)
        self.provisioning = FakeProvisioning(self.changes)
        self.mail = FakeMail(self.changes)
        self.payments = FakePayments()
        self.summaries = FakeSummaries()
        self.reconciliation = FakeReconciliation()

    def activities(self) -> list[Callable[..., object]]:
        return [
            self.audit.append,
            self.calendar.deadlines,
            self.directory.approvers,
            self.cards.publish,
            self.notices.tell,
            self.steps.reserve,
            self.steps.release,
            self.steps.charge,
            self.steps.receive,
            self.steps.refund,
            self.steps.ship,
            self.steps.deliver,
            self.steps.recall,
            self.provisioning.provision,
            self.provisioning.take_back,
            self.mail.send,
            self.payments.give_back,
            self.payments.sweep,
            self.summaries.sum_up,
            self.summaries.tell_day,
            self.reconciliation.compare,
            self.reconciliation.end_request,
        ]
