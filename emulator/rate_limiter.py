"""Slack's rate limit for posting: about one message per second per channel, with short bursts."""

import math

from emulator.clock import Clock
from emulator.errors import RateLimitedError


class PostRateLimiter:
    """A token bucket per channel; ``per_second`` 0 disables the limit.

    Slack documents one message per second per channel with short bursts, but no burst size; 30 is our
    choice.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self.configure()

    def acquire(self, channel: str) -> None:
        """Count one message; raises ``RateLimitedError`` (HTTP 429) if the limit is exceeded."""
        if self.per_second <= 0:
            return
        now = self._clock.now()
        tokens, at = self._buckets.get(channel, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + max(0.0, now - at) * self.per_second)
        if tokens < 1:
            self._buckets[channel] = (tokens, now)
            raise RateLimitedError(math.ceil((1 - tokens) / self.per_second))
        self._buckets[channel] = (tokens - 1, now)

    def configure(self, per_second: float = 1.0, burst: int = 30) -> None:
        """Set the limit (by default Slack's) and reset all counters."""
        self.per_second, self.burst = per_second, max(1, burst)
        self._buckets.clear()
