"""Response URLs: up to five responses within thirty minutes of a user action."""

import secrets
from dataclasses import dataclass

from emulator.clock import Clock
from emulator.errors import SlackError

MAX_USES = 5
LIFETIME = 1800.0
_MAX_KEPT = 5000


@dataclass
class ResponseUrl:
    """The target of a response: channel, user and the message that was acted on (or "")."""

    channel: str
    user: str
    ts: str
    issued: float
    uses: int = 0


class ResponseUrls:
    """Issues response URLs and counts their uses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, ResponseUrl] = {}
        self.base_url = ""

    def issue(self, family: str, team: str, *, channel: str, user: str, ts: str = "") -> str:
        """Issue a URL; ``family`` is actions, commands or app, as in Slack's own URLs."""
        key = secrets.token_urlsafe(18)
        self._issued[key] = ResponseUrl(channel, user, ts, self._clock.now())
        while len(self._issued) > _MAX_KEPT:
            self._issued.pop(next(iter(self._issued)))
        return f"{self.base_url}/response/{family}/{team}/{key}"

    def check(self, key: str) -> ResponseUrl:
        """Find a usable URL; raises ``expired_url`` or ``used_url`` otherwise."""
        found = self._issued.get(key)
        if found is None or self._clock.now() - found.issued > LIFETIME:
            raise SlackError("expired_url")
        if found.uses >= MAX_USES:
            raise SlackError("used_url")
        return found
