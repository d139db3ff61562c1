"""Calls to orders: start, confirm a payment, query."""

import asyncio
from functools import partial

import structlog
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from bot.temporal.calls import IF_NOT_CUT_OFF, TemporalCalls, TemporalUnavailableError
from workflows.order import OrderWorkflow
from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderSnapshot, PaymentConfirmation
from workflows.rules.orders.order_route import order_route
from workflows.search import DEFINITIONS, attributes_of

QUERY_WAIT = 2.0
"""Seconds to wait for the order's own answer before the records answer."""

_log = structlog.get_logger("bot.temporal.orders")


class OrderCalls(TemporalCalls):
    """Starts orders, confirms their payments and queries them.

    A query returns None if there is no such order, and raises TemporalUnavailableError if no answer
    comes in time. A closed order answers for as long as Temporal retains it.
    """

    async def _start_order(self, asked: OrderInput) -> bool:
        """Start an order, with search attributes if the namespace has them; it works without."""
        needs_approval = bool(order_route(asked.order, asked.policy).levels)
        attributes = attributes_of(asked, needs_approval=needs_approval)

        start = partial(
            self._start,
            OrderWorkflow.run,
            asked,
            asked.request_id,
            f"{asked.order.total} for {asked.requester.person}",
        )
        try:
            return await start(attributes)
        except TemporalUnavailableError as error:
            if not _lacks_attributes(error.__cause__):
                raise
            _log.warning("search_attributes_unknown", register=DEFINITIONS)
            return await start()

    async def confirm_payment(self, order_id: str, confirmation: PaymentConfirmation) -> bool:
        """Signal a payment to an order; return False if there is no such order, or it has ended.

        The same event counts once, so this is safe to repeat. The order decides whether the payment
        matches; `order_details` shows the result. Raises TemporalUnavailableError.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._order(order_id).signal(OrderWorkflow.confirm_payment, confirmation)
        except RPCError as error:
            self._require_namespace(error)
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise TemporalUnavailableError("confirm_payment") from error
        except TimeoutError as error:
            raise TemporalUnavailableError("confirm_payment") from error
        return True

    async def order_details(self, order_id: str) -> OrderSnapshot | None:
        """Return the order as its card shows it."""
        query = self._order(order_id).query
        return await self._queried(
            "details",
            lambda: query(OrderWorkflow.details, reject_condition=IF_NOT_CUT_OFF),
            QUERY_WAIT,
        )

    async def order_status(self, order_id: str) -> str | None:
        """Return the order's status, as an `OrderStatus` value."""
        query = self._order(order_id).query
        return await self._queried("status", lambda: query(OrderWorkflow.status), QUERY_WAIT)

    async def order_requires_approval(self, order_id: str) -> bool | None:
        """Return whether the order needs an approval."""
        query = self._order(order_id).query
        return await self._queried(
            "requires_approval", lambda: query(OrderWorkflow.requires_approval), QUERY_WAIT
        )

    def _order(self, order_id: str) -> WorkflowHandle[OrderWorkflow, OrderSnapshot]:
        return self._client.get_workflow_handle_for(OrderWorkflow.run, order_id)


def _lacks_attributes(error: BaseException | None) -> bool:
    """Return whether the start failed because the namespace lacks our search attributes."""
    refused = isinstance(error, RPCError) and error.status is RPCStatusCode.INVALID_ARGUMENT
    return refused and "search attribute" in str(error).lower()
