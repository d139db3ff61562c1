"""Who wants to hear that something changed: open pages, waiting tests and the state file."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.errors import Json

_MAX_WAITING = 500


@dataclass(eq=False)
class Listener:
    """One open page: what it has not read yet; ``user`` and ``tab`` filter what it may hear."""

    user: str
    tab: str
    waiting: "asyncio.Queue[Json]" = field(
        default_factory=lambda: asyncio.Queue(maxsize=_MAX_WAITING)
    )


class Changes:
    """Tells listeners "fetch that again"; a listener that does not read loses the oldest news."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._watchers: list[Callable[[], None]] = []
        self._moved = asyncio.Event()

    def subscribe(self, user: str, tab: str) -> Listener:
        """Open a listener; give it back to ``unsubscribe``."""
        listener = Listener(user, tab)
        self._listeners.add(listener)
        return listener

    def unsubscribe(self, listener: Listener) -> None:
        """Close a listener."""
        self._listeners.discard(listener)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` on every change; it must be quick."""
        self._watchers.append(watcher)

    def publish(
        self, kind: str, *, user: str = "", tab: str = "", channel: str = "", ts: str = ""
    ) -> None:
        """Tell everybody (or only ``user``, only ``tab``) that this kind of thing changed."""
        news: Json = {"kind": kind}
        news |= {k: v for k, v in (("channel", channel), ("ts", ts)) if v}
        for listener in self._listeners:
            if user in ("", listener.user) and tab in ("", listener.tab):
                if listener.waiting.full():
                    listener.waiting.get_nowait()
                listener.waiting.put_nowait(news)
        for watcher in self._watchers:
            watcher()
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, at most ``seconds`` of real time."""
        moved = self._moved
        try:
            await asyncio.wait_for(moved.wait(), seconds)
        except TimeoutError:
            return
