"""New numbers of requests and orders: short enough to be read aloud."""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is read as another."""
ORDER_ID = re.compile(rf"ORD-[{ALPHABET}]{{8}}")
"""What an order's number looks like."""
HR_ID = re.compile(rf"HR-[{ALPHABET}]{{8}}")
"""What an HR request's number looks like."""


def new_id(prefix: str) -> str:
    """Return a fresh id such as `REQ-7K2M4QXA`. Forty random bits: it names, it guards nothing."""
    return f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
