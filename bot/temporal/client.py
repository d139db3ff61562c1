"""The bot's only way to Temporal: one method per verb, typed answers, bounded waits."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode
from temporalio.workflow import UpdateMethodMultiParam

from bot.temporal.calls import (
    CONFIRM_FOR,
    WAIT,
    Accepted,
    Answer,
    Ended,
    OrderAnswer,
    Refused,
    TemporalUnavailableError,
    Unconfirmed,
    Unknown,
)
from bot.temporal.hr_requests import HrCalls
from bot.temporal.orders import OrderCalls
from workflows.approval import ApprovalWorkflow
from workflows.payloads import data_converter
from workflows.rules.approvals.request import (
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
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import ApprovalInput, Menu

__all__ = [
    "CONFIRM_FOR",
    "WAIT",
    "Accepted",
    "Answer",
    "Ended",
    "OrderAnswer",
    "Refused",
    "TemporalUnavailableError",
    "Unconfirmed",
    "Unknown",
    "WorkflowClient",
    "connect",
]

Message = TypeVar("Message")


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


class WorkflowClient(OrderCalls, HrCalls):
    """Starts workflows and sends them what people do."""

    async def start_approval(self, request: ApprovalRequest) -> bool:
        """Start an approval and return True; False where its id was started before (one request).

        Raises TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        return await self._started(
            "start_approval",
            lambda: self._client.start_workflow(
                ApprovalWorkflow.run,
                ApprovalInput(request=request),
                id=request.request_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{request.policy.name} for {request.requester.person}",
            ),
        )

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
        ask = self._client.get_workflow_handle_for(ApprovalWorkflow.run, request_id).query
        return await self._queried("menu", lambda: ask(ApprovalWorkflow.menu, person), self._wait)

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
        update: UpdateMethodMultiParam[[ApprovalWorkflow, Message], ApprovalSnapshot],
        message: Message,
    ) -> Answer:
        handle = self._client.get_workflow_handle_for(ApprovalWorkflow.run, request_id)
        return await self._updated(
            request_id, lambda: handle.execute_update(update, message, id=click_id)
        )
