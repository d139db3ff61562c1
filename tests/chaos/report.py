"""What a trial did, and what it found: lost, doubled or stale. A promise is kept where all are empty."""

from dataclasses import dataclass, field

COLUMNS = ("trials", "requests", "presses", "kills", "faults", "lost", "doubled", "stale")


@dataclass(kw_only=True)
class Report:
    """Counts of one trial, or of many. The findings are sentences; `kept` says that there are none.

    `lost`: something that was asked, pressed or promised and that left no trace or no answer.
    `doubled`: a card, an effect or a fact that is there twice. `stale`: a copy of a card that
    does not show the last state, or a closed request that can still be pressed.
    """

    trials: int = 0
    requests: int = 0
    presses: int = 0
    kills: int = 0
    faults: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def findings(self) -> list[str]:
        """Everything that was found, each with its kind."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "stale": self.stale}
        return [f"{kind}: {one}" for kind, found in kinds.items() for one in found]

    def row(self) -> tuple[int, ...]:
        """Return the numbers, in the order of a table's columns (`COLUMNS`)."""
        found = (len(self.lost), len(self.doubled), len(self.stale))
        return (self.trials, self.requests, self.presses, self.kills, self.faults, *found)

    def add(self, other: "Report") -> None:
        """Count another trial in."""
        self.trials += other.trials
        self.requests += other.requests
        self.presses += other.presses
        self.kills += other.kills
        self.faults += other.faults
        self.lost += other.lost
        self.doubled += other.doubled
        self.stale += other.stale
