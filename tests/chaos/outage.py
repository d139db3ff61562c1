"""Slack's outages: every method fails in its own way, by the dice."""

import random

from emulator.errors import Json

UNLIMITED = 1_000_000
METHODS = (
    "response_url",
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "chat.getPermalink",
    "conversations.open",
    "conversations.history",
    "conversations.replies",
    "conversations.members",
    "conversations.list",
    "users.info",
    "usergroups.list",
    "usergroups.users.list",
    "views.open",
    "views.update",
)
EFFECTS = ("http_500", "ratelimited", "hang", "error")
ERRORS = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
MAX_RETRY_AFTER = 5
"""Seconds that a refusal asks us to wait. What Slack asks for is obeyed, after its return too."""


def outage(dice: random.Random) -> list[Json]:
    """Return the faults that refuse or swallow every call; new sockets are refused, old ones stay."""
    planned = [
        {
            "target": method,
            "effect": dice.choice(EFFECTS),
            "error": dice.choice(ERRORS),
            "retry_after": dice.randint(1, MAX_RETRY_AFTER),
            "times": UNLIMITED,
        }
        for method in METHODS
    ]
    return [*planned, {"target": "*", "effect": "http_500", "times": UNLIMITED}]
