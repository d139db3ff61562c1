"""What was read a moment ago and need not be read again yet."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST = 1000
"""More than so many values are never kept: the oldest goes."""


class Memory(Generic[Key, Value]):
    """Keeps values for some seconds of this process's time. For what may be a little old only."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def recall(
        self,
        key: Key,
        ask: Callable[[], Awaitable[Value]],
        worth_keeping: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """Return what is kept there, or else ask for it: of many who come at once, only one asks.

        Where asking fails, the next one asks again.
        """
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            known = self.get(key)
            if known is None:
                known = await ask()
                if worth_keeping(known):
                    self.put(key, known)
        return known

    def get(self, key: Key) -> Value | None:
        """Return what was put there less than `seconds` ago, or None."""
        when, value = self._kept.get(key, (-1.0, None))
        return value if value is not None and time.monotonic() - when < self._seconds else None

    def put(self, key: Key, value: Value) -> None:
        """Keep a value from now on."""
        self._kept.pop(key, None)
        if len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (time.monotonic(), value)

    def forget(self, key: Key) -> None:
        """Keep nothing there any more."""
        self._kept.pop(key, None)
