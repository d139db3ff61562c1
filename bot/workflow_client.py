"""The bot's only way to Temporal: one method per verb, typed answers, bounded waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode
from temporalio.workflow import UpdateMethodMultiParam
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_exponential

from workflows.approval import ApprovalWorkflow
from workflows.order import OrderWorkflow
from workflows.payloads import data_converter
from workflows.refusal import REJECTED
from workflows.rules.face import ApprovalFace
from workflows.rules.messages import ApprovalInput, Menu, OrderInput
from workflows.rules.request import (
    Amendment,
    ApprovalRequest,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Withdrawal,
)

Message = TypeVar("Message")

WAIT = 2.5
"""Seconds a person waits for an update's answer before we say that it is not confirmed yet."""

CONFIRM_FOR = 60
"""Seconds for which an unconfirmed update is asked for again, under the same id."""

IN_FLIGHT = 4
"""Updates under way per request and process: the server takes ten per workflow, and its own retry
beyond that is slow (TEMPORAL.md, section 4, "Crowds")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The update was accepted; `face` is the state it led to."""

    face: ApprovalFace


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


Answer = Accepted | Refused | Ended | Unknown | Unconfirmed

_log = structlog.get_logger("bot.workflow_client")


async def connect(environment: Mapping[str, str]) -> Client:
    """Connect as TEMPORAL_ADDRESS, _NAMESPACE, _API_KEY, _TLS_* of `environment` or a profile say.

    Raises TemporalUnavailableError where nothing answers there.
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=environment)
    config.setdefault("target_host", "127.0.0.1:7233")
    here = config["target_host"].startswith(("127.0.0.1:", "localhost:"))
    try:
        return await Client.connect(
            **config,
            data_converter=data_converter,
            # On this machine compression costs processor time and saves no wire.
            grpc_compression=GrpcCompression.NONE if here else GrpcCompression.GZIP,
        )
    except RuntimeError as error:  # what the SDK raises where the first connection fails
        raise TemporalUnavailableError(
            f"Temporal does not answer at {config['target_host']}. Start it, or set TEMPORAL_ADDRESS."
        ) from error


class WorkflowClient:
    """Starts workflows and sends them what people do."""

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

    async def start_order(self, asked: OrderInput) -> bool:
        """Start an order and return True; False where its id was started before (one order).

        Raises TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._client.start_workflow(
                    OrderWorkflow.run,
                    asked,
                    id=asked.order.order_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=f"{asked.order.total} for {asked.requester.person}",
                )
        except WorkflowAlreadyStartedError:
            return False
        except (RPCError, TimeoutError) as error:
            raise TemporalUnavailableError("start_order") from error
        return True

    async def start_approval(self, request: ApprovalRequest) -> bool:
        """Start an approval and return True; False where its id was started before (one request).

        Raises TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._client.start_workflow(
                    ApprovalWorkflow.run,
                    ApprovalInput(request=request),
                    id=request.request_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=f"{request.policy.name} for {request.requester.person}",
                )
        except WorkflowAlreadyStartedError:
            return False
        except (RPCError, TimeoutError) as error:
            raise TemporalUnavailableError("start_approval") from error
        return True

    # What people do with a request. The same click id is the same deed, however often sent.

    async def decide(self, request_id: str, click_id: str, decision: Decision) -> Answer:
        """Send one person's verdict."""
        return await self._update(request_id, click_id, ApprovalWorkflow.decide, decision)

    async def comment(self, request_id: str, click_id: str, comment: Comment) -> Answer:
        """Send one person's remark."""
        return await self._update(request_id, click_id, ApprovalWorkflow.comment, comment)

    async def amend(self, request_id: str, click_id: str, amendment: Amendment) -> Answer:
        """Send the requester's new content."""
        return await self._update(request_id, click_id, ApprovalWorkflow.amend, amendment)

    async def delegate(self, request_id: str, click_id: str, delegation: Delegation) -> Answer:
        """Have somebody stand in for an approver."""
        return await self._update(request_id, click_id, ApprovalWorkflow.delegate, delegation)

    async def withdraw(self, request_id: str, click_id: str, withdrawal: Withdrawal) -> Answer:
        """Take a request back."""
        return await self._update(request_id, click_id, ApprovalWorkflow.withdraw, withdrawal)

    async def reassign(self, request_id: str, click_id: str, reassignment: Reassignment) -> Answer:
        """Name other approvers, as an admin."""
        return await self._update(request_id, click_id, ApprovalWorkflow.reassign, reassignment)

    async def refresh(self, request_id: str, click_id: str, refresh: Refresh) -> Answer:
        """Have the approvers read again."""
        return await self._update(request_id, click_id, ApprovalWorkflow.refresh, refresh)

    async def close(self, request_id: str, click_id: str, closing: Closing) -> Answer:
        """End a request undecided, as an admin."""
        return await self._update(request_id, click_id, ApprovalWorkflow.close, closing)

    async def menu(self, request_id: str, person: str) -> Menu | None:
        """Return the present face and what `person` may do; None where there is no such request.

        An ended request is answered too, for as long as Temporal keeps it. Raises
        TemporalUnavailableError where Temporal or its worker does not answer in time.
        """
        handle = self._client.get_workflow_handle_for(ApprovalWorkflow.run, request_id)
        try:
            async with asyncio.timeout(self._wait):
                return await handle.query(ApprovalWorkflow.menu, person)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise TemporalUnavailableError("menu") from error
        except (TimeoutError, WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            raise TemporalUnavailableError("menu") from error

    async def confirm(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask again, under the same id, until there is an answer or `confirm_for` has passed."""
        attempts = AsyncRetrying(
            retry=retry_if_result(lambda answer: isinstance(answer, Unconfirmed)),
            stop=stop_after_delay(self._confirm_for),
            wait=wait_exponential(multiplier=0.5, max=5),
            retry_error_callback=lambda state: Unconfirmed(),  # noqa: ARG005 - tenacity's signature
        )

        async def once() -> Answer:  # tenacity awaits what it knows to be a coroutine function
            return await ask()

        return await attempts(once)

    async def republish(self, owner_id: str, click_id: str) -> bool:
        """Ask a card's owner to write it again; False where the owner has ended.

        Who asks while this process has such an update under way shares the next one: a crowd that
        presses one old card is two updates, not as many as there are people. Raises
        TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        following = self._republishing.get(owner_id)
        if following is None:
            following = asyncio.create_task(self._republish_next(owner_id, click_id))
            self._republishing[owner_id] = following
        return await asyncio.shield(following)

    async def _republish_next(self, owner_id: str, click_id: str) -> bool:
        async with self._gate(f"{owner_id}:republish", together=1):
            # Whoever comes from now on may have seen something older than what this one writes.
            del self._republishing[owner_id]
            return await self._republish(owner_id, click_id)

    async def _republish(self, owner_id: str, click_id: str) -> bool:
        handle = self._client.get_workflow_handle(owner_id)
        try:
            async with asyncio.timeout(self._wait):
                await handle.execute_update("republish", id=f"{click_id}:republish")
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise TemporalUnavailableError("republish") from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise TemporalUnavailableError("republish") from error
        return True

    async def _update(
        self,
        request_id: str,
        click_id: str,
        update: UpdateMethodMultiParam[[ApprovalWorkflow, Message], ApprovalFace],
        message: Message,
    ) -> Answer:
        handle = self._client.get_workflow_handle_for(ApprovalWorkflow.run, request_id)
        try:
            async with asyncio.timeout(self._wait), self._gate(request_id):
                return Accepted(face=await handle.execute_update(update, message, id=click_id))
        except WorkflowUpdateFailedError as error:
            return _refused_or_ended(error)
        except RPCError as error:
            return _from_rpc(error)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return Unconfirmed()

    def _gate(self, name: str, *, together: int = IN_FLIGHT) -> asyncio.Semaphore:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = asyncio.Semaphore(together)
        return gate


def _refused_or_ended(error: WorkflowUpdateFailedError) -> Answer:
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


def _from_rpc(error: RPCError) -> Answer:
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
