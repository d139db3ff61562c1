"""What every workflow that owns a card does besides its own work: audit first, then card, then notices.

Nothing here waits for Slack. A try is started, its handle kept, and its end is one more condition
of the one wait; when it fails, the instant of the next try is one more deadline of the same timer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.notification_queue import NotificationQueue
from workflows.options import SLACK_TRY
from workflows.outbox import Outbox
from workflows.ports.approvals import AuditBatch, CardPort, PublishCard, PublishedCard
from workflows.rules.notice import NoticeKind, PendingNotice
from workflows.rules.shared import card as rules
from workflows.rules.shared.audit import AuditEvent
from workflows.rules.shared.card import CardCopy, CardState
from workflows.rules.snapshots import Snapshot
from workflows.timer import Timer

HANDOVER_PATIENCE = timedelta(seconds=2)
"""How long after its start a publish may hold up a hand-over. A healthy one is over by then."""
_TRY = SLACK_TRY["schedule_to_close_timeout"]
FINISH_PATIENCE = timedelta(hours=6)
"""How long after its end a workflow goes on trying what only a person can mend. After that a click
on what stands there still shows the last state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardSubject:
    """What a card is about, asked anew each time: its workflow's state goes on.

    `watches` are the people and groups on which an open request depends (`rules.watching`),
    `readers` those who may read the whole of a private one (`rules.privacy`).
    `admins` are those who are told directly where their channel takes nothing.
    `task_is_held` tells that a local activity holds up the workflow task: nothing leaves before
    it is over, and what it brings can leave together with what is there already.
    """

    request_id: str
    face: Callable[[int], Snapshot]
    owner_id: Callable[[], str]
    watches: Callable[[], tuple[str, ...]] = tuple
    readers: Callable[[], tuple[str, ...]] = tuple
    admins: Callable[[], tuple[str, ...]] = tuple
    task_is_held: Callable[[], bool] = bool


