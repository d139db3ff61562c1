"""The clock of a level: its reminders, escalations and expiry, in the order they fall due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from workflows.rules.approvals.policy import LevelRule


class TickKind(StrEnum):
    """The kinds of ticks. Ticks due at the same instant run in the order given here."""

    READ = "read"
    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


_ORDER = tuple(TickKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A tick due `after` the level was reached. `step` is the index of an escalation."""

    kind: TickKind
    after: timedelta
    step: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """An instant at which the clock changes the request."""

    at: datetime
    kind: TickKind
    step: int = 0


def windows(rule: LevelRule, requested: timedelta | None) -> tuple[Window, ...]:
    """Return the windows of a level: reminders, escalations and expiry.

    `requested` is the expiry that the request asks for, within the policy's limits. Windows that
    are not earlier than the expiry are left out.
    """
    end = _expiry(rule, requested)
    found = [Window(kind=TickKind.REMIND, after=after) for after in rule.remind_after]
    found += [
        Window(kind=TickKind.ESCALATE, after=escalation.after, step=step)
        for step, escalation in enumerate(rule.escalate)
    ]
    if end is None:
        return tuple(found)
    before = [window for window in found if window.after < end]
    return (*before, Window(kind=TickKind.EXPIRE, after=end))


def _expiry(rule: LevelRule, requested: timedelta | None) -> timedelta | None:
    if requested is None:
        return rule.expire_after
    return min(requested, rule.longest) if rule.longest is not None else requested


def sorted_ticks(ticks: Iterable[Tick]) -> tuple[Tick, ...]:
    """Return the ticks in the order in which they fall due."""
    return tuple(sorted(ticks, key=lambda tick: (tick.at, _ORDER.index(tick.kind), tick.step)))


def format_duration(length: timedelta) -> str:
    """Format a duration like policies and forms do, in its largest whole unit: `90s`, `5m`, `7d`."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
