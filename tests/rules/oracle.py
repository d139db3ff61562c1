"""A second opinion on the engine: it remembers what happened and answers from the whole story.

It shares no code with `workflows.rules.approval`, on purpose: people are strings, levels are
numbers, and nothing is kept but lists and sets of what was said and found.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class OracleLevel:
    """What the policy says: a number of people, "all" or "majority"; and who needs reasons."""

    quorum: int | str
    reject_quorum: int
    approve_reason: str
    reject_reason: str


@dataclass(frozen=True, kw_only=True)
class Press:
    """One button, pressed: which level's, by whom, and what it says."""

    number: int
    person: str
    approve: bool
    reason: str
    revision: int


@dataclass(kw_only=True)
class Oracle:
    """The story of one request."""

    requester: str
    levels: list[OracleLevel]
    distinct: bool
    reached: list[datetime | None] = field(default_factory=list)
    found: dict[int, set[str]] = field(default_factory=dict)
    eligible: dict[int, set[str]] = field(default_factory=dict)
    ballots: list[tuple[int, str, bool]] = field(default_factory=list)
    withdrawn: bool = False
    expired: bool = False

    # What happens

    def reach(self, expires_at: datetime | None) -> None:
        self.reached.append(expires_at)

    def read(self, active: Iterable[str], others: Iterable[str], *, unreadable: bool) -> None:
        """Open the level that waits, if these people are enough."""
        number = len(self.reached)
        counted = {who for at, who, _ in self.ballots if at < number} if self.distinct else set()
        may = set(active) - {self.requester} - counted
        if not unreadable and may and len(may) >= self.needed(number, len(may)):
            self.eligible[number] = may
            self.found[number] = set(active) | set(others)

    def tick(self, now: datetime) -> None:
        self.expired = self.expired or (self.is_open() and self.is_late(now))

    # What is true

    def needed(self, number: int, people: int) -> int:
        quorum = self.levels[number - 1].quorum
        if isinstance(quorum, int):
            return quorum
        if quorum == "all":
            return people
        return next(count for count in range(1, people + 2) if count * 2 > people)

    def said(self, number: int, *, verdict: bool) -> set[str]:
        return {who for at, who, yes in self.ballots if at == number and yes is verdict}

    def result(self, number: int) -> str:
        """Say how a level ended: passed, the rule that rejects, or nothing yet."""
        if number not in self.eligible:
            return ""
        yes, no = self.said(number, verdict=True), self.said(number, verdict=False)
        silent = self.eligible[number] - yes - no
        needed = self.needed(number, len(self.eligible[number]))
        if len(yes) >= needed:
            return "passed"
        if len(no) >= self.levels[number - 1].reject_quorum:
            return "reject_quorum"
        return "quorum_out_of_reach" if len(yes | silent) < needed else ""

    def status(self) -> str:
        if self.withdrawn:
            return "withdrawn"
        if self.expired:
            return "expired"
        results = [self.result(number) for number in range(1, len(self.levels) + 1)]
        if all(result == "passed" for result in results):
            return "approved"
        if set(results) & {"reject_quorum", "quorum_out_of_reach"}:
            return "rejected"
        return "pending"

    def is_open(self) -> bool:
        return self.status() == "pending"

    def is_late(self, now: datetime) -> bool:
        """Say whether the clock of the level that waits has run out."""
        if not self.reached or self.result(len(self.reached)) == "passed":
            return False
        due = self.reached[-1]
        return due is not None and due <= now

    # Who may

    def why_not_withdraw(self, person: str, now: datetime) -> str:
        if not self.is_open() or self.is_late(now):
            return "request_closed"
        return "" if person == self.requester else "not_the_requester"

    def why_not_decide(self, press: Press, now: datetime) -> str:
        """Name the refusal, or return an empty string where the decision counts."""
        if not self.is_open() or self.is_late(now):
            return "request_closed"
        if press.revision != 1:
            return "stale_content"
        if press.person == self.requester:
            return "own_request"
        return self.why_not_here(press) or self.why_not_they(press) or self.why_not_so_worded(press)

    def why_not_here(self, press: Press) -> str:
        number = press.number
        if not 1 <= number <= len(self.reached):
            return "level_not_open"
        if any((at, who) == (number, press.person) for at, who, _ in self.ballots):
            return "already_decided"
        if self.result(number) == "passed":
            return "level_closed"
        return "" if number in self.eligible else "level_not_open"

    def why_not_they(self, press: Press) -> str:
        if press.person in self.eligible[press.number]:
            return ""
        before = any(who == press.person and at < press.number for at, who, _ in self.ballots)
        again = self.distinct and before and press.person in self.found[press.number]
        return "counted_elsewhere" if again else "not_an_approver"

    def why_not_so_worded(self, press: Press) -> str:
        level = self.levels[press.number - 1]
        rule = level.approve_reason if press.approve else level.reject_reason
        if rule == "required" and (press.reason == "" or press.reason.isspace()):
            return "reason_required"
        return "reason_too_long" if len(press.reason) >= 3001 else ""
