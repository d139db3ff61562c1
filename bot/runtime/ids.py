"""New ids of requests and orders, short enough to be read aloud."""

import secrets

from workflows.rules.approvals.request import RequestKind
from workflows.rules.journeys import JOURNEYS
from workflows.rules.shared.ids import ID_ALPHABET


def new_request_id(kind: RequestKind) -> str:
    """Return a new id for a request of this kind."""
    return new_id(JOURNEYS[kind].id_prefix)


def new_id(prefix: str) -> str:
    """Return a new id such as `REQ-7K2M4QXA`.

    It has forty random bits: enough to be unique, not to be a secret.
    """
    return f"{prefix}-" + "".join(secrets.choice(ID_ALPHABET) for _ in range(8))
