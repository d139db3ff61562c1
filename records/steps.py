"""Common parts of all saga steps: references derived from keys, and the refusals.

A step is done once per key and undone once per key. An undo that arrives before its step stores a
row, so that the late step is refused.
"""

import hashlib
from typing import Any

from sqlalchemy import Row, Table, select

from records.transaction import Transaction


class StepUndoneError(Exception):
    """The step came too late: its key was already undone."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} was already undone")
        self.key = key


class KeyReusedError(Exception):
    """The key is in use for another step: another order, other lines or another amount."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is in use for another step")
        self.key = key


class NotReservedError(Exception):
    """The order cannot be shipped, because its items are not reserved."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"{order_id} is not reserved")
        self.order_id = order_id


class NotShippedError(Exception):
    """The shipment cannot be delivered, because the key has shipped nothing."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} has shipped nothing")
        self.key = key


class StillShippedError(Exception):
    """The reservation cannot be released, because the carrier has the items: recall them first."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the items of {key} are with the carrier")
        self.key = key


def reference(prefix: str, key: str) -> str:
    """Return a reference for people, such as `RES-1F2E3D4C5B`. It depends on the key only."""
    return f"{prefix}-{hashlib.sha256(key.encode()).hexdigest()[:10].upper()}"


async def find_step(
    connection: Transaction, steps: Table, key: str, **owner: str
) -> Row[Any] | None:
    """Return the row of a key, or None if the key is new. `owner` gives its columns' values.

    Raises:
        KeyReusedError: the key is in use for another owner.

    """
    row = (await connection.execute(select(steps).where(steps.c.key == key))).one_or_none()
    if row is not None and any(row._mapping[name] != value for name, value in owner.items()):  # noqa: SLF001 - SQLAlchemy's public name for it
        raise KeyReusedError(key)
    return row
