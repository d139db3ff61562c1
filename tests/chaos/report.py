"""The counts and findings of trials."""

from dataclasses import dataclass, field

COLUMNS = ("trials", "requests", "presses", "kills", "faults", "lost", "doubled", "stale")


@dataclass(kw_only=True)
class Report:
    """The counts and findings of one trial or of several. A finding is a sentence.

    `lost`: a request, a click or a promise left no trace or got no answer.
    `doubled`: a card, an effect or a fact exists twice.
    `stale`: a copy of a card does not show the last state, or a closed request can still be clicked.
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
        """Whether the guarantee was kept: there are no findings."""
        return not self.findings

    @property
    def findings(self) -> list[str]:
        """All findings, each prefixed with its kind."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "stale": self.stale}
        return [f"{kind}: {response}" for kind, found in kinds.items() for response in found]

    def row(self) -> tuple[int, ...]:
        """Return the numbers in the order of `COLUMNS`."""
        found = (len(self.lost), len(self.doubled), len(self.stale))
        return (self.trials, self.requests, self.presses, self.kills, self.faults, *found)

    def add(self, other: "Report") -> None:
        """Add the counts and findings of another trial."""
        self.trials += other.trials
        self.requests += other.requests
        self.presses += other.presses
        self.kills += other.kills
        self.faults += other.faults
        self.lost += other.lost
        self.doubled += other.doubled
        self.stale += other.stale
