"""What every workflow that owns a card does besides its own work: audit first, then card, then notices.

Nothing here waits for Slack. A try is started, its handle kept, and its end is one more condition
of the one wait; when it fails, the instant of the next try is one more deadline of the same timer.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.alarm import Alarm
from workflows.options import PATIENT, SLACK_TRY
from workflows.ports import (
    AuditBatch,
    AuditPort,
    CardPort,
    Face,
    PublishCard,
    PublishedCard,
)
from workflows.quick import quickly
from workflows.rules import card as rules
from workflows.rules.audit import AuditEvent
from workflows.rules.card import CardCopy, CardState
from workflows.rules.notice import LASTING, Notice, NoticeKind
from workflows.teller import Teller

HANDOVER_PATIENCE = timedelta(seconds=2)
"""How long after its start a publish may hold up a hand-over. A healthy one is over by then."""
_TRY = SLACK_TRY["schedule_to_close_timeout"]
LASTING_PAUSE = timedelta(seconds=30)
"""The pause between tries where only a person can help: the bot is not in the channel."""


class CardOwner:
    """The card of one workflow, its audit outbox and the notices it still owes."""

    def __init__(
        self,
        request_id: str,
        card: CardState,
        face: Callable[[int], Face],
        owner_id: Callable[[], str],
    ) -> None:
        self.card = card
        self._request_id = request_id
        self._face = face
        self._owner_id = owner_id
        self._outbox: list[AuditEvent] = []
        self._teller = Teller()
        self._publish: workflow.ActivityHandle[PublishedCard] | None = None
        self._publish_began: datetime | None = None
        self._publish_version = 0
        self._refused_version = 0
        self._lasting_problem = ""
        self._answering = False
        self._alarm = Alarm()

    @property
    def face(self) -> Face:
        """What the card should show now."""
        return self._face(self.card.version)

    def record(
        self,
        facts: Iterable[AuditEvent],
        *,
        clicked: bool = False,
        visible: bool = True,
        answering: bool = False,
    ) -> None:
        """Take up facts for the audit, and, where they are visible, a new version of the card.

        `answering` when an update's sender waits: a local activity would hold up the answer, which
        leaves with the workflow task, until the database has written.
        """
        self._outbox.extend(facts)
        self._answering = self._answering or answering
        if visible:
            self.card = rules.change(self.card, workflow.now(), clicked=clicked)

    def republish(self) -> None:
        """Have the card written once more: somebody saw a copy that was not current."""
        self.card = rules.ask_again(self.card, workflow.now())

    def resume(self, facts: Iterable[AuditEvent], notices: Iterable[Notice]) -> None:
        """Owe what an earlier run of this workflow still owed."""
        self._outbox = list(facts)
        self._teller.resume(notices)

    def tell(
        self,
        kind: NoticeKind,
        *,
        person: str = "",
        channel: str = "",
        people: tuple[str, ...] = (),
        problem: str = "",
    ) -> None:
        """Owe a notice about the present state: to `person`, to `channel`, or in the card's thread."""
        notice = Notice(
            key=workflow.uuid4().hex,
            kind=kind,
            face=self.face,
            person=person,
            channel=channel,
            people=people,
            problem=problem,
        )
        self._teller.owe(notice)

    def forget(self, *kinds: NoticeKind) -> None:
        """Drop notices of these kinds that nobody has begun to send: they have lost their point."""
        self._teller.forget(kinds)

    def add_copies(self, people: Iterable[str]) -> None:
        """Have the card stand in the direct messages of `people` too; who has a copy keeps it."""
        have = {copy.person for copy in self.card.copies}
        new = tuple(
            CardCopy(channel=person, key=workflow.uuid4().hex, person=person)
            for person in people
            if person not in have
        )
        if new:
            card = replace(self.card, copies=(*self.card.copies, *new))
            self.card = rules.ask_again(card, workflow.now())

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
            await self.append_audit()
            self._end_publish()
            self._teller.end(workflow.now())
            now = workflow.now()
            if until() or (deadline is not None and now >= deadline):
                return
            self._begin_publish(now)
            self._teller.begin(self._root, now)
            self._alarm.set(self._next_instant(deadline))
            await workflow.wait_condition(lambda: until() or self._must_wake(deadline))

    async def finish(self) -> None:
        """Serve on until Slack has been told everything. The last thing an owner does."""
        self.forget(*(kind for kind in NoticeKind if kind not in LASTING))
        await self.attend(lambda: not self.owes)

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
            self.card = replace(rules.lost(self.card, workflow.now()), not_before=began + _TRY)
        return rules.handed_over(self.card)

    @property
    def at_rest(self) -> bool:
        """Whether no try is under way. What else is owed goes along into a new run."""
        return self._publish is None and not self._teller.is_telling

    @property
    def outbox(self) -> tuple[AuditEvent, ...]:
        """The facts that are not written down yet."""
        return tuple(self._outbox)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices that are not sent yet."""
        return self._teller.notices

    @property
    def owes(self) -> bool:
        """Whether facts or notices wait, a try is under way, or the card is behind.

        A version that Slack has refused for a lasting reason was owed and tried: it is not waited
        for. A later version is tried once more, for a person may have helped.
        """
        behind = self.card.copies and rules.due_at(self.card) is not None
        return bool(
            self._outbox
            or self._teller.notices
            or self._publish is not None
            or (behind and self._refused_version != self.card.version)
        )

    def _next_instant(self, deadline: datetime | None) -> datetime | None:
        """Return the instant at which the next thing is due that is not under way already.

        A try under way wakes us when it is over, so no timer is spent on what comes later.
        """
        publish = rules.due_at(self.card) if self.card.copies and self._publish is None else None
        tell = self._teller.next_at(self._root)
        instant = min(filter(None, (deadline, publish, tell)), default=None)
        if instant is not None and not self.at_rest and instant > workflow.now() + _TRY:
            return None
        return instant

    def _must_wake(self, deadline: datetime | None) -> bool:
        return bool(
            self._outbox
            or (self._publish is not None and self._publish.done())
            or self._teller.has_work(self._root)
            or not self._alarm.covers(self._next_instant(deadline))
        )

    async def append_audit(self) -> None:
        """Write down what is not yet written. Returns only when the audit has it."""
        while self._outbox:
            facts = tuple(self._outbox)
            batch = AuditBatch(
                request_id=self._request_id, owner_id=self._owner_id(), facts=facts, face=self.face
            )
            if self._answering:
                self._answering = False
                await workflow.execute_activity_method(AuditPort.append, batch, **PATIENT)
            else:
                await quickly(AuditPort.append, batch)
            del self._outbox[: len(facts)]

    def _begin_publish(self, now: datetime) -> None:
        due = rules.due_at(self.card)
        if not self.card.copies or self._publish is not None or due is None or now < due:
            return
        self.card = rules.begun(self.card, now)
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
            self.card = rules.lost(self.card, workflow.now())
            return
        # Copies that were added meanwhile were not part of this try.
        tried = {copy.key: copy for copy in done.copies}
        copies = tuple(tried.get(copy.key, copy) for copy in self.card.copies)
        if not done.problem:
            self.card = rules.published(self.card, done.version, copies)
            self._lasting_problem = ""
            return
        card = replace(self.card, copies=copies)
        retry_after = max(done.retry_after or LASTING_PAUSE, LASTING_PAUSE)
        self.card = rules.failed(
            card, workflow.now(), retry_after if done.lasting else done.retry_after
        )
        if done.lasting:
            self._refused_version = self._publish_version
        if done.lasting and done.problem != self._lasting_problem:
            self._lasting_problem = done.problem
            requester = self.face.requester.person
            self.tell(NoticeKind.CARD_NOT_POSTED, person=requester, problem=done.problem)
