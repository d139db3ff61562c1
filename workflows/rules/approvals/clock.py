"""The clock of a level: which instants it waits for, pinned once, in the order they fall due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.rules.approvals.policy import LevelRule


class TickKind(StrEnum):
    """What falls due. The order here is the order of those that fall due at one instant."""

    READ = "read"
    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


_ORDER = tuple(TickKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """So long after the level was reached, this falls due. `step` counts the escalations."""

    kind: TickKind
    after: timedelta
    step: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """An instant at which the clock changes the request."""

    at: datetime
    kind: TickKind
    step: int = 0


def windows(rule: LevelRule, wish: timedelta | None) -> tuple[Window, ...]:
    """Return what a level waits for: reminders, escalations and the end.

    `wish` is how long the request itself wants the level to wait, within the policy's bounds.
    What would fall due at the end or after it is left out: the end comes first.
    """
    end = _end(rule, wish)
    found = [Window(kind=TickKind.REMIND, after=after) for after in rule.remind_after]
    found += [
        Window(kind=TickKind.ESCALATE, after=one.after, step=step)
        for step, one in enumerate(rule.escalate)
    ]
    if end is None:
        return tuple(found)
    before = [window for window in found if window.after < end]
    return (*before, Window(kind=TickKind.EXPIRE, after=end))


def _end(rule: LevelRule, wish: timedelta | None) -> timedelta | None:
    if wish is None:
        return rule.expire_after
    return min(wish, rule.longest) if rule.longest is not None else wish


def sorted_ticks(ticks: Iterable[Tick]) -> tuple[Tick, ...]:
    """Return the ticks in the order in which they fall due."""
    return tuple(sorted(ticks, key=lambda tick: (tick.at, _ORDER.index(tick.kind), tick.step)))


def format_duration(length: timedelta) -> str:
    """Write a duration as policies and forms do, in its largest whole unit: `90s`, `5m`, `7d`."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
