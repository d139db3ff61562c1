"""The route of an order: by its total, and by its discounts."""

from workflows.rules.approvals.policy import Policy, Route, discount_route, route
from workflows.rules.orders.order import Order


def order_route(order: Order, policy: Policy) -> Route:
    """Return the route of an order. A discount above the policy's limit needs an approval.

    Raises:
        NoTierError: no tier covers the total.

    """
    if any(line.discount > policy.max_discount for line in order.lines):
        return discount_route(policy, order.total)
    return route(policy, order.total)
