"""A cache for values that may be a few seconds old."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

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

    async def get_or_load(
        self,
        key: Key,
        load: Callable[[], Awaitable[Value]],
        is_cacheable: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """Return the cached value, or load it.

        Concurrent callers share one load. If it fails, the next caller loads again.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            cached = self.get(key)
            return cached if cached is not None else await self.reload(key, load, is_cacheable)

    async def reload(
        self,
        key: Key,
        load: Callable[[], Awaitable[Value]],
        is_cacheable: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """Load the value even if one is cached, and cache the result for `get_or_load`."""
        started_at = monotonic()
        value = await load()
        if is_cacheable(value):
            self.put(key, value, started_at)
        return value

    def get(self, key: Key) -> Value | None:
        """Return the value if its load started less than `ttl` seconds ago, or None."""
        started_at, value = self._entries.get(key, (0.0, None))
        return value if value is not None and monotonic() - started_at < self._ttl else None

    def put(self, key: Key, value: Value, started_at: float | None = None) -> None:
        """Cache a value whose load started at `started_at` (`monotonic`), by default now.

        A value whose load started later is kept: a slow response never replaces a newer one.
        """
        started = monotonic() if started_at is None else started_at
        if key in self._entries and self._entries[key][0] > started:
            return
        self._entries.pop(key, None)
        if len(self._entries) >= MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (started, value)

    def invalidate(self, key: Key) -> None:
        """Remove the value, if there is one."""
        self._entries.pop(key, None)
