"""Bounded memory: keep the last N items and drop the oldest."""

from typing import TypeVar

Item = TypeVar("Item")


def append_recent(items: tuple[Item, ...], item: Item, limit: int) -> tuple[Item, ...]:
    """Return the last `limit` items after adding `item`."""
    return (*items, item)[-limit:]
