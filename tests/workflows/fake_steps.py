"""A small warehouse, bank and carrier."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.weather import Bell
from workflows.ports.orders import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules.orders.parcel import Stored

ARRIVAL = datetime(2030, 1, 2, 12, tzinfo=UTC)
"""When the carrier says that a parcel arrives."""


def _at(question: StepQuestion) -> str:
    """Return the warehouse of a parcel's step, with its @; nothing for a step of a whole order."""
    _order_id, _step, *warehouse = question.key.split(":")
    return f"@{warehouse[0]}" if warehouse else ""


@dataclass
class FakeSteps(InventoryPort, PaymentPort, ShippingPort):
    """Warehouse, bank and carrier in one.

    `declines` names what fails for good, `stumbles` how often something fails for now. What is
    `held` waits for `let`. What is `stored` in several warehouses goes in parcels; each step of a
    parcel then has its warehouse behind its name: `ship@NORTH`.
    """

    bell: Bell
    done: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    declines: set[str] = field(default_factory=set)
    stumbles: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)
    stored: tuple[Stored, ...] = ()
    lines: dict[str, list[str]] = field(default_factory=dict)
    arrivals: defaultdict[str, datetime] = field(
        default_factory=lambda: defaultdict(lambda: ARRIVAL)
    )

    def let(self, step: str) -> None:
        """Let a held step go on."""
        self.held.discard(step)
        self.bell.ring()

    async def _do(self, step: str, question: StepQuestion) -> None:
        step += _at(question)
        self.tries[step] += 1
        self.keys[step] = question.key
        self.lines[step] = [line.sku for line in question.order.lines]
        self.references[step] = question.reference
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
        return StepReference(reference="reserve-1", stored=self.stored)

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        await self._do("release", question)

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        await self._do("charge", question)
        return StepReference(reference="charge-1")

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        await self._do("receive", question)
        return StepReference(reference=f"receive-{question.reference}")

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        await self._do("refund", question)

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        await self._do("ship", question)
        return StepReference(
            reference=f"ship-1{_at(question)}", estimated_delivery=self.arrivals[_at(question)]
        )

    @activity.defn
    async def deliver(self, question: StepQuestion) -> StepReference:
        await self._do("deliver", question)
        return StepReference(reference=f"deliver-1{_at(question)}")

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        await self._do("recall", question)
