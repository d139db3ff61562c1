"""Serves the card of a workflow: audit first, then the card in Slack, then the notices.

Nothing here waits for Slack. An attempt is started and its handle kept. Its end is one condition
of the single wait; if it fails, the time of the next attempt is one deadline of the single timer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio import workflow

from workflows.card_publisher import ATTEMPT_TIMEOUT, CardPublisher
from workflows.notification_queue import NotificationQueue
from workflows.outbox import Outbox
from workflows.ports.approvals import AuditBatch
from workflows.rules.approvals.registration import Registration
from workflows.rules.notice import NoticeKind, PendingNotice
from workflows.rules.shared import card as rules
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardCopy, CardState
from workflows.rules.snapshots import Snapshot
from workflows.timer import Timer

RELEASE_TIMEOUT = timedelta(seconds=2)
"""How long after its start a publish may delay the release of the card. Most take less."""
FINISH_TIMEOUT = timedelta(hours=6)
"""How long an ended workflow retries what only a person can fix. After that, a click on an
outdated card still returns the last state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardSubject:
    """The workflow behind a card. Its functions are called each time, because its state changes.

    `registration` is checked when the first fact is appended; None if the subject appends none.
    `watches` are the people and groups that an open request depends on (`rules.watching`).
    `readers` are those who may read a private request in full (`rules.privacy`).
    `admins` get a direct message if their channel does not accept messages.
    `runs_local_activity` is whether a local activity holds the workflow task: no command leaves
    before it ends, and its result can then leave together with the facts that wait already.
    """

    request_id: str
    snapshot: Callable[[int], Snapshot]
    owner_id: Callable[[], str]
    registration: Callable[[], Registration | None]
    watches: Callable[[], tuple[str, ...]] = tuple
    readers: Callable[[], tuple[str, ...]] = tuple
    admins: Callable[[], tuple[str, ...]] = tuple
    runs_local_activity: Callable[[], bool] = bool


