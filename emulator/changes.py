"""Change notifications for open pages, waiting tests and the state file."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.errors import Json

_MAX_QUEUED = 500


@dataclass(eq=False)
class Subscriber:
    """A queue of unread changes for one open page, filtered by ``user`` and ``tab``."""

    user: str
    tab: str
    queue: "asyncio.Queue[Json]" = field(default_factory=lambda: asyncio.Queue(maxsize=_MAX_QUEUED))


class ChangeFeed:
    """Publishes changes to subscribers; a full queue drops its oldest change."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._callbacks: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    def subscribe(self, user: str, tab: str) -> Subscriber:
        """Add a subscriber; pass it to ``unsubscribe`` when done."""
        subscriber = Subscriber(user, tab)
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Remove a subscriber."""
        self._subscribers.discard(subscriber)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` on every change; it must return quickly."""
        self._callbacks.append(callback)

    def publish(
        self, kind: str, *, user: str = "", tab: str = "", channel: str = "", ts: str = ""
    ) -> None:
        """Publish a change to all subscribers, or only to those of ``user`` and ``tab``."""
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
        """Wait up to ``seconds`` of real time for the next change."""
        changed = self._changed
        try:
            await asyncio.wait_for(changed.wait(), seconds)
        except TimeoutError:
            return
