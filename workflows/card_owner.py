"""What every workflow that owns a card does besides its own work: audit first, then card, then notices.

Nothing here waits for Slack. A try is started, its handle kept, and its end is one more condition
of the one wait; when it fails, the instant of the next try is one more deadline of the same timer.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import PATIENT, SLACK_TRY
from workflows.ports import (
    AuditBatch,
    AuditPort,
    CardPort,
    Face,
    Notice,
    NoticeKind,
    NoticePort,
    PublishCard,
    PublishedCard,
    Told,
)
from workflows.quick import quickly
from workflows.rules import card as rules
from workflows.rules.audit import AuditEvent
from workflows.rules.card import CardState

HANDOVER_PATIENCE = timedelta(seconds=2)
"""How long after its start a publish may hold up a hand-over. A healthy one is over by then."""
LASTING_PAUSE = timedelta(seconds=30)
"""The pause between tries where only a person can help: the bot is not in the channel."""


class Alarm:
    """Rings at or before the instant that is asked for; who hears it looks at the clock.

    A timer is a billable action, so none is ever cancelled: one that rings earlier than needed
    wakes the loop once for nothing, and a later one stays armed until it is needed again. So a
    burst of clicks, each of which moves the next publish, costs no timer per click.
    """

    def __init__(self) -> None:
        self._armed: set[datetime] = set()

    def covers(self, at: datetime | None) -> bool:
        """Whether a ring will come in time for `at`."""
        return at is None or any(armed <= at for armed in self._armed)

    def set(self, at: datetime | None) -> None:
        """Make sure of a ring in time for `at`."""
        if at is None or self.covers(at):
            return
        self._armed.add(at)
        seconds = max((at - workflow.now()).total_seconds(), 0)
        asyncio.get_running_loop().call_later(seconds, self._armed.discard, at)


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
        self._notices: list[Notice] = []
        self._publish: workflow.ActivityHandle[PublishedCard] | None = None
        self._publish_began: datetime | None = None
        self._publish_version = 0
        self._refused_version = 0
        self._telling: workflow.ActivityHandle[Told] | None = None
        self._tell_at: datetime | None = None
        self._tell_tries = 0
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

    def tell(self, kind: NoticeKind, person: str, problem: str = "") -> None:
        """Owe `person` a notice about the present state."""
        key = workflow.uuid4().hex
        self._notices.append(
            Notice(key=key, person=person, kind=kind, face=self.face, problem=problem)
        )

    def take_over(self, card: CardState) -> None:
        """Become the owner of a child's card, with its copies and its count of versions."""
        self.card = card

    async def attend(self, until: Callable[[], bool], deadline: datetime | None = None) -> None:
        """Serve audit, card and notices until `until()` holds or `deadline` is reached."""
        while True:
            await self.append_audit()
            self._end_publish()
            self._end_telling()
            now = workflow.now()
            if until() or (deadline is not None and now >= deadline):
                return
            self._begin_publish(now)
            self._begin_telling(now)
            self._alarm.set(self._next_instant(deadline))
            await workflow.wait_condition(lambda: until() or self._must_wake(deadline))

    async def finish(self) -> None:
        """Serve on until Slack has been told everything. The last thing an owner does."""
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
            over = began + SLACK_TRY["schedule_to_close_timeout"]
            self.card = replace(rules.lost(self.card, workflow.now()), not_before=over)
        return rules.handed_over(self.card)

    @property
    def at_rest(self) -> bool:
        """Whether a new run would lose nothing: no fact unwritten, no try under way.

        A card that is behind goes along in its state. A problem that is still to be told is found
        again by the new run's first try.
        """
        return not self._outbox and self._publish is None and self._telling is None

    @property
    def owes(self) -> bool:
        """Whether facts or notices wait, a try is under way, or the card is behind.

        A version that Slack has refused for a lasting reason was owed and tried: it is not waited
        for. A later version is tried once more, for a person may have helped.
        """
        behind = self.card.copies and rules.due_at(self.card) is not None
        return bool(
            self._outbox
            or self._notices
            or self._publish is not None
            or (behind and self._refused_version != self.card.version)
        )

    def _next_instant(self, deadline: datetime | None) -> datetime | None:
        """Return the instant at which the next thing is due that is not under way already."""
        publish = rules.due_at(self.card) if self.card.copies and self._publish is None else None
        tell = self._tell_at if self._notices and self._telling is None else None
        return min(filter(None, (deadline, publish, tell)), default=None)

    def _must_wake(self, deadline: datetime | None) -> bool:
        return bool(
            self._outbox
            or (self._publish is not None and self._publish.done())
            or (self._telling is not None and self._telling.done())
            or (self._notices and self._telling is None and self._tell_at is None)
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
        if not done.problem:
            self.card = rules.published(self.card, done.version, done.copies)
            self._lasting_problem = ""
            return
        card = replace(self.card, copies=done.copies)
        retry_after = max(done.retry_after or LASTING_PAUSE, LASTING_PAUSE)
        self.card = rules.failed(
            card, workflow.now(), retry_after if done.lasting else done.retry_after
        )
        if done.lasting:
            self._refused_version = self._publish_version
        if done.lasting and done.problem != self._lasting_problem:
            self._lasting_problem = done.problem
            self.tell(NoticeKind.CARD_NOT_POSTED, self.face.requester.person, done.problem)

    def _begin_telling(self, now: datetime) -> None:
        if not self._notices or self._telling is not None:
            return
        if self._tell_at is not None and now < self._tell_at:
            return
        notice = self._notices[0]
        self._notices[0] = replace(notice, intended_at=notice.intended_at or now)
        self._telling = workflow.start_activity_method(
            NoticePort.tell, self._notices[0], **SLACK_TRY
        )

    def _end_telling(self) -> None:
        if self._telling is None or not self._telling.done():
            return
        handle, self._telling = self._telling, None
        try:
            told = handle.result()
        except ActivityError:
            told = Told(problem="lost", doubtful=True)
        if not told.problem or told.lasting:
            del self._notices[0]
            self._tell_at, self._tell_tries = None, 0
            return
        self._notices[0] = replace(
            self._notices[0], doubtful=self._notices[0].doubtful or told.doubtful
        )
        self._tell_at = workflow.now() + rules.pause(self._tell_tries, told.retry_after)
        self._tell_tries += 1
