"""The fake Slack that cards, notices and the directory share, and a way to wait for changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from temporalio.exceptions import ApplicationError

Value = TypeVar("Value")

TIMEOUT = 30
"""Real seconds that a test waits for something that must happen immediately."""


class Changes:
    """Wakes waiting tests whenever a fake was called, so that they need not poll."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], Value]) -> Value:
        async with asyncio.timeout(TIMEOUT):
            while not (value := condition()):
                await self._changed.wait()
        return value


class SlackMode(Enum):
    """How Slack answers a call."""

    UP = auto()
    REFUSING = auto()
    """It returns an error, so nothing was written."""
    FAILING = auto()
    """The activity fails: it is unknown whether anything was written."""
    HANGING = auto()
    """It does not answer before `Slack.recover`."""


@dataclass
class Slack:
    """Slack, as the fakes call it."""

    changes: Changes
    mode: SlackMode = SlackMode.UP
    _answers: asyncio.Event = field(default_factory=asyncio.Event)

    def recover(self) -> None:
        """Be up again; hanging calls are answered now."""
        self.mode = SlackMode.UP
        self._answers.set()
        self._answers = asyncio.Event()

    async def call(self) -> bool:
        """Return whether the call succeeds; hang or raise if the mode says so."""
        self.changes.notify()
        if self.mode is SlackMode.HANGING:
            await self._answers.wait()
        if self.mode is SlackMode.FAILING:
            raise ApplicationError("the connection broke", type="slack.unknown")
        return self.mode is SlackMode.UP
