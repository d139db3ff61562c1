"""The stand-in's clock, which tests can advance instead of sleeping."""

import asyncio
import time
from typing import Any


class Clock:
    """A clock with three readings, all in seconds since the epoch.

    ``now`` is real time plus all ``advance`` calls. Everything with a timeout (acks, triggers,
    response URLs, retries, rate limits) uses it. ``stamp`` is ``now`` plus the skew: the time that
    Slack writes to ``ts`` and ``event_time``. ``signing_time`` is real time plus the skew, without the
    advances, because apps compare it with their own clock and reject anything older than 5 minutes.
    """

    def __init__(self) -> None:
        self._advanced = 0.0
        self._skew = 0.0
        self._last_micros = 0
        self._advanced_event = asyncio.Event()

    def now(self) -> float:
        """Return the time that all timeouts use."""
        return time.time() + self._advanced

    def stamp(self) -> float:
        """Return the time that Slack writes to payloads."""
        return self.now() + self._skew

    def signing_time(self) -> float:
        """Return the time used to sign HTTP requests."""
        return time.time() + self._skew

    def ts(self) -> str:
        """Generate a message timestamp: unique and increasing, even if the clock goes back."""
        micros = max(int(self.stamp() * 1_000_000), self._last_micros + 1)
        self._last_micros = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def ensure_after(self, ts: str) -> None:
        """Make every later ``ts`` greater than this value (used when loading a state file)."""
        seconds, _, micros = ts.partition(".")
        self._last_micros = max(self._last_micros, int(seconds) * 1_000_000 + int(micros or 0))

    def advance(self, seconds: float) -> None:
        """Advance the clock immediately and wake everything that waits on it."""
        self._advanced += seconds
        self._advanced_event.set()
        self._advanced_event = asyncio.Event()

    def skew(self, seconds: float) -> None:
        """Set (not add) the difference between Slack's timestamps and real time."""
        self._skew = seconds

    def snapshot(self) -> dict[str, float]:
        """Return all readings, for the control API."""
        return {"now": self.now(), "advanced": self._advanced, "skew": self._skew}

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed on this clock."""
        await self.wait_for(asyncio.get_running_loop().create_future(), seconds)

    async def wait_for(self, future: "asyncio.Future[Any]", seconds: float) -> bool:
        """Wait up to ``seconds`` of this clock for ``future``; return whether it finished in time.

        The future is not cancelled on timeout, so a late ack can still arrive.
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
