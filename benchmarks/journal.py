"""Read the stand-in's journal: when a card was posted, a click was sent and its inline write arrived."""

import asyncio
import json
import math
import re
from collections.abc import Iterable
from typing import Any

from emulator.client import StandInClient

MEASUREMENT_TIMEOUT = 60
"""Seconds after which a measurement that does not end fails."""

_NAME = re.compile(r"(?:APR|minimal)-[0-9a-f]{12}")

Entry = dict[str, Any]


def names(entry: Entry) -> set[str]:
    """Return the request ids in an entry or message."""
    return set(_NAME.findall(json.dumps(entry)))


def is_click(entry: Entry) -> bool:
    """Whether an entry is the delivery of a click, and not of the bot's own post or of a view."""
    if (entry["kind"], entry.get("envelope")) != ("envelope", "interactive"):
        return False
    return bool(entry["payload"]["type"] == "block_actions")


def first_times(entries: Iterable[Entry], wanted: set[str]) -> dict[str, float]:
    """Return the time of the first entry about each of `wanted`, in seconds."""
    times: dict[str, float] = {}
    for entry in entries:
        for name in wanted & names(entry):
            times.setdefault(name, entry["at"])
    return times


def inline_times(entries: Iterable[Entry], wanted: set[str]) -> list[float]:
    """Return the seconds from the delivery of each request's click to its inline write.

    For the user, a click without an inline write took forever: its time is infinite.

    Raises ValueError if a click is missing, or if a write is older than its click.
    """
    entries = list(entries)
    sent = first_times(filter(is_click, entries), wanted)
    if missing := wanted - sent.keys():
        raise ValueError(f"no click was delivered for {', '.join(sorted(missing))}")
    written = first_times((entry for entry in entries if entry["kind"] == "response_url"), wanted)
    times = [written.get(name, math.inf) - sent[name] for name in sorted(wanted)]
    if any(seconds < 0 for seconds in times):
        raise ValueError("an inline write is older than its click")
    return times


async def until_posted(slack: StandInClient, mark: int, wanted: set[str]) -> None:
    """Wait until a card of each of `wanted` was posted. Raises TimeoutError."""
    async with asyncio.timeout(MEASUREMENT_TIMEOUT):
        missing = set(wanted)
        while missing:
            for entry in await slack.journal(after=mark, wait=1, method="chat.postMessage"):
                mark = max(mark, entry["n"])
                missing -= names(entry)


class PostedCards:
    """Signals when a request's card was posted. One journal reader serves all requests."""

    def __init__(self, slack: StandInClient) -> None:
        self._slack = slack
        self._events: dict[str, asyncio.Event] = {}

    def of(self, name: str) -> asyncio.Event:
        """Return the event that is set when the card of `name` was posted."""
        return self._events.setdefault(name, asyncio.Event())

    async def read(self) -> None:
        """Read the journal until cancelled."""
        mark = await self._slack.journal_mark()
        while True:
            for entry in await self._slack.journal(after=mark, wait=1, method="chat.postMessage"):
                mark = max(mark, entry["n"])
                for name in names(entry):
                    self.of(name).set()
