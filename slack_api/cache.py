"""What was read a moment ago and need not be read again yet."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from workflows.rules.shared.recent import drop_oldest

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST = 1000
"""More than so many values are never kept: the oldest goes."""


class Cache(Generic[Key, Value]):
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
            return known if known is not None else await self.renew(key, ask, worth_keeping)

    async def renew(
        self,
        key: Key,
        ask: Callable[[], Awaitable[Value]],
        worth_keeping: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """Ask in any case, from now on, and keep the answer for those who `recall`."""
        began = monotonic()
        answer = await ask()
        if worth_keeping(answer):
            self.put(key, answer, began)
        return answer

    def get(self, key: Key) -> Value | None:
        """Return what was asked for less than `seconds` ago, or None."""
        when, value = self._kept.get(key, (0.0, None))
        return value if value is not None and monotonic() - when < self._seconds else None

    def put(self, key: Key, value: Value, asked_at: float | None = None) -> None:
        """Keep a value, which was asked for now or then; what was asked for later stays."""
        when = monotonic() if asked_at is None else asked_at
        if key in self._kept and self._kept[key][0] > when:
            return
        self._kept.pop(key, None)
        self._kept[key] = (when, value)
        drop_oldest(self._kept, MOST)

    def forget(self, key: Key) -> None:
        """Keep nothing there any more."""
        self._kept.pop(key, None)