class CardOwner:
    """The card of one workflow, its audit outbox and the notices it still owes."""

    def __init__(self, card: CardState, about: CardSubject) -> None:
        self.card = card
        self._about = about
        self._outbox = Outbox()
        self._teller = NotificationQueue()
        self._publish: workflow.ActivityHandle[PublishedCard] | None = None
        self._publish_began: datetime | None = None
        self._publish_version = 0
        self._alarm = Timer()

    @property
    def face(self) -> Snapshot:
        """What the card should show now."""
        return self._about.face(self.card.version)

    def record(
        self,
        facts: Iterable[AuditEvent],
        *,
        clicked: bool = False,
        visible: bool = True,
    ) -> None:
        """Take up facts for the audit, and, where they are visible, a new version of the card."""
        self._outbox.add(facts)
        if visible:
            self.card = rules.mark_changed(self.card, workflow.now(), clicked=clicked)

    def republish(self) -> None:
        """Have the card written once more: somebody saw a copy that was not current."""
        self.card = rules.mark_outdated(self.card, workflow.now())

    def resume(self, facts: Iterable[AuditEvent], notices: Iterable[PendingNotice]) -> None:
        """Owe what an earlier run of this workflow still owed."""
        self._outbox.add(facts)
        self._teller.resume(notices)

    def tell(  # noqa: PLR0913 - a notice has this many parts
        self,
        kind: NoticeKind,
        *,
        person: str = "",
        channel: str = "",
        people: tuple[str, ...] = (),
        level: int = 0,
        problem: str = "",
    ) -> None:
        """Owe a notice: to `person`, to `channel`, or in the card's thread, mentioning `people`."""
        owed = PendingNotice(
            key=workflow.uuid4().hex,
            kind=kind,
            person=person,
            channel=channel,
            people=people,
            level=level,
            problem=problem,
        )
        self._teller.owe(owed)

    def add_copies(self, people: Iterable[str]) -> None:
        """Have the card stand in the direct messages of `people` too; who has a copy keeps it."""
        have = {copy.person for copy in self.card.copies}
        new = tuple(
            CardCopy(channel=person, key=workflow.uuid4().hex, person=person)
            for person in people
            if person not in have
        )
        self.card = rules.with_copies(self.card, new, workflow.now())

    def add_reply(self, level: int, revision: int) -> None:
        """Have a reply about this level of this content revision stand in the thread; once."""
        root = self._root
        if root is not None and rules.reply_of(self.card, level, revision) is None:
            key = workflow.uuid4().hex
            reply = CardCopy(channel=root.channel, key=key, level=level, revision=revision)
            self.card = rules.with_copies(self.card, [reply], workflow.now())

    def has_posted_reply(self, level: int, revision: int) -> bool:
        """Whether that reply stands, or may stand any moment: who is asked now is not in it."""
        reply = rules.reply_of(self.card, level, revision)
        if reply is None:
            return False
        is_on_its_way = self._publish is not None and reply.intended_at is not None
        return bool(reply.ts) or reply.doubtful or is_on_its_way

    @property
    def is_posted(self) -> bool:
        """Whether the card stands in its channel, or may stand there any moment."""
        root = self._root
        return self._publish is not None or (root is not None and (bool(root.ts) or root.doubtful))

    @property
    def _root(self) -> CardCopy | None:
        return self.card.copies[0] if self.card.copies else None

    def take_over(self, card: CardState) -> None:
        """Become the owner of a child's card, with its copies and its count of versions."""
        self.card = card

    async def attend(self, until: Callable[[], bool], deadline: datetime | None = None) -> None:
        """Serve audit, card and notices until `until()` holds or `deadline` is reached."""
        while True:
            self._outbox.end()
            self._end_publish()
            self._teller.end(workflow.now())
            now = workflow.now()
            if until() or (deadline is not None and now >= deadline):
                return
            if not self._about.task_is_held():
                self._outbox.begin(self._batch)
            if not self._outbox.facts:  # Slack is told nothing that is not written down
                self._begin_publish(now)
                self._teller.begin(self._root, lambda: self.face, self._about.admins, now)
            self._alarm.set(self._next_instant(deadline))
            await workflow.wait_condition(lambda: until() or self._must_wake(deadline))

    async def finish(self, until: Callable[[], bool] = lambda: False) -> None:
        """Serve on until Slack has been told everything, or until `until()` holds.

        The last thing an owner does. What Slack refuses until a person mends it is tried for
        `FINISH_PATIENCE`, what cannot be tried at all for as long as it takes.
        """
        await self.append_audit()  # before that there is nothing to tell Slack, and no timer to arm
        patience = workflow.now() + FINISH_PATIENCE
        await self.attend(lambda: until() or not self.owes, patience)
        await self.attend(lambda: until() or not self._owes_what_slack_takes)

    async def hand_over(self) -> CardState:
        """Write the last facts down and give the card up, without a last publish.

        A publish under way may yet yield the copy's ts, so it gets a moment. One that hangs must
        not hold up what the next owner does: its outcome is handed over as unknown, and nobody
        may publish before its try is over.
        """
        began = self._publish_began
        patience = began + HANDOVER_PATIENCE if began is not None else None
        await self.attend(lambda: self._publish is None, patience)
        if self._publish is not None and began is not None:
            lost = rules.publish_outcome_unknown(self.card, workflow.now(), began=began)
            self.card = replace(lost, not_before=began + _TRY)
        await self.append_audit()
        return rules.for_next_owner(self.card)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way. What else is owed goes along into a new run."""
        return not (self._outbox.is_appending or self._is_trying)

    @property
    def _is_trying(self) -> bool:
        """Whether a try at Slack is under way."""
        return self._publish is not None or self._teller.is_telling

    @property
    def facts(self) -> tuple[AuditEvent, ...]:
        """The facts that are not written down yet."""
        return self._outbox.facts

    @property
    def notices(self) -> tuple[PendingNotice, ...]:
        """The notices that are not sent yet."""
        return self._teller.owed

    @property
    def owes(self) -> bool:
        """Whether facts or notices wait, a try is under way, or the card is behind."""
        return bool(
            self._outbox.facts or self._teller.owed or self._publish is not None or self._is_behind
        )

    @property
    def _owes_what_slack_takes(self) -> bool:
        """Whether more is owed than what Slack has refused until a person mends it."""
        return bool(
            self._outbox.facts
            or self._teller.owes_what_slack_takes(self._root)
            or self._is_trying
            or (self._is_behind and self.card.refused != self.card.version)
        )

    @property
    def _is_behind(self) -> bool:
        return bool(self.card.copies) and rules.due_at(self.card) is not None

    def _next_instant(self, deadline: datetime | None) -> datetime | None:
        """Return the instant at which the next thing is due that is not under way already.

        A try at Slack wakes us when it is over, so no timer is spent on what comes later. An append
        may be tried for hours.
        """
        publish = tell = None
        if not self._outbox.facts:
            tell = self._teller.next_at(self._root)
            if self.card.copies and self._publish is None:
                publish = rules.due_at(self.card)
        instant = min(filter(None, (deadline, publish, tell)), default=None)
        if instant is not None and self._is_trying and instant > workflow.now() + _TRY:
            return None
        return instant

    def _must_wake(self, deadline: datetime | None) -> bool:
        written = not self._outbox.facts
        can_append = not (written or self._outbox.is_appending or self._about.task_is_held())
        return (
            can_append
            or self._outbox.has_ended
            or (self._publish is not None and self._publish.done())
            or (self._teller.has_work(self._root) and (self._teller.is_telling or written))
            or not self._alarm.covers(self._next_instant(deadline))
        )

    async def append_audit(self) -> None:
        """Return when everything is written down: for what must not happen before that."""
        while self._outbox.facts:
            self._outbox.begin(self._batch)
            await workflow.wait_condition(lambda: self._outbox.has_ended)
            self._outbox.end()

    def _batch(self, facts: tuple[AuditEvent, ...]) -> AuditBatch:
        return AuditBatch(
            request_id=self._about.request_id,
            owner_id=self._about.owner_id(),
            facts=facts,
            face=self.face,
            watches=self._about.watches(),
            readers=self._about.readers(),
        )

    def _begin_publish(self, now: datetime) -> None:
        due = rules.due_at(self.card)
        if not self.card.copies or self._publish is not None or due is None or now < due:
            return
        self.card = rules.publish_started(self.card, now)
        self._publish_began, self._publish_version = now, self.card.version
        self._publish = workflow.start_activity_method(
            CardPort.publish, PublishCard(face=self.face, copies=self.card.copies), **SLACK_TRY
        )

    def _end_publish(self) -> None:
        if self._publish is None or not self._publish.done():
            return
        handle, self._publish = self._publish, None
        try:
            done = handle.result()
        except ActivityError:
            self.card = rules.publish_outcome_unknown(
                self.card, workflow.now(), began=self._publish_began
            )
            return
        # Copies that were added meanwhile were not part of this try.
        tried = {copy.key: copy for copy in done.copies}
        copies = tuple(tried.get(copy.key, copy) for copy in self.card.copies)
        if not done.problem:
            self.card = rules.publish_succeeded(self.card, done.version, copies)
            return
        card = replace(self.card, copies=copies)
        wait = done.retry_after
        if done.lasting:
            card = replace(card, refused=self._publish_version)
            wait = rules.long_retry_delay(card.tries, done.retry_after)
        if done.lasting and done.problem != card.problem:
            card = replace(card, problem=done.problem)
            requester = self.face.requester.person
            self.tell(NoticeKind.CARD_NOT_POSTED, person=requester, problem=done.problem)
            if channel := self.face.admin_channel:
                admins = self._about.admins()
                self.tell(
                    NoticeKind.CARD_NOT_POSTED, channel=channel, people=admins, problem=done.problem
                )
        self.card = rules.publish_failed(card, workflow.now(), wait, began=self._publish_began)
