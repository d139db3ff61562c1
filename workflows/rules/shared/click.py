"""Click ids: the same press always has the same id, another press never has."""

import hashlib
import json

REMEMBERED = 500
"""How many ids a request remembers, also across continue-as-new."""


def click_id(*parts: str) -> str:
    """Return the update id of one press: a hash over what makes it that press.

    For a button: request, person, action id, message ts, action_ts. For a modal: request, view
    id, person, the `hash` of the submitted view. For CLI and API: request, idempotency key.
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def remember(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    """Return the remembered ids with `new` added and the oldest dropped."""
    return (*known, new)[-REMEMBERED:]
