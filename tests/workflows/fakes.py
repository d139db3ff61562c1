"""Small fakes of the ports: what workflows asked of the world, kept for the test to look at."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.ports import (
    ApproverQuestion,
    AuditBatch,
    AuditPort,
    CalendarPort,
    CardPort,
    Deadline,
    DeadlineQuestion,
    DirectoryPort,
    Face,
    InventoryPort,
    Notice,
    NoticePort,
    PaymentPort,
    PublishCard,
    PublishedCard,
    ShippingPort,
    StepQuestion,
    StepReference,
    Told,
)
from workflows.rules.audit import AuditEvent
from workflows.rules.people import ApproverSet, Member, Standing

Seen = TypeVar("Seen")

PATIENCE = 10
"""Real seconds a test waits for what must happen at once."""


class Bell:
    """Rings whenever a fake was asked something, so that a test can wait without polling."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, holds: Callable[[], Seen]) -> Seen:
        async with asyncio.timeout(PATIENCE):
            while not (seen := holds()):
                await self._rung.wait()
        return seen


class Weather(Enum):
    """What Slack does with a call."""

    FINE = auto()
    REFUSING = auto()
    """It says no, so nothing was written."""
    BREAKING = auto()
    """The activity ends in an error: nobody knows whether anything was written."""
    HANGING = auto()
    """It does not answer before `Slack.answer`."""


@dataclass
class Slack:
    """What cards, notices and the directory have in common."""

    bell: Bell
    weather: Weather = Weather.FINE
    _answers: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self) -> None:
        """Be fine again; calls that hang are answered now."""
        self.weather = Weather.FINE
        self._answers.set()

    async def call(self) -> bool:
        """Return whether the call succeeds; hang or raise as the weather is."""
        self.bell.ring()
        if self.weather is Weather.HANGING:
            await self._answers.wait()
        if self.weather is Weather.BREAKING:
            raise ApplicationError("the connection broke", type="slack.unknown")
        return self.weather is Weather.FINE


@dataclass
class FakeAudit(AuditPort):
    """The audit trail, append only."""

    bell: Bell
    facts: list[AuditEvent] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    faces: dict[str, Face] = field(default_factory=dict)
    down: bool = False
    tries: int = 0

    @activity.defn
    async def append(self, batch: AuditBatch) -> None:
        self.tries += 1
        self.bell.ring()
        if self.down:
            raise ApplicationError("the database is down", type="database.unavailable")
        self.owners[batch.request_id] = batch.owner_id
        self.faces[batch.request_id] = batch.face
        known = {(fact.request_id, fact.sequence) for fact in self.facts}
        self.facts += [f for f in batch.facts if (f.request_id, f.sequence) not in known]
        self.bell.ring()

    def of(self, request_id: str) -> list[AuditEvent]:
        return [fact for fact in self.facts if fact.request_id == request_id]

    def kinds(self, request_id: str) -> list[str]:
        return [fact.kind.value for fact in self.of(request_id)]

    def fact(self, request_id: str, kind: str) -> AuditEvent:
        """Return the only fact of that kind."""
        (fact,) = (fact for fact in self.of(request_id) if fact.kind.value == kind)
        return fact


class FakeCalendar(CalendarPort):
    """A calendar without time zones."""

    @activity.defn
    async def deadline(self, question: DeadlineQuestion) -> Deadline:
        return Deadline(at=question.start + question.window, tzdata="test")


@dataclass
class FakeDirectory(DirectoryPort):
    """Everybody is active unless `standings` says otherwise; `empty` knows nobody."""

    slack: Slack
    standings: dict[str, Standing] = field(default_factory=dict)
    empty: bool = False
    reads: int = 0

    @activity.defn
    async def approvers(self, question: ApproverQuestion) -> ApproverSet:
        self.reads += 1
        if not await self.slack.call():
            raise ApplicationError("Slack is down", type="slack.unavailable")
        members = tuple(
            Member(
                person=source.value,
                source=str(source),
                standing=self.standings.get(source.value, Standing.ACTIVE),
            )
            for source in question.sources
        )
        return ApproverSet(
            members=() if self.empty else members, read_at=datetime(2026, 1, 1, tzinfo=UTC)
        )


@dataclass
class FakeCards(CardPort):
    """Every copy, as far as cards go. `problem` refuses for a lasting reason."""

    slack: Slack
    asked: list[PublishCard] = field(default_factory=list)
    published: list[PublishCard] = field(default_factory=list)
    problem: str = ""
    retry_after: timedelta | None = None

    @activity.defn
    async def publish(self, card: PublishCard) -> PublishedCard:
        self.asked.append(card)
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
        self.slack.bell.ring()
        copies = tuple(replace(copy, ts=copy.ts or "1.0") for copy in card.copies)
        return PublishedCard(copies=copies, version=card.face.card_version)

    @property
    def versions(self) -> list[int]:
        return [card.face.card_version for card in self.published]


@dataclass
class FakeNotices(NoticePort):
    """Direct messages that arrived."""

    slack: Slack
    asked: list[Notice] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)

    @activity.defn
    async def tell(self, notice: Notice) -> Told:
        self.asked.append(notice)
        if not await self.slack.call():
            return Told(problem="slack.unavailable")
        self.told.append(notice)
        self.slack.bell.ring()
        return Told()

    def summary(self) -> list[tuple[str, str]]:
        return [(notice.kind.value, notice.person) for notice in self.told]


@dataclass
class FakeSteps(InventoryPort, PaymentPort, ShippingPort):
    """Warehouse, bank and carrier in one.

    `declines` names what fails for good, `stumbles` how often something fails for now. What is
    `held` waits for `let`.
    """

    bell: Bell
    done: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    declines: set[str] = field(default_factory=set)
    stumbles: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)

    def let(self, step: str) -> None:
        """Let a held step go on."""
        self.held.discard(step)
        self.bell.ring()

    async def _do(self, step: str, question: StepQuestion) -> None:
        self.tries[step] += 1
        self.keys[step] = question.key
        self.bell.ring()
        await self.bell.until(lambda: step not in self.held)
        if step in self.declines:
            raise ApplicationError(f"{step} was declined", type="DeclinedError", non_retryable=True)
        if self.stumbles[step] > 0:
            self.stumbles[step] -= 1
            raise ApplicationError(f"{step} stumbled", type="Stumbled")
        self.done.append(step)
        self.bell.ring()

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        await self._do("reserve", question)
        return StepReference(reference="reserve-1")

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        await self._do("release", question)

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        await self._do("charge", question)
        return StepReference(reference="charge-1")

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        await self._do("refund", question)

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        await self._do("ship", question)
        return StepReference(reference="ship-1")

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        await self._do("recall", question)


class World:
    """All ports together."""

    def __init__(self) -> None:
        self.bell = Bell()
        self.until = self.bell.until
        self.slack = Slack(self.bell)
        self.audit = FakeAudit(self.bell)
        self.calendar = FakeCalendar()
        self.directory = FakeDirectory(Slack(self.bell))  # it may be down by itself
        self.cards = FakeCards(self.slack)
        self.notices = FakeNotices(self.slack)
        self.steps = FakeSteps(self.bell)

    def activities(self) -> list[Callable[..., object]]:
        return [
            self.audit.append,
            self.calendar.deadline,
            self.directory.approvers,
            self.cards.publish,
            self.notices.tell,
            self.steps.reserve,
            self.steps.release,
            self.steps.charge,
            self.steps.refund,
            self.steps.ship,
            self.steps.recall,
        ]
