"""Slack's rate tiers: how many calls of each method a workspace accepts from an app per minute."""

import math
from collections import defaultdict, deque

from emulator.clock import Clock
from emulator.errors import RateLimitedError

WINDOW_SECONDS = 60.0
PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
"""The published minimum of each tier (docs.slack.dev, rate limits). Slack may accept more."""
TIERS = {
    "blocks.validate": 4,
    "bots.info": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "dnd.info": 3,
    "reactions.add": 3,
    "reactions.remove": 2,
    "team.info": 3,
    "team.profile.get": 3,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "users.info": 4,
    "users.list": 2,
    "users.lookupByEmail": 3,
    "users.profile.get": 4,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}
"""The tier on each method's reference page."""
SPECIAL = {
    "api.test": "not counted here",
    "apps.connections.open": "tier 1; a second socket within a minute must work, and does in Slack",
    "auth.test": "hundreds of calls per minute",
    "chat.getPermalink": "hundreds of calls per minute",
    "chat.postMessage": "limited per channel: see rate_limiter.py",
}
"""Methods without a tier, or whose tier is not enforced, and why."""


class TierLimiter:
    """Accepts no more calls of a method within any minute than its tier guarantees.

    ``speed`` makes the minute shorter: with 60, a tier's calls are accepted each second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accepted: dict[str, deque[float]] = defaultdict(deque)
        self.configure()

    def acquire(self, method: str) -> None:
        """Count one call; raises ``RateLimitedError`` (HTTP 429) beyond the method's tier."""
        tier = TIERS.get(method)
        if tier is None or not self.enforced:
            return
        now, accepted = self._clock.now(), self._accepted[method]
        window = WINDOW_SECONDS / self.speed
        while accepted and accepted[0] <= now - window:
            accepted.popleft()
        if len(accepted) >= self.per_minute[tier]:
            raise RateLimitedError(math.ceil(accepted[0] + window - now))
        accepted.append(now)

    def configure(
        self,
        *,
        enforced: bool = True,
        speed: float = 1.0,
        per_minute: dict[int, int] | None = None,
    ) -> None:
        """Set the limits (by default Slack's minimums) and reset all counters."""
        self.enforced, self.speed = enforced, speed
        self.per_minute = PER_MINUTE | (per_minute or {})
        self._accepted.clear()
