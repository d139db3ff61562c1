"""What the bot asks orders in Temporal: start, cancel, resume, pay, and how they are."""

import asyncio

import structlog
from temporalio.client import WorkflowHandle
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from bot.temporal.calls import OrderAnswer, TemporalCalls, TemporalUnavailableError
from workflows.order import OrderWorkflow
from workflows.rules.approvals.policy import route
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import (
    Cancellation,
    OrderSnapshot,
    PaymentConfirmation,
    Resumption,
)
from workflows.search import DEFINITIONS, attributes_of

QUERY_WAIT = 2.0
"""Seconds that an order's own answer is waited for; after that the records answer."""

_log = structlog.get_logger("bot.temporal.orders")


class OrderCalls(TemporalCalls):
    """Starts orders, sends them what people do, and asks how they are."""

    async def start_order(self, asked: OrderInput) -> bool:
        """Start an order and return True; False where its id was started before (one order).

        It is found by its search attributes where the namespace knows them, and works without.
        Raises TemporalUnavailableError where Temporal cannot be asked; safe to repeat.
        """
        needs_approval = bool(route(asked.policy, asked.order.total).levels)
        attributes = attributes_of(asked, needs_approval=needs_approval)

        async def start() -> None:
            try:
                await self._start(asked, attributes)
            except RPCError as error:
                if not _knows_no_attributes(error):
                    raise
                _log.warning("search_attributes_unknown", register=DEFINITIONS)
                await self._start(asked, TypedSearchAttributes.empty)

        return await self._started("start_order", start)

    async def _start(self, asked: OrderInput, attributes: TypedSearchAttributes) -> None:
        await self._client.start_workflow(
            OrderWorkflow.run,
            asked,
            id=asked.order.order_id,
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=attributes,
            static_summary=f"{asked.order.total} for {asked.requester.person}",
        )

    async def cancel_order(
        self, order_id: str, click_id: str, cancellation: Cancellation
    ) -> OrderAnswer:
        """Cancel an order that is not on its way yet."""
        handle = self._order(order_id)
        return await self._updated(
            order_id,
            lambda: handle.execute_update(OrderWorkflow.cancel, cancellation, id=click_id),
        )

    async def resume_order(
        self, order_id: str, click_id: str, resumption: Resumption
    ) -> OrderAnswer:
        """Have a compensation that could not be done tried again."""
        handle = self._order(order_id)
        return await self._updated(
            order_id, lambda: handle.execute_update(OrderWorkflow.resume, resumption, id=click_id)
        )

    async def confirm_payment(self, order_id: str, confirmation: PaymentConfirmation) -> bool:
        """Tell an order that it was paid; False where there is no such order, or it has ended.

        The same event counts once, so it is safe to repeat. Whether the payment is what the order
        waits for is the order's to say: `details` shows it. Raises TemporalUnavailableError.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._order(order_id).signal(OrderWorkflow.confirm_payment, confirmation)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise TemporalUnavailableError("confirm_payment") from error
        except TimeoutError as error:
            raise TemporalUnavailableError("confirm_payment") from error
        return True

    # Queries: None where there is no such order; TemporalUnavailableError where no answer comes in
    # time. An order that has ended answers too, for as long as Temporal keeps it.

    async def order_details(self, order_id: str) -> OrderSnapshot | None:
        """Return the order as its card shows it."""
        ask = self._order(order_id).query
        return await self._queried("details", lambda: ask(OrderWorkflow.details), QUERY_WAIT)

    async def order_status(self, order_id: str) -> str | None:
        """Return where the order stands, as an `OrderStatus` value."""
        ask = self._order(order_id).query
        return await self._queried("status", lambda: ask(OrderWorkflow.status), QUERY_WAIT)

    async def order_requires_approval(self, order_id: str) -> bool | None:
        """Return whether anybody is asked about the order."""
        ask = self._order(order_id).query
        return await self._queried(
            "requires_approval", lambda: ask(OrderWorkflow.requires_approval), QUERY_WAIT
        )

    def _order(self, order_id: str) -> WorkflowHandle[OrderWorkflow, OrderSnapshot]:
        return self._client.get_workflow_handle_for(OrderWorkflow.run, order_id)


def _knows_no_attributes(error: RPCError) -> bool:
    """Whether the namespace refused the start because it does not know our search attributes."""
    refused = error.status is RPCStatusCode.INVALID_ARGUMENT
    return refused and "search attribute" in error.message.lower()
