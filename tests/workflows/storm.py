"""The storm: attempts of an order's real activities fail at any point, come twice, or come too late."""

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
"""No transaction of a step has more statements, its commit among them."""

_left: ContextVar[list[int] | None] = ContextVar("statements that are left", default=None)


class Fate(Enum):
    """What becomes of one attempt."""

    FINE = auto()
    NOT_DONE = auto()
    """It fails for now, before it has done anything."""
    UNHEARD = auto()
    """It is done, and its answer is lost: what a worker that is killed leaves behind."""
    TWICE = auto()
    """It is done twice at one time: an attempt that was given up lives on beside the next."""
    LATE = auto()
    """It fails for now, and is done when everything else is over."""
    GIVEN_UP = auto()
    """It fails for good, and is done when everything else is over."""
    REFUSED = auto()
    """It fails for good, before it has done anything."""
    REFUSED_YET_DONE = auto()
    """It fails for good, and was done all the same."""
    BROKEN_OFF = auto()
    """It is cut off at one of its statements, or at its commit."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; BROKEN_OFF lets it have so many `statements` first."""

    fate: Fate = Fate.FINE
    statements: int = 0


class BrokenOffError(Exception):
    """The database is gone in the middle of a transaction."""


@dataclass
class Storm(Interceptor):
    """What becomes of the attempts at each activity of an order, in order; those after are fine."""

    attempts: dict[tuple[str, str], deque[Attempt]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    late: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)

    def plan(self, order_id: str, name: str, attempts: Sequence[Attempt]) -> None:
        """Say what becomes of the first attempts at one activity of an order."""
        self.attempts[order_id, name].extend(attempts)

    def next_of(self, order_id: str, name: str) -> Attempt:
        """Return what becomes of the next attempt."""
        waiting = self.attempts[order_id, name]
        return waiting.popleft() if waiting else Attempt()

    async def pass_by(self) -> None:
        """Have everything that is late done now. It is refused, or changes nothing."""
        late, self.late = self.late, []
        for step in late:
            with suppress(ApplicationError, StillShippedError):
                await step()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> "_Battered":  # noqa: A002 - the SDK's name
        """Let every attempt pass through the storm."""
        return _Battered(next, self)


class _Battered(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, storm: Storm) -> None:
        super().__init__(following)
        self._storm = storm

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        asked = next(iter(input.args), None)
        match asked:
            case StepQuestion():
                order_id = asked.order.order_id
            case IncomingPayment():
                order_id = asked.order_id
            case _:
                return await super().execute_activity(input)
        attempt = self._storm.next_of(order_id, activity.info().activity_type)
        following = self.next

        async def do() -> Any:
            return await following.execute_activity(input)

        return await self._meet(attempt, do)

    async def _meet(self, attempt: Attempt, do: Callable[[], Awaitable[Any]]) -> Any:
        match attempt.fate:
            case Fate.FINE:
                return await do()
            case Fate.TWICE:
                return (await asyncio.gather(do(), do()))[0]
            case Fate.LATE | Fate.GIVEN_UP:
                self._storm.late.append(do)
            case Fate.UNHEARD | Fate.REFUSED_YET_DONE:
                await do()
            case Fate.BROKEN_OFF:
                _left.set([attempt.statements])
                return await do()
            case _:
                pass
        for_good = attempt.fate in (Fate.GIVEN_UP, Fate.REFUSED, Fate.REFUSED_YET_DONE)
        raise ApplicationError("A storm.", type="StormError", non_retryable=for_good)


@contextmanager
def statements_counted() -> Iterator[None]:
    """Have the database break off where an attempt has used its statements up."""

    def count(*_: object, **__: object) -> None:
        left = _left.get()
        if left is None:
            return
        left[0] -= 1
        if left[0] < 0:
            raise BrokenOffError

    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        event.listen(Engine, moment, count)
    try:
        yield
    finally:
        for moment in moments:
            event.remove(Engine, moment, count)
