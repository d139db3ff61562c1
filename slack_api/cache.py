"""A cache for values that may be a few seconds old."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from workflows.rules.shared.recent import drop_oldest

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_ENTRIES = 1000
"""How many values a cache holds. Beyond that, the oldest is evicted."""


class Cache(Generic[Key, Value]):
    """Keeps values in this process for `ttl` seconds. None is never a value."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._entries: dict[Key, tuple[float, Value]] = {}
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def get_or_load(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        """Return the cached value, or load it.

        Concurrent callers share one load. If it fails, the next caller loads again.
        """
        async with self._locks.setdefault(key, asyncio.Lock()):
            cached = self.get(key)
            if cached is not None:
                return cached
            started_at = monotonic()
            value = await load()
            self._entries.pop(key, None)
            drop_oldest(self._entries, MAX_ENTRIES - 1)
            self._entries[key] = (started_at, value)
            return value

    def get(self, key: Key) -> Value | None:
        """Return the value if its load started less than `ttl` seconds ago, or None."""
        started_at, value = self._entries.get(key, (0.0, None))
        return value if value is not None and monotonic() - started_at < self._ttl else None
