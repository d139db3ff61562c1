"""Bounded memory: keep the last N items and drop the oldest."""

from collections.abc import Hashable
from typing import Any, TypeVar

Item = TypeVar("Item")


def append_recent(items: tuple[Item, ...], item: Item, limit: int) -> tuple[Item, ...]:
    """Return the last `limit` items after adding `item`."""
    return (*items, item)[-limit:]


def drop_oldest(entries: dict[Any, Any], limit: int) -> None:
    """Remove the entries that were inserted first until at most `limit` are left."""
    while len(entries) > limit:
        del entries[next(iter(entries))]


class RecentKeys:
    """A set of the last `limit` keys. Adding a known key does not make it newer."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: dict[Hashable, None] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable) -> bool:
        """Add `key` and return whether it was new."""
        is_new = key not in self._keys
        self._keys[key] = None
        drop_oldest(self._keys, self._limit)
        return is_new

    def discard(self, key: Hashable) -> None:
        """Forget `key`, if it is known."""
        self._keys.pop(key, None)
