"""Slack outages: every API method fails, each in a randomly chosen way."""

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
"""The longest Retry-After in seconds. The worker obeys it after the outage too."""


def outage(rng: random.Random) -> list[Json]:
    """Return faults that refuse or hang every call. New sockets are refused, open ones stay open."""
    planned = [
        {
            "target": method,
            "effect": rng.choice(EFFECTS),
            "error": rng.choice(ERRORS),
            "retry_after": rng.randint(1, MAX_RETRY_AFTER),
            "times": UNLIMITED,
        }
        for method in METHODS
    ]
    return [*planned, {"target": "*", "effect": "http_500", "times": UNLIMITED}]
