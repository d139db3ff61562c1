"""Click ids: the same click always has the same id, and two clicks never share one."""

import hashlib
import json

REMEMBERED = 500
"""How many click ids a request remembers, also across continue-as-new."""


def click_id(*parts: str) -> str:
    """Return the update id of a click: a hash of the values that identify it.

    For a button: request, person, action id, message ts, action_ts. For a modal: request, view
    id, person, the `hash` of the submitted view. For CLI and API: request, idempotency key.
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
