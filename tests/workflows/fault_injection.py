"""Injects faults into an order's real activities: they fail at any point, run twice, or run late."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import Engine, event
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from records.steps import StillShippedError
from workflows.ports.orders import StepQuestion
from workflows.rules.orders.incoming_payment import IncomingPayment

STATEMENTS = 10
"""The most statements of a step's transaction, including the commit."""

_left: ContextVar[list[int] | None] = ContextVar("statements that are left", default=None)


class Fault(Enum):
    """The fault of one attempt."""

    NONE = auto()
    FAILED_BEFORE = auto()
    """It fails before it has done anything, and is retried."""
    RESULT_LOST = auto()
    """It is done, but its result is lost, as when a worker is killed."""
    RUN_TWICE = auto()
    """It is done twice at the same time: a timed-out attempt still runs beside the next."""
    RUN_LATE = auto()
    """It fails and is retried, and is done after everything else has ended."""
    REFUSED_AND_RUN_LATE = auto()
    """It fails permanently, and is done after everything else has ended."""
    REFUSED = auto()
    """It fails permanently, before it has done anything."""
    REFUSED_AND_DONE = auto()
    """It fails permanently, although it was done."""
    INTERRUPTED = auto()
    """It is interrupted at one of its statements, or at its commit."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; INTERRUPTED allows this many `statements` first."""

    fault: Fault = Fault.NONE
    statements: int = 0


class InterruptedTransactionError(Exception):
    """The database fails in the middle of a transaction."""


@dataclass
class FaultInjector(Interceptor):
    """The planned attempts of each activity of an order, in order; later attempts have no fault."""

    attempts: dict[tuple[str, str], deque[Attempt]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    late: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    def plan(self, order_id: str, name: str, attempts: Sequence[Attempt]) -> None:
        """Plan the first attempts of one activity of an order."""
        self.attempts[order_id, name].extend(attempts)

    def next_attempt(self, order_id: str, name: str) -> Attempt:
        """Return the next attempt of an activity."""
        waiting = self.attempts[order_id, name]
        return waiting.popleft() if waiting else Attempt()

    async def run_late_attempts(self) -> None:
        """Run the late attempts now. They are refused, or change nothing."""
        late, self.late = self.late, []
        for step in late:
            with suppress(ApplicationError, StillShippedError):
                await step()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> "_FaultyActivities":  # noqa: A002 - the SDK's name
        """Intercept every attempt."""
        return _FaultyActivities(next, self)


class _FaultyActivities(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, faults: FaultInjector) -> None:
        super().__init__(following)
        self._storm = faults

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        asked = next(iter(input.args), None)
        match asked:
            case StepQuestion():
                order_id = asked.order.order_id
            case IncomingPayment():
                order_id = asked.order_id
            case _:
                return await super().execute_activity(input)
        attempt = self._storm.next_attempt(order_id, activity.info().activity_type)
        following = self.next

        async def do() -> Any:
            return await following.execute_activity(input)

        return await self._meet(attempt, do)

    async def _meet(self, attempt: Attempt, do: Callable[[], Awaitable[Any]]) -> Any:
        match attempt.fault:
            case Fault.NONE:
                return await do()
            case Fault.RUN_TWICE:
                return (await asyncio.gather(do(), do()))[0]
            case Fault.RUN_LATE | Fault.REFUSED_AND_RUN_LATE:
                self._storm.late.append(do)
            case Fault.RESULT_LOST | Fault.REFUSED_AND_DONE:
                await do()
            case Fault.INTERRUPTED:
                _left.set([attempt.statements])
                return await do()
            case _:
                pass
        for_good = attempt.fault in (
            Fault.REFUSED_AND_RUN_LATE,
            Fault.REFUSED,
            Fault.REFUSED_AND_DONE,
        )
        raise ApplicationError("An injected fault.", type="InjectedError", non_retryable=for_good)


@contextmanager
def statements_counted() -> Iterator[None]:
    """Interrupt an attempt when it has used up its statements."""

    def count(*_: object, **__: object) -> None:
        left = _left.get()
        if left is None:
            return
        left[0] -= 1
        if left[0] < 0:
            raise InterruptedTransactionError

    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        event.listen(Engine, moment, count)
    try:
        yield
    finally:
        for moment in moments:
            event.remove(Engine, moment, count)
