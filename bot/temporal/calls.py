"""Calls to Temporal with typed answers, bounded waits and few concurrent updates per workflow."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

import structlog
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    QueryRejectCondition,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from bot.temporal.start_refusals import refusal_in
from workflows.refusal import REJECTED

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WAIT = 2.5
"""Seconds to wait for an update's result before it counts as unconfirmed."""

IN_FLIGHT = 4
"""Concurrent updates per request and process. The server allows ten per workflow, and its own retry
beyond that limit is slow (docs/temporal-facts.md, "Updates in flight")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted(Generic[T_co]):
    """The update was accepted; `snapshot` is the state after it."""

    snapshot: T_co


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The validator refused the command. `card_version` is the card's current version."""

    code: str
    data: dict[str, str]
    card_version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowEnded:
    """The workflow ended before it could accept the update: nothing changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowUnknown:
    """There is no workflow with this id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unconfirmed:
    """No result in time, or a bug prevents one. Retrying under the same update id is safe.

    The outcome is unknown: the update may have been accepted, or may be once the bug is fixed.
    """


class TemporalUnavailableError(Exception):
    """Temporal cannot be reached, or did not answer in time. Retrying is safe."""


class NamespaceMissingError(TemporalUnavailableError):
    """The configured namespace does not exist, so nothing can be found in it."""


class NoAnswerError(TemporalUnavailableError):
    """A query was not answered in time: no worker runs on the task queue, or Temporal is slow."""

    def __init__(self, query: str) -> None:
        super().__init__(
            f"Temporal, or the worker on its queue, did not answer in time ({query}), so nothing was "
            "changed. Please try again in a minute."
        )


IF_NOT_CUT_OFF = QueryRejectCondition.NOT_COMPLETED_CLEANLY
"""A workflow that was terminated or cancelled still answers, with a state that no longer changes: the
records know how the request ended."""

NotAccepted = Refused | WorkflowEnded | WorkflowUnknown | Unconfirmed

_log = structlog.get_logger("bot.temporal.calls")


class TemporalCalls:
    """Starts, updates and queries with timeouts, whatever the workflow."""

    def __init__(self, client: Client, task_queue: str, *, wait: float = WAIT) -> None:
        self._client = client
        self._task_queue = task_queue
        self._wait = wait
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def update(
        self, workflow_id: str, click_id: str, name: str, command: object, result: type[T]
    ) -> Accepted[T] | NotAccepted:
        """Send the update `name` under `click_id`; the same id is the same command, however often sent.

        Raises NamespaceMissingError, and RPCError if Temporal rejects the call itself.
        """
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(self._wait), self._gate(workflow_id):
                snapshot: T = await handle.execute_update(
                    name, command, id=click_id, result_type=result
                )
        except WorkflowUpdateFailedError as error:
            return _refused_or_ended(error)
        except RPCError as error:
            self._require_namespace(error)
            return _from_rpc(error)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise_if_cancelled()
            return Unconfirmed()
        return Accepted(snapshot=snapshot)

    async def _start(
        self,
        run: Any,
        workflow_input: object,
        workflow_id: str,
        summary: str,
        attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
    ) -> bool:
        """Start a workflow and return True, or False if its id was used before. Safe to repeat.

        Raises TemporalUnavailableError if Temporal does not answer in time.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._client.start_workflow(
                    run,
                    workflow_input,
                    id=workflow_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=attributes,
                    static_summary=summary,
                )
        except WorkflowAlreadyStartedError:
            return False
        except (RPCError, TimeoutError) as error:
            self._require_namespace(error)
            raise TemporalUnavailableError(f"start {workflow_id}") from error
        return True

    async def start_refusal(self, workflow_id: str) -> str:
        """Return the code of why the audit trail refused to start a workflow; empty if it did not.

        Raises TemporalUnavailableError if Temporal does not answer in time.
        """
        fetch = self._client.get_workflow_handle(workflow_id).fetch_history
        history = await self._queried("history", fetch, self._wait)
        return await refusal_in(history) if history is not None else ""

    async def _queried(self, name: str, query: Callable[[], Awaitable[T]], wait: float) -> T | None:
        """Return a query's result, or None if there is no such workflow.

        A completed workflow answers too, for as long as Temporal retains it. So does a workflow that an
        operator has ended, unless the query is sent with `IF_NOT_CUT_OFF`. Raises
        TemporalUnavailableError if Temporal or its worker does not answer in time.
        """
        try:
            async with asyncio.timeout(wait):
                return await query()
        except RPCError as error:
            self._require_namespace(error)
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise NoAnswerError(name) from error
        except WorkflowQueryRejectedError:
            return None
        except (TimeoutError, WorkflowQueryFailedError) as error:
            raise NoAnswerError(name) from error

    def _require_namespace(self, error: Exception) -> None:
        """Raise NamespaceMissingError if that is why Temporal found nothing."""
        require_namespace(self._client, error)

    def _gate(self, name: str, *, limit: int = IN_FLIGHT) -> asyncio.Semaphore:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = asyncio.Semaphore(limit)
        return gate


def raise_if_cancelled() -> None:
    """Raise CancelledError if this task is being cancelled.

    The SDK turns the cancellation of an update into WorkflowUpdateRPCTimeoutOrCancelledError, an
    ordinary exception. Without this check, a retry loop would outlive the process's SIGTERM. Call it
    outside `asyncio.timeout`, which takes back its own cancellation when it exits.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def require_namespace(client: Client, error: Exception) -> None:
    """Raise NamespaceMissingError if `error` is a call that failed because its namespace is missing."""
    if isinstance(error, RPCError) and is_namespace_missing(error):
        raise NamespaceMissingError(
            f"Temporal has no namespace “{client.namespace}”. Check TEMPORAL_NAMESPACE."
        ) from error


def is_namespace_missing(error: RPCError) -> bool:
    """Return whether a call failed because its namespace does not exist."""
    details = error.grpc_status.details
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in details)


def _refused_or_ended(error: WorkflowUpdateFailedError) -> NotAccepted:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type == "AcceptedUpdateCompletedWorkflow":
            return WorkflowEnded()
        if cause.type and cause.type.startswith(REJECTED):
            data: dict[str, Any] = cause.details[0]
            return Refused(
                code=cause.type.removeprefix(REJECTED),
                data={key: str(value) for key, value in data.items()},
                card_version=int(cause.details[1]),
            )
    # A bug in the validator, or a worker that does not know the command yet. Temporal does not keep
    # rejections, so the same id is accepted once a worker with the fix runs.
    _log.error("update_failed", kind=getattr(cause, "type", type(cause).__name__), why=str(cause))
    return Unconfirmed()


def _from_rpc(error: RPCError) -> NotAccepted:
    if error.status is RPCStatusCode.NOT_FOUND:
        # Only the message distinguishes an unknown id from a closed workflow: see
        # docs/temporal-facts.md, "Update errors".
        return WorkflowUnknown() if "not found for ID" in error.message else WorkflowEnded()
    if error.status in _TRANSIENT:
        return Unconfirmed()
    raise error


_TRANSIENT = frozenset(
    {
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,  # the worker runs a broken workflow, to be fixed
        RPCStatusCode.INTERNAL,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.UNKNOWN,
    }
)
