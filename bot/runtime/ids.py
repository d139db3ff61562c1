"""Ids of requests and orders, short enough to read aloud."""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, which leaves out letters that are easily confused."""
ORDER_ID = re.compile(rf"ORD-[{ALPHABET}]{{8}}")
"""The id of an order."""
HR_ID = re.compile(rf"HR-[{ALPHABET}]{{8}}")
"""The id of an HR request."""


def new_id(prefix: str) -> str:
    """Return a new id such as `REQ-7K2M4QXA`. It has 40 random bits, so it is not a secret."""
    return f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
