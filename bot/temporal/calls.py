"""How the bot asks Temporal anything: typed answers, bounded waits, few updates at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

import structlog
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_exponential

from workflows.refusal import REJECTED
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderSnapshot

F = TypeVar("F")
F_co = TypeVar("F_co", covariant=True)

WAIT = 2.5
"""Seconds a person waits for an update's answer before we say that it is not confirmed yet."""

CONFIRM_FOR = 60
"""Seconds for which an unconfirmed update is asked for again, under the same id."""

IN_FLIGHT = 4
"""Updates under way per request and process: the server takes ten per workflow, and its own retry
beyond that is slow (TEMPORAL.md, section 4, "Crowds")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted(Generic[F_co]):
    """The update was accepted; `face` is the state it led to."""

    face: F_co


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The validator refused. `card_version` is the card's present one."""

    code: str
    data: dict[str, str]
    card_version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The workflow has ended, or ended while the update was on its way: it changed nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """There is no such workflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unconfirmed:
    """No answer in time, or a bug in the way of one. Asking again with the same id is safe.

    The outcome is unknown: the update may have been taken, or may be once the bug is mended.
    """


class TemporalUnavailableError(Exception):
    """Temporal could not be asked, or did not answer in time. Asking again is safe."""


NotDone = Refused | Ended | Unknown | Unconfirmed
Answer = Accepted[ApprovalSnapshot] | NotDone
OrderAnswer = Accepted[OrderSnapshot] | NotDone

_log = structlog.get_logger("bot.temporal.calls")


class TemporalCalls:
    """What every kind of workflow is asked by: an update, a query, and asking until confirmed."""

    def __init__(
        self,
        client: Client,
        task_queue: str,
        *,
        wait: float = WAIT,
        confirm_for: float = CONFIRM_FOR,
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._wait = wait
        self._confirm_for = confirm_for
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._republishing: dict[str, asyncio.Task[bool]] = {}

    async def confirm(self, ask: Callable[[], Awaitable[F]]) -> F | Unconfirmed:
        """Ask again, under the same id, until there is an answer or `confirm_for` has passed."""
        attempts = AsyncRetrying(
            retry=retry_if_result(lambda answer: isinstance(answer, Unconfirmed)),
            stop=stop_after_delay(self._confirm_for),
            wait=wait_exponential(multiplier=0.5, max=5),
            retry_error_callback=lambda state: Unconfirmed(),  # noqa: ARG005 - tenacity's signature
        )

        async def once() -> F:  # tenacity awaits what it knows to be a coroutine function
            return await ask()

        answer: F | Unconfirmed = await attempts(once)
        return answer

    async def _started(self, name: str, start: Callable[[], Awaitable[object]]) -> bool:
        """Start a workflow and return True; False where its id was started before: once is once.

        Raises TemporalUnavailableError where Temporal cannot be asked in time; safe to repeat.
        """
        try:
            async with asyncio.timeout(self._wait):
                await start()
        except WorkflowAlreadyStartedError:
            return False
        except (RPCError, TimeoutError) as error:
            raise TemporalUnavailableError(name) from error
        return True

    async def _updated(
        self, workflow_id: str, update: Callable[[], Awaitable[F]]
    ) -> Accepted[F] | NotDone:
        """Send an update and return what came of it, within the time that a person waits."""
        try:
            async with asyncio.timeout(self._wait), self._gate(workflow_id):
                return Accepted(face=await update())
        except WorkflowUpdateFailedError as error:
            return _refused_or_ended(error)
        except RPCError as error:
            return _from_rpc(error)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return Unconfirmed()

    async def _queried(self, name: str, query: Callable[[], Awaitable[F]], wait: float) -> F | None:
        """Return a query's answer; None where there is no such workflow.

        An ended one is answered too, for as long as Temporal keeps it. Raises
        TemporalUnavailableError where Temporal or its worker does not answer in time.
        """
        try:
            async with asyncio.timeout(wait):
                return await query()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise TemporalUnavailableError(name) from error
        except (TimeoutError, WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            raise TemporalUnavailableError(name) from error

    def _gate(self, name: str, *, together: int = IN_FLIGHT) -> asyncio.Semaphore:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = asyncio.Semaphore(together)
        return gate


def _refused_or_ended(error: WorkflowUpdateFailedError) -> Refused | Ended | Unconfirmed:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type == "AcceptedUpdateCompletedWorkflow":
            return Ended()
        if cause.type and cause.type.startswith(REJECTED):
            data: dict[str, Any] = cause.details[0]
            return Refused(
                code=cause.type.removeprefix(REJECTED),
                data={key: str(value) for key, value in data.items()},
                card_version=int(cause.details[1]),
            )
    # A bug in the validator, or a worker that does not know the message yet: rejections are not
    # remembered, so the same id counts once the right worker runs.
    _log.error("update_failed", kind=getattr(cause, "type", type(cause).__name__), why=str(cause))
    return Unconfirmed()


def _from_rpc(error: RPCError) -> Ended | Unknown | Unconfirmed:
    if error.status is RPCStatusCode.NOT_FOUND:
        # Only the message tells the three apart (TEMPORAL.md, section 2).
        return Unknown() if "not found for ID" in error.message else Ended()
    if error.status in _TRANSIENT:
        return Unconfirmed()
    raise error


_TRANSIENT = frozenset(
    {
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,  # the worker runs a broken workflow: a fix is awaited
        RPCStatusCode.INTERNAL,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.UNKNOWN,
    }
)
