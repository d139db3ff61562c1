"""Common parts of all saga steps: their rows, references derived from keys, and the refusals.

A step is done once per key and undone once per key. An undo that arrives before its step stores a
row, so that the late step is refused.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Table, insert, select, update

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


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTable:
    """The steps of one kind, one row per key: `undone` is the state in which a key is refused."""

    table: Table
    prefix: str
    undone: StrEnum

    def reference(self, key: str) -> str:
        """Return the reference of a key's step."""
        return reference(self.prefix, key)

    async def find(self, connection: Transaction, key: str, **owner: str) -> Row[Any] | None:
        """Return the row of a key, or None if the key is new. `owner` gives its columns' values.

        Raises:
            KeyReusedError: the key is in use for another owner.

        """
        found = await connection.execute(select(self.table).where(self.table.c.key == key))
        row = found.one_or_none()
        if row is not None and any(row._mapping[name] != owner[name] for name in owner):  # noqa: SLF001 - SQLAlchemy's public name for it
            raise KeyReusedError(key)
        return row

    async def find_done(self, connection: Transaction, key: str, **owner: str) -> Row[Any] | None:
        """Return the row of a key whose step may be done: None if it was not done before.

        Raises:
            KeyReusedError: the key is in use for another owner.
            StepUndoneError: the key's step was undone.

        """
        row = await self.find(connection, key, **owner)
        if row is not None and row.state == self.undone:
            raise StepUndoneError(key)
        return row

    async def add(
        self, connection: Transaction, key: str, state: StrEnum, **columns: object
    ) -> None:
        """Insert the row of a new key."""
        row = {"key": key, "state": state, "reference": self.reference(key)} | columns
        await connection.execute(insert(self.table).values(row))

    async def update(self, connection: Transaction, key: str, **columns: object) -> None:
        """Change columns of a key's row."""
        await connection.execute(update(self.table).where(self.table.c.key == key).values(columns))
