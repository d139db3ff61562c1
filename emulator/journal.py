"""The journal: all requests, envelopes, acks and user actions in order, for tests to read."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import Json

_MAX_ENTRIES = 20_000
_MAX_BYTES = 48 * 1024 * 1024
MAX_RESULTS = 2000


class Journal:
    """A bounded list of entries; the oldest entries are dropped when it is full."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._entries: deque[tuple[int, dict[str, str], str]] = deque()
        self._bytes = 0
        self._last = 0
        self._written = asyncio.Event()

    def write(self, kind: str, **fields: Any) -> None:
        """Add an entry with a number ``n`` and a time; fields that are ``None`` are omitted."""
        self._last += 1
        entry = {"n": self._last, "at": round(self._now(), 6), "kind": kind}
        entry |= {key: value for key, value in fields.items() if value is not None}
        # Serialized now, because the workspace may change the payload later.
        text = json.dumps(entry, default=str)
        header = {key: str(value) for key, value in entry.items() if isinstance(value, str | int)}
        self._entries.append((self._last, header, text))
        self._bytes += len(text)
        while len(self._entries) > _MAX_ENTRIES or self._bytes > _MAX_BYTES:
            self._bytes -= len(self._entries.popleft()[2])
        self._written.set()
        self._written = asyncio.Event()

    def read(
        self, after: int = 0, filters: Mapping[str, str] | None = None, limit: int = MAX_RESULTS
    ) -> list[Json]:
        """Return up to ``limit`` entries newer than ``after`` whose fields equal all ``filters``."""
        pairs = (filters or {}).items()
        found: list[Json] = []
        for number, header, text in self._entries:
            if number > after and all(header.get(k) == v for k, v in pairs):
                found.append(json.loads(text))
                if len(found) >= limit:
                    break
        return found

    async def wait(
        self,
        after: int,
        seconds: float,
        filters: Mapping[str, str] | None = None,
        limit: int = MAX_RESULTS,
    ) -> list[Json]:
        """Like ``read``, but wait up to ``seconds`` of real time for the first match."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := self.read(after, filters, limit)):
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return []
            written = self._written
            try:
                await asyncio.wait_for(written.wait(), remaining)
            except TimeoutError:
                return []
        return found

    @property
    def last(self) -> int:
        """The number of the newest entry, or 0 if there is none."""
        return self._last

    def clear(self) -> None:
        """Remove all entries; the numbering continues, so that waiting clients stay correct."""
        self._entries.clear()
        self._bytes = 0
