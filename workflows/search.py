"""Search attributes of orders, which Temporal's UI and CLI filter by.

They are never encrypted, so they contain no names: `CustomerId` is the requester's member ID.
"""

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from workflows.rules.messages import OrderInput
from workflows.rules.orders.order import OrderStatus

ORDER_STATUS = SearchAttributeKey.for_keyword("OrderStatus")
CUSTOMER_ID = SearchAttributeKey.for_keyword("CustomerId")
ORDER_TOTAL = SearchAttributeKey.for_float("OrderTotal")

DEFINITIONS = ("OrderStatus=Keyword", "CustomerId=Keyword", "OrderTotal=Double")
"""The attributes that a namespace needs, as `temporal server start-dev --search-attribute` takes them."""


def attributes_of(order_input: OrderInput, *, needs_approval: bool) -> TypedSearchAttributes:
    """Return the initial attributes. The total is a float, for searching only: not the amount."""
    status = OrderStatus.AWAITING_APPROVAL if needs_approval else OrderStatus.PROCESSING
    return TypedSearchAttributes(
        [
            SearchAttributePair(ORDER_STATUS, status.value),
            SearchAttributePair(CUSTOMER_ID, order_input.requester.person),
            SearchAttributePair(ORDER_TOTAL, float(order_input.order.total.amount)),
        ]
    )


def upsert_final_status(status: OrderStatus) -> None:
    """Set the running order's status attribute.

    An order that was started without attributes has none to change: its namespace may not define
    them, and an unknown attribute would stop the workflow.
    """
    if workflow.info().typed_search_attributes.get(ORDER_STATUS) is not None:
        workflow.upsert_search_attributes([ORDER_STATUS.value_set(status.value)])
