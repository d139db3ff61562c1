"""The people of the reference: approvers, absences, and the delegates at an instant.

The rules use intervals of time; the reference looks at one instant and uses sets.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

MAX_DEPTH = 5
"""The longest chain of absent people over which a seat is delegated."""

MIN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class ReferenceAbsence:
    """An absence, and the delegate for it."""

    person: str
    delegate: str
    starts: datetime
    ends: datetime

    def is_active(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True, kw_only=True)
class ReferenceResult:
    """A directory result. `admins` is None if they could not be read.

    `allowed` are all active people among the approvers and delegates.
    """

    active: list[str]
    others: dict[str, str]
    allowed: set[str]
    away: list[ReferenceAbsence]
    admins: list[str] | None
    unreadable: bool
    delegated: dict[str, str] = field(default_factory=dict)

    def restricted_to(
        self, *, allowed: set[str], delegated: dict[str, str], away: list[ReferenceAbsence]
    ) -> Self:
        """Return the result restricted to these delegates, delegations and absences."""
        return replace(self, allowed=allowed, delegated=delegated, away=away)

    def delegates(self, seat: str, at: datetime) -> set[str]:
        return {line[-1] for line, _ in self._chains(seat, at)}

    def delegation_starts_of(self, seat: str) -> set[datetime]:
        """Return the instants at which the time of a delegate starts."""
        instants = {absence.starts for absence in self.away}
        return {at for at in instants if any(newest == at for _, newest in self._chains(seat, at))}

    def all_delegates(self, seat: str) -> set[str]:
        """Return everyone who is a delegate at any instant."""
        instants = {MIN_TIME} | {absence.starts for absence in self.away}
        return {person for at in instants for person in self.delegates(seat, at)}

    def _chains(self, seat: str, at: datetime) -> Iterator[tuple[list[str], datetime]]:
        """Yield every chain of delegates at the instant, and the start of its latest absence."""
        open_lines = [([seat], MIN_TIME)]
        if seat in self.delegated and self.delegated[seat] in self.allowed:
            first = ([seat, self.delegated[seat]], MIN_TIME)
            open_lines.append(first)
            yield first
        present = [absence for absence in self.away if absence.is_active(at)]
        while open_lines:
            line, newest = open_lines.pop()
            if len(line) > MAX_DEPTH:
                continue
            for absence in present:
                onward = absence.delegate
                if absence.person == line[-1] and onward in self.allowed - set(line):
                    longer = ([*line, onward], max(newest, absence.starts))
                    open_lines.append(longer)
                    yield longer
