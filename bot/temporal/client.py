"""The bot's Temporal client: start, update, query, republish."""

import asyncio

from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from bot.temporal.calls import (
    IF_NOT_CUT_OFF,
    WAIT,
    TemporalUnavailableError,
    raise_if_cancelled,
)
from bot.temporal.orders import OrderCalls
from workflows.approval import ApprovalWorkflow
from workflows.hr_request import HrRequestWorkflow
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.messages import ApprovalInput, HrInput, Menu, OrderInput

StartInput = ApprovalRequest | OrderInput | HrInput
"""The input of a workflow that a person can start."""


class WorkflowClient(OrderCalls):
    """Starts workflows, sends them updates and queries them."""

    def __init__(self, client: Client, task_queue: str, *, wait: float = WAIT) -> None:
        super().__init__(client, task_queue, wait=wait)
        self._republishing: dict[str, asyncio.Task[bool]] = {}

    async def start(self, asked: StartInput) -> bool:
        """Start a workflow and return True, or False if its id was used before. Safe to repeat.

        Raises TemporalUnavailableError if Temporal does not answer in time.
        """
        match asked:
            case ApprovalRequest():
                return await self._start(
                    ApprovalWorkflow.run,
                    ApprovalInput(request=asked),
                    asked.request_id,
                    f"{asked.policy.name} for {asked.requester.person}",
                )
            case HrInput():
                return await self._start(
                    HrRequestWorkflow.run,
                    asked,
                    asked.request_id,
                    f"{asked.request.type} for {asked.requester.person}",
                )
            case OrderInput():
                return await self._start_order(asked)

    async def menu(self, request_id: str, person: str) -> Menu | None:
        """Return the current snapshot and what `person` may do; None if there is no such request.

        A closed request answers too, for as long as Temporal retains it. Raises
        TemporalUnavailableError if Temporal or its worker does not answer in time.
        """
        query = self._client.get_workflow_handle_for(ApprovalWorkflow.run, request_id).query
        return await self._queried(
            "menu",
            lambda: query(ApprovalWorkflow.menu, person, reject_condition=IF_NOT_CUT_OFF),
            self._wait,
        )

    async def republish(self, owner_id: str, click_id: str) -> bool:
        """Have a card's owner publish it again; return False if the owner has ended.

        Calls that arrive during an update share the next update, so a crowd clicking an
        outdated card causes two updates. Raises TemporalUnavailableError; safe to repeat.
        """
        following = self._republishing.get(owner_id)
        if following is None:
            following = asyncio.create_task(self._republish_next(owner_id, click_id))
            self._republishing[owner_id] = following
        return await asyncio.shield(following)

    async def _republish_next(self, owner_id: str, click_id: str) -> bool:
        async with self._gate(f"{owner_id}:republish", limit=1):
            # A later caller may have seen a card that is older than what this update writes.
            del self._republishing[owner_id]
            return await self._republish(owner_id, click_id)

    async def _republish(self, owner_id: str, click_id: str) -> bool:
        handle = self._client.get_workflow_handle(owner_id)
        try:
            async with asyncio.timeout(self._wait):
                await handle.execute_update("republish", id=f"{click_id}:republish")
        except RPCError as error:
            self._require_namespace(error)
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise TemporalUnavailableError("republish") from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise_if_cancelled()
            raise TemporalUnavailableError("republish") from error
        return True