class CardOwner:
    """The card of one workflow, its audit outbox and its pending notices."""

    def __init__(self, card: CardState, subject: CardSubject) -> None:
        self.card = card
        self._subject = subject
        self._outbox = Outbox()
        self._notifications = NotificationQueue()
        self._publisher = CardPublisher()
        self._timer = Timer()

    @property
    def snapshot(self) -> Snapshot:
        """The state that the card should show now."""
        return self._subject.snapshot(self.card.version)

    def record(
        self,
        facts: Iterable[AuditEvent],
        *,
        clicked: bool = False,
        visible: bool = True,
    ) -> None:
        """Queue facts for the audit trail and, if `visible`, start a new version of the card."""
        self._outbox.add(facts)
        if visible:
            self.card = rules.mark_changed(self.card, workflow.now(), clicked=clicked)

    def drop(self) -> None:
        """Forget the card and the notices of a request that must not start."""
        self.card = replace(self.card, copies=())
        self._notifications.restore(())

    def republish(self) -> None:
        """Publish the card again: a user saw an outdated copy."""
        self.card = rules.mark_outdated(self.card, workflow.now())

    def restore(self, facts: Iterable[AuditEvent], notices: Iterable[PendingNotice]) -> None:
        """Queue the facts and notices that were pending when the previous run ended."""
        self._outbox.add(facts)
        self._notifications.restore(notices)

    def notify(  # noqa: PLR0913 - a notice has this many parts
        self,
        kind: NoticeKind,
        *,
        person: str = "",
        channel: str = "",
        people: tuple[str, ...] = (),
        level: int = 0,
        problem: str = "",
    ) -> None:
        """Queue a notice: to `person`, to `channel`, or in the card's thread with mentions."""
        notice = PendingNotice(
            key=workflow.uuid4().hex,
            kind=kind,
            person=person,
            channel=channel,
            people=people,
            level=level,
            problem=problem,
        )
        self._notifications.add(notice)

    def add_copies(self, people: Iterable[str]) -> None:
        """Send the card to `people` as a direct message, unless they have a copy already."""
        holders = rules.holders(self.card)
        new = tuple(
            CardCopy(channel=person, key=workflow.uuid4().hex, person=person)
            for person in people
            if person not in holders
        )
        self.card = rules.with_copies(self.card, new, workflow.now())

    def retire_copies(self, people: Iterable[str]) -> None:
        """Replace the private copies of these people by one sentence, and no longer update them."""
        self.card = rules.with_retired(self.card, frozenset(people), workflow.now())

    def add_reply(self, level: int, revision: int) -> None:
        """Add a reply for this level and content revision to the thread, unless it has one."""
        root = self._root
        if root is not None and rules.reply_of(self.card, level, revision) is None:
            key = workflow.uuid4().hex
            reply = CardCopy(channel=root.channel, key=key, level=level, revision=revision)
            self.card = rules.with_copies(self.card, [reply], workflow.now())

    def has_posted_reply(self, level: int, revision: int) -> bool:
        """Whether that reply is, or may be, in the thread: it cannot mention new approvers."""
        reply = rules.reply_of(self.card, level, revision)
        if reply is None:
            return False
        is_being_posted = self._publisher.is_publishing and reply.intended_at is not None
        return bool(reply.ts) or reply.doubtful or is_being_posted

    @property
    def is_posted(self) -> bool:
        """Whether the card is, or may be, in its channel."""
        root = self._root
        if self._publisher.is_publishing:
            return True
        return root is not None and (bool(root.ts) or root.doubtful)

    @property
    def _root(self) -> CardCopy | None:
        return self.card.copies[0] if self.card.copies else None

    def adopt(self, card: CardState) -> None:
        """Take a child's card over, with its copies and its version."""
        self.card = card

    async def serve(self, until: Callable[[], bool], deadline: datetime | None = None) -> None:
        """Serve audit, card and notices until `until()` is true or the deadline has passed.

        Raises:
            StartRefusedError: the audit trail refused the first facts.

        """
        while True:
            self._outbox.collect()
            self._collect_publish()
            self._notifications.collect(workflow.now())
            now = workflow.now()
            if until() or (deadline is not None and now >= deadline):
                return
            if not self._subject.runs_local_activity():
                self._outbox.start_append(self._batch)
            if not self._outbox.facts:  # Slack shows nothing that is not in the audit trail
                self._start_publish(now)
                self._notifications.start_next(
                    self._root, lambda: self.snapshot, self._subject.admins, now
                )
            self._timer.set(self._next_instant(deadline))
            await workflow.wait_condition(lambda: until() or self._must_wake(deadline))

    async def finish(self, until: Callable[[], bool] = lambda: False) -> None:
        """Serve until Slack has the last state and every notice, or until `until()` is true.

        The last thing that an owner does. What Slack refuses until a person fixes it is tried for
        `FINISH_TIMEOUT`; what cannot be tried at all is kept for as long as it takes.
        """
        await self.append_audit()  # before that there is nothing to publish, and no timer to arm
        deadline = workflow.now() + FINISH_TIMEOUT
        await self.serve(lambda: until() or not self.has_pending, deadline)
        await self.serve(lambda: until() or not self._has_pending_that_slack_accepts)

    async def release(self) -> CardState:
        """Append the last facts and return the card for its next owner, without a last publish.

        A publish under way may still return the copy's ts, so it gets a moment. A publish that
        hangs must not delay the next owner: its outcome is then unknown, and no one may publish
        before its timeout.
        """
        started_at = self._publisher.started_at
        deadline = started_at + RELEASE_TIMEOUT if started_at is not None else None
        await self.serve(lambda: not self._publisher.is_publishing, deadline)
        self.card = self._publisher.abandon(self.card, workflow.now())
        await self.append_audit()
        return rules.for_next_owner(self.card)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way. What is only pending is carried into a new run."""
        return not (self._outbox.is_appending or self._is_calling_slack)

    @property
    def _is_calling_slack(self) -> bool:
        return self._publisher.is_publishing or self._notifications.is_sending

    @property
    def pending_facts(self) -> tuple[AuditEvent, ...]:
        """The facts that are not in the audit trail yet."""
        return self._outbox.facts

    @property
    def pending_notices(self) -> tuple[PendingNotice, ...]:
        """The notices that are not sent yet."""
        return self._notifications.pending

    @property
    def has_pending(self) -> bool:
        """Whether facts or notices are pending, a publish is running, or the card is outdated."""
        return bool(
            self._outbox.facts
            or self._notifications.pending
            or self._publisher.is_publishing
            or self._is_outdated
        )

    @property
    def _has_pending_that_slack_accepts(self) -> bool:
        """Whether more is pending than what Slack refuses until a person fixes it."""
        return bool(
            self._outbox.facts
            or self._notifications.has_deliverable(self._root)
            or self._is_calling_slack
            or (self._is_outdated and self.card.refused != self.card.version)
        )

    @property
    def _is_outdated(self) -> bool:
        return bool(self.card.copies) and rules.due_at(self.card) is not None

    def _next_instant(self, deadline: datetime | None) -> datetime | None:
        """Return the earliest instant at which something is due that is not under way already.

        The end of an attempt at Slack wakes the loop, so what is due after its timeout needs no
        timer yet. An append is different: it may be retried for hours.
        """
        publish = notice = None
        if not self._outbox.facts:
            notice = self._notifications.next_at(self._root)
            if self.card.copies and not self._publisher.is_publishing:
                publish = rules.due_at(self.card)
        instant = min(filter(None, (deadline, publish, notice)), default=None)
        if instant is None or not self._is_calling_slack:
            return instant
        return None if instant > workflow.now() + ATTEMPT_TIMEOUT else instant

    def _must_wake(self, deadline: datetime | None) -> bool:
        is_audited = not self._outbox.facts
        holds_append = self._outbox.is_appending or self._subject.runs_local_activity()
        notifications = self._notifications
        return (
            not (is_audited or holds_append)
            or self._outbox.has_result
            or self._publisher.has_result
            or (notifications.has_work(self._root) and (notifications.is_sending or is_audited))
            or not self._timer.covers(self._next_instant(deadline))
        )

    async def append_audit(self) -> None:
        """Return when every fact is in the audit trail: for what must not happen before that.

        Raises:
            StartRefusedError: the audit trail refused the first facts.

        """
        while self._outbox.facts:
            self._outbox.start_append(self._batch)
            await workflow.wait_condition(lambda: self._outbox.has_result)
            self._outbox.collect()

    def _batch(self, facts: tuple[AuditEvent, ...]) -> AuditBatch:
        return AuditBatch(
            request_id=self._subject.request_id,
            owner_id=self._subject.owner_id(),
            facts=facts,
            face=self.snapshot,
            watches=self._subject.watches(),
            readers=self._subject.readers(),
            copies=self.card.copies,
            registration=self._subject.registration() if facts[0].sequence == 1 else None,
        )

    def _start_publish(self, now: datetime) -> None:
        due = rules.due_at(self.card)
        if self.card.copies and not self._publisher.is_publishing and due and now >= due:
            self.card = self._publisher.start(self.card, self.snapshot, now)

    def _collect_publish(self) -> None:
        """Apply the result of a publish. A new problem that lasts is reported once."""
        problem = self.card.problem
        self.card = self._publisher.collect(self.card, workflow.now())
        if self.card.problem in ("", problem):
            return
        kind, problem = NoticeKind.CARD_NOT_POSTED, self.card.problem
        self.notify(kind, person=self.snapshot.requester.person, problem=problem)
        if channel := self.snapshot.admin_channel:
            self.notify(kind, channel=channel, people=self._subject.admins(), problem=problem)
