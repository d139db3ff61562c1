"""What the ledger's steps have in common: references made of keys, and the refusals.

A step is done once per key and undone once per key. An undo whose step has not come yet leaves a
row all the same, so that the step, should it still come, is refused.
"""

import hashlib


class StepUndoneError(Exception):
    """The step comes too late: its key has been undone."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} has been undone")
        self.key = key


class KeyReusedError(Exception):
    """The key stands for another step: another order, other lines or another amount."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} stands for another step")
        self.key = key


class NotReservedError(Exception):
    """An order is to be shipped whose pieces are not reserved."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"{order_id} is not reserved")
        self.order_id = order_id


class NotShippedError(Exception):
    """A delivery was asked for of a parcel that was never handed over."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} has shipped nothing")
        self.key = key


class StillShippedError(Exception):
    """A reservation is to be released whose pieces are with the carrier: recall them first."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is still shipped")
        self.key = key


def reference(prefix: str, key: str) -> str:
    """Return the reference people read, such as `RES-1F2E3D4C5B`: the same for the same key."""
    return f"{prefix}-{hashlib.sha256(key.encode()).hexdigest()[:10].upper()}"
