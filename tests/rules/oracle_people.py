"""What the oracle knows of people: who was found, who is away, and who stands in for whom at an instant.

The engine keeps intervals; here every question is asked of one instant, over sets.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

HOPS = 5
"""Through so many absent people a seat is handed on."""

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Away:
    """Somebody is away for a while, and who is there for them."""

    person: str
    delegate: str
    starts: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the directory said. `admins` is None where they could not be read.

    `able` are all the active people, of the approvers and of those who stand in.
    """

    active: list[str]
    others: dict[str, str]
    able: set[str]
    away: list[Away]
    admins: list[str] | None
    unreadable: bool
    handed: dict[str, str] = field(default_factory=dict)

    def within(self, *, able: set[str], handed: dict[str, str], away: list[Away]) -> Self:
        """Return the answer with those only who may stand in, and what was handed over by then."""
        return replace(self, able=able, handed=handed, away=away)

    def delegates(self, seat: str, at: datetime) -> set[str]:
        return {line[-1] for line, _ in self._lines(seat, at)}

    def beginnings(self, seat: str) -> set[datetime]:
        """Return the instants at which somebody begins to stand in."""
        instants = {absence.starts for absence in self.away}
        return {at for at in instants if any(newest == at for _, newest in self._lines(seat, at))}

    def ever(self, seat: str) -> set[str]:
        """Return everybody who stands in at any instant."""
        instants = {BEFORE_ALL} | {absence.starts for absence in self.away}
        return {person for at in instants for person in self.delegates(seat, at)}

    def _lines(self, seat: str, at: datetime) -> Iterator[tuple[list[str], datetime]]:
        """Yield every line of hand-overs that holds at the instant, and when its newest began."""
        open_lines = [([seat], BEFORE_ALL)]
        if seat in self.handed and self.handed[seat] in self.able:
            first = ([seat, self.handed[seat]], BEFORE_ALL)
            open_lines.append(first)
            yield first
        present = [absence for absence in self.away if absence.holds(at)]
        while open_lines:
            line, newest = open_lines.pop()
            if len(line) > HOPS:
                continue
            for absence in present:
                onward = absence.delegate
                if absence.person == line[-1] and onward in self.able - set(line):
                    longer = ([*line, onward], max(newest, absence.starts))
                    open_lines.append(longer)
                    yield longer
