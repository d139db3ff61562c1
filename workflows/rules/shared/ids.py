"""Ids: their patterns, and how the ids of child workflows and parcels derive from their parent's."""

import re

MEMBER_ID = r"[UW][A-Z0-9]{2,30}"
"""Pattern of a Slack member ID."""
ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, which has no letters that look alike."""
REQUEST_ID = re.compile(r"REQ-[A-Z0-9][A-Z0-9-]{0,57}", re.ASCII)
"""A request id: generated, or chosen by the caller."""
ORDER_ID = re.compile(rf"ORD-[{ID_ALPHABET}]{{8}}")
HR_ID = re.compile(rf"HR-[{ID_ALPHABET}]{{8}}")

_APPROVAL = ".approval"


def approval_id(parent_id: str) -> str:
    """Return the id of an order's or HR request's approval: its request id and its workflow id."""
    return f"{parent_id}{_APPROVAL}"


def parent_id(request_id: str) -> str:
    """Return the id of the order or HR request that an approval belongs to.

    An approval without a parent has its own id.
    """
    return request_id.removesuffix(_APPROVAL)


def ending_id(request_id: str) -> str:
    """Return the workflow id of the settlement of a request that was ended outside Countersign."""
    return f"settle:{request_id}"


def shipment_id(order_id: str, warehouse: str) -> str:
    """Return the workflow id of an order's shipment from one warehouse."""
    return f"{order_id}.shipment.{warehouse}"


def parcel_key(order_id: str, warehouse: str) -> str:
    """Return the idempotency key for shipping, delivering and recalling one parcel."""
    return f"{order_id}:ship:{warehouse}"


def refund_id(event_id: str) -> str:
    """Return the workflow id of a payment's refund. One id per payment: it is refunded once."""
    return f"refund:{event_id}"
