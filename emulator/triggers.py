"""Trigger ids: each opens one modal within three seconds of a user action."""

import secrets
from dataclasses import dataclass

from emulator.clock import Clock
from emulator.errors import SlackError

LIFETIME = 3.0
_MAX_KEPT = 5000


@dataclass
class Trigger:
    """The user, browser tab and modal (``view_id``, may be "") of an action."""

    user: str
    tab: str
    view_id: str
    issued: float
    used: bool = False


class Triggers:
    """Issues trigger ids; each can be exchanged once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, Trigger] = {}

    def issue(self, user: str, tab: str, view_id: str = "") -> str:
        """Issue a trigger id in Slack's three-part format."""
        number = secrets.randbelow(10**12)
        trigger_id = f"{number}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user, tab, view_id, self._clock.now())
        while len(self._issued) > _MAX_KEPT:
            self._issued.pop(next(iter(self._issued)))
        return trigger_id

    def check(self, trigger_id: str | None) -> Trigger:
        """Find a usable trigger; raises one of Slack's three errors otherwise (docs: views.open)."""
        trigger = self._issued.get(trigger_id or "")
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.now() - trigger.issued > LIFETIME:
            raise SlackError("expired_trigger_id")
        return trigger
