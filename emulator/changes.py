"""Who wants to hear that something changed: open pages, waiting tests and the state file."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.errors import Json

_MAX_QUEUED = 500


@dataclass(eq=False)
class Subscriber:
    """One open page: what it has not read yet; ``user`` and ``tab`` filter what it may hear."""

    user: str
    tab: str
    queue: "asyncio.Queue[Json]" = field(default_factory=lambda: asyncio.Queue(maxsize=_MAX_QUEUED))


class ChangeFeed:
    """Tells subscribers "fetch that again"; a subscriber that does not read loses the oldest change."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._callbacks: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    def subscribe(self, user: str, tab: str) -> Subscriber:
        """Open a subscriber; give it back to ``unsubscribe``."""
        subscriber = Subscriber(user, tab)
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Close a subscriber."""
        self._subscribers.discard(subscriber)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` on every change; it must be quick."""
        self._callbacks.append(callback)

    def publish(
        self, kind: str, *, user: str = "", tab: str = "", channel: str = "", ts: str = ""
    ) -> None:
        """Tell everybody (or only ``user``, only ``tab``) that this kind of thing changed."""
        change: Json = {"kind": kind}
        change |= {k: v for k, v in (("channel", channel), ("ts", ts)) if v}
        for subscriber in self._subscribers:
            if user in ("", subscriber.user) and tab in ("", subscriber.tab):
                if subscriber.queue.full():
                    subscriber.queue.get_nowait()
                subscriber.queue.put_nowait(change)
        for callback in self._callbacks:
            callback()
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next change, at most ``seconds`` of real time."""
        changed = self._changed
        try:
            await asyncio.wait_for(changed.wait(), seconds)
        except TimeoutError:
            return
