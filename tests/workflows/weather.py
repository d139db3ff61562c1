"""What the fakes have in common: a bell that rings when one is asked, and Slack's weather."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from temporalio.exceptions import ApplicationError

Seen = TypeVar("Seen")

PATIENCE = 30
"""Real seconds a test waits for what must happen at once."""


class Bell:
    """Rings whenever a fake was asked something, so that a test can wait without polling."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, holds: Callable[[], Seen]) -> Seen:
        async with asyncio.timeout(PATIENCE):
            while not (seen := holds()):
                await self._rung.wait()
        return seen


class Weather(Enum):
    """What Slack does with a call."""

    FINE = auto()
    REFUSING = auto()
    """It says no, so nothing was written."""
    BREAKING = auto()
    """The activity ends in an error: nobody knows whether anything was written."""
    HANGING = auto()
    """It does not answer before `Slack.answer`."""


@dataclass
class Slack:
    """What cards, notices and the directory have in common."""

    bell: Bell
    weather: Weather = Weather.FINE
    _answers: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self) -> None:
        """Be fine again; calls that hang are answered now."""
        self.weather = Weather.FINE
        self._answers.set()
        self._answers = asyncio.Event()

    async def call(self) -> bool:
        """Return whether the call succeeds; hang or raise as the weather is."""
        self.bell.ring()
        if self.weather is Weather.HANGING:
            await self._answers.wait()
        if self.weather is Weather.BREAKING:
            raise ApplicationError("the connection broke", type="slack.unknown")
        return self.weather is Weather.FINE
