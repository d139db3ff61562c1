"""Search attributes of orders: what Temporal's UI and CLI can filter by. They are never encrypted.

So there is no name among them: a customer is known by the member id of who has ordered for them.
"""

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderStatus

ORDER_STATUS = SearchAttributeKey.for_keyword("OrderStatus")
CUSTOMER_ID = SearchAttributeKey.for_keyword("CustomerId")
ORDER_TOTAL = SearchAttributeKey.for_float("OrderTotal")

DEFINITIONS = ("OrderStatus=Keyword", "CustomerId=Keyword", "OrderTotal=Double")
"""What a namespace needs, as `temporal server start-dev --search-attribute` takes them."""


def attributes_of(asked: OrderInput, *, needs_approval: bool) -> TypedSearchAttributes:
    """Return what an order starts with. The total is for searching only: a float, not the amount."""
    status = OrderStatus.AWAITING_APPROVAL if needs_approval else OrderStatus.PROCESSING
    return TypedSearchAttributes(
        [
            SearchAttributePair(ORDER_STATUS, status.value),
            SearchAttributePair(CUSTOMER_ID, asked.requester.person),
            SearchAttributePair(ORDER_TOTAL, float(asked.order.total.amount)),
        ]
    )


def tell_end(status: OrderStatus) -> None:
    """Have the running order found by its last status.

    One that was started without attributes has none to change: its namespace may know none, and
    an unknown one would stop the workflow.
    """
    if workflow.info().typed_search_attributes.get(ORDER_STATUS) is not None:
        workflow.upsert_search_attributes([ORDER_STATUS.value_set(status.value)])
