"""A fake of the order's steps: warehouse, bank and carrier."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.workflows.fake_slack import Changes
from workflows.ports.orders import (
    InventoryPort,
    PaymentPort,
    ShippingPort,
    StepQuestion,
    StepReference,
)
from workflows.rules.orders.parcel import WarehouseItems

ARRIVAL = datetime(2030, 1, 2, 12, tzinfo=UTC)
"""The carrier's estimated delivery."""


def _at(question: StepQuestion) -> str:
    """Return `@WAREHOUSE` for the step of a parcel; an empty text for the step of a whole order."""
    _order_id, _step, *warehouse = question.key.split(":")
    return f"@{warehouse[0]}" if warehouse else ""


@dataclass
class FakeSteps(InventoryPort, PaymentPort, ShippingPort):
    """Warehouse, bank and carrier.

    `permanent_failures` are the steps that fail without a retry, `transient_failures` count the
    retried failures of a step. A `held` step blocks until `unblock`. Items `stored` in several
    warehouses go in parcels; the steps of a parcel are named with the warehouse: `ship@NORTH`.
    """

    changes: Changes
    done: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    permanent_failures: set[str] = field(default_factory=set)
    transient_failures: Counter[str] = field(default_factory=Counter)
    held: set[str] = field(default_factory=set)
    stored: tuple[WarehouseItems, ...] = ()
    lines: dict[str, list[str]] = field(default_factory=dict)
    arrivals: defaultdict[str, datetime] = field(
        default_factory=lambda: defaultdict(lambda: ARRIVAL)
    )

    def unblock(self, step: str) -> None:
        """Let a held step continue."""
        self.held.discard(step)
        self.changes.notify()

    async def _run(self, step: str, question: StepQuestion) -> None:
        step += _at(question)
        self.tries[step] += 1
        self.keys[step] = question.key
        self.lines[step] = [line.sku for line in question.order.lines]
        self.references[step] = question.reference
        self.changes.notify()
        await self.changes.until(lambda: step not in self.held)
        if step in self.permanent_failures:
            raise ApplicationError(f"{step} was declined", type="DeclinedError", non_retryable=True)
        if self.transient_failures[step] > 0:
            self.transient_failures[step] -= 1
            raise ApplicationError(f"{step} failed for now", type="TransientError")
        self.done.append(step)
        self.changes.notify()

    @activity.defn
    async def reserve(self, question: StepQuestion) -> StepReference:
        await self._run("reserve", question)
        return StepReference(reference="reserve-1", stored=self.stored)

    @activity.defn
    async def release(self, question: StepQuestion) -> None:
        await self._run("release", question)

    @activity.defn
    async def charge(self, question: StepQuestion) -> StepReference:
        await self._run("charge", question)
        return StepReference(reference="charge-1")

    @activity.defn
    async def receive(self, question: StepQuestion) -> StepReference:
        await self._run("receive", question)
        return StepReference(reference=f"receive-{question.reference}")

    @activity.defn
    async def refund(self, question: StepQuestion) -> None:
        await self._run("refund", question)

    @activity.defn
    async def ship(self, question: StepQuestion) -> StepReference:
        await self._run("ship", question)
        return StepReference(
            reference=f"ship-1{_at(question)}", estimated_delivery=self.arrivals[_at(question)]
        )

    @activity.defn
    async def deliver(self, question: StepQuestion) -> StepReference:
        await self._run("deliver", question)
        return StepReference(reference=f"deliver-1{_at(question)}")

    @activity.defn
    async def recall(self, question: StepQuestion) -> None:
        await self._run("recall", question)
