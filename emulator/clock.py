"""The stand-in's own time, which tests may push forward instead of sleeping."""

import asyncio
import time
from typing import Any


class Clock:
    """Three readings of one clock, all in seconds since the epoch.

    ``now`` is real time plus everything ``advance`` added: every rule about time (acks, triggers,
    response URLs, retries, rate limits) reads it. ``stamp`` is ``now`` plus the skew: what Slack
    writes into ``ts`` and ``event_time``. ``signing_time`` is real time plus the skew, without the
    advances: apps compare it with their own clock and refuse what is older than 5 minutes.
    """

    def __init__(self) -> None:
        self._advanced = 0.0
        self._skew = 0.0
        self._last_micros = 0
        self._advanced_event = asyncio.Event()

    def now(self) -> float:
        """Read the time that rules are measured by."""
        return time.time() + self._advanced

    def stamp(self) -> float:
        """Read the time that Slack writes into payloads."""
        return self.now() + self._skew

    def signing_time(self) -> float:
        """Read the time that signs HTTP requests."""
        return time.time() + self._skew

    def ts(self) -> str:
        """Make a message timestamp: unique and increasing, whatever the clock does."""
        micros = max(int(self.stamp() * 1_000_000), self._last_micros + 1)
        self._last_micros = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def ensure_after(self, ts: str) -> None:
        """Make every later ``ts`` greater than this one (used when a state is loaded)."""
        seconds, _, micros = ts.partition(".")
        self._last_micros = max(self._last_micros, int(seconds) * 1_000_000 + int(micros or 0))

    def advance(self, seconds: float) -> None:
        """Let time pass at once; whoever waits on this clock looks again."""
        self._advanced += seconds
        self._advanced_event.set()
        self._advanced_event = asyncio.Event()

    def skew(self, seconds: float) -> None:
        """Set (not add) the difference between Slack's stamps and the real time."""
        self._skew = seconds

    def snapshot(self) -> dict[str, float]:
        """Show all settings, for the control API."""
        return {"now": self.now(), "advanced": self._advanced, "skew": self._skew}

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed on this clock."""
        await self.wait_for(asyncio.get_running_loop().create_future(), seconds)

    async def wait_for(self, future: "asyncio.Future[Any]", seconds: float) -> bool:
        """Wait for ``future`` at most ``seconds`` of this clock; tell whether it came in time.

        The future is left alone when the time is over: an ack that comes too late still arrives.
        """
        deadline = self.now() + seconds
        while not future.done():
            remaining = deadline - self.now()
            if remaining <= 0:
                return False
            advanced = asyncio.ensure_future(self._advanced_event.wait())
            try:
                await asyncio.wait(
                    {future, advanced}, timeout=remaining, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                advanced.cancel()
        return True
