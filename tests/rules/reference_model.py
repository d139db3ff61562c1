"""The reference for the model test: it records every event and derives each answer from them.

It shares no code with `workflows.rules`, on purpose: people are strings, levels are numbers, and
permissions are looked up in lists and sets of recorded events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tests.rules.reference_people import ReferenceResult


@dataclass(frozen=True, kw_only=True)
class ReferenceLevel:
    """A level of the policy. The quorum is a number of people, "all" or "majority"."""

    quorum: int | str
    reject_quorum: int
    approve_reason: str
    reject_reason: str


@dataclass(frozen=True, kw_only=True)
class Click:
    """A click on a verdict button of a level."""

    number: int
    person: str
    verdict: str
    reason: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class ReferenceDecision:
    """A decision that counted, with the seat that it filled."""

    revision: int
    number: int
    person: str
    seat: str
    verdict: str

    @property
    def counted_people(self) -> set[str]:
        return {self.person, self.seat}


@dataclass(kw_only=True)
class ReachedLevel:
    """A level that was reached: its ticks, and what the directory returned for it."""

    ticks: list[tuple[datetime, str]]
    result: ReferenceResult | None = None
    seats: list[str] = field(default_factory=list)
    blocked: str = "approvers_unread"
    delegation_starts: set[datetime] = field(default_factory=set)
    reassigned_by: set[str] = field(default_factory=set)
    taken_off: set[str] = field(default_factory=set)
    queries: int = 0
    query_due: bool = True
    passed: bool = False

    def request_query(self) -> None:
        self.queries, self.query_due = self.queries + 1, True

    def clear_approvers(self) -> None:
        self.request_query()
        self.seats, self.blocked = [], "approvers_unread"

    def delegated_seats(self, person: str, now: datetime) -> list[str]:
        """Return the seats whose delegate the person is at that instant, in order."""
        result = self.result
        if result is None:
            return []
        return [seat for seat in self.seats if person in result.delegates(seat, now)]


@dataclass(kw_only=True)
class ReferenceModel:
    """The events of one request. `routes` are the levels per name of an amount."""

    requester: str
    routes: dict[str, list[ReferenceLevel]]
    content_parts: tuple[str, str]
    distinct: bool
    delegation: bool
    amendable: bool
    max_amendments: int
    revision: int = 1
    reached_levels: list[ReachedLevel] = field(default_factory=list)
    decisions: list[ReferenceDecision] = field(default_factory=list)
    delegations: dict[str, str] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    excluded: dict[str, set[str]] = field(default_factory=dict)
    changes_requested_by: str = ""
    comments: int = 0
    ended: str = ""
    rule: str = ""

    # Events

    def reach(self, ticks: list[tuple[datetime, str]]) -> None:
        self.reached_levels.append(ReachedLevel(ticks=ticks))

    def advance(self, now: datetime) -> None:
        """Apply every tick that is due: the earliest first, and the expiry last at its instant."""
        while (due := self.next_tick()) is not None and due[0] <= now:
            self._apply_tick(due)

    def next_tick(self) -> tuple[datetime, str] | None:
        if self.ended or not self.reached_levels or self.reached_levels[-1].passed:
            return None
        reached = self.reached_levels[-1]
        starts = [(at, "begin") for at in reached.delegation_starts]
        order = ["begin", "remind", "add", "instead", "end"]
        ticks = sorted([*reached.ticks, *starts], key=lambda tick: (tick[0], order.index(tick[1])))
        return ticks[0] if ticks else None

    def _apply_tick(self, tick: tuple[datetime, str]) -> None:
        reached, (at, kind) = self.reached_levels[-1], tick
        if kind == "begin":
            reached.delegation_starts.discard(at)
        else:
            reached.ticks.remove(tick)
        if kind == "end":
            self.ended, self.rule = "expired", "expire_after"
        elif not self.changes_requested_by:
            (reached.clear_approvers if kind == "instead" else reached.request_query)()

    def apply_result(self, result: ReferenceResult, now: datetime) -> None:
        """Apply a directory result to the open level."""
        reached, number = self.reached_levels[-1], len(self.reached_levels)
        if result.admins is not None:
            self.admins = set(result.admins)
        if result.unreadable:
            reached.blocked = reached.blocked and "approvers_unreadable"
            return
        out = self.barred(number)
        here = self.at(number)
        proxies = {decision.person for decision in here if decision.person != decision.seat}
        seats = [person for person in dict.fromkeys(result.active) if person not in out | proxies]
        allowed = result.allowed - out
        for seat, delegate in list(self.delegations.items()):
            waits = seat in seats and seat not in {decision.seat for decision in here}
            if waits and delegate not in allowed:
                del self.delegations[seat]
        delegated = dict(self.delegations) if self.delegation else {}
        away = result.away if self.delegation else []
        reached.result = result.restricted_to(allowed=allowed, delegated=delegated, away=away)
        reached.seats = seats
        reached.delegation_starts = {
            at for seat in seats for at in reached.result.delegation_starts_of(seat) if at > now
        }
        self._update_block(number, admins_missing=result.admins is None and not self.admins)

    def _update_block(self, number: int, *, admins_missing: bool) -> None:
        reached = self.reached_levels[-1]
        said_yes = self.count_of(number, "approve")
        if said_yes + len(self.open_seats(number)) < self.needed(number):
            reached.blocked = "too_few_eligible" if reached.seats else "no_eligible_approver"
            return
        reached.blocked, reached.query_due = "", admins_missing
        self._pass_if_certain(number)

    def record_decision(self, click: Click, now: datetime) -> None:
        """Record a click that was not refused."""
        number = click.number
        decision = ReferenceDecision(
            revision=self.revision,
            number=number,
            person=click.person,
            seat=self.seat(number, click.person, now),
            verdict=click.verdict,
        )
        self.decisions.append(decision)
        if click.verdict == "request_changes":
            self.changes_requested_by = click.person
        elif click.verdict == "approve":
            self._pass_if_certain(number)
        elif self.count_of(number, "reject") >= self.levels[number - 1].reject_quorum:
            self.ended, self.rule = "rejected", "reject_quorum"
        elif self.count_of(number, "approve") + len(self.open_seats(number)) < self.needed(number):
            self.ended, self.rule = "rejected", "quorum_out_of_reach"

    def _pass_if_certain(self, number: int) -> None:
        if self.count_of(number, "approve") >= self.needed(number):
            self.reached_levels[number - 1].passed = True
            if number == len(self.levels):
                self.ended, self.rule = "approved", "quorum"

    def reassign(self, admin: str, named: list[str]) -> None:
        reached = self.reached_levels[-1]
        self.excluded = {who: by for who, by in self.excluded.items() if who not in named}
        reached.taken_off = (reached.taken_off | set(reached.seats)) - set(named)
        reached.reassigned_by.add(admin)
        reached.clear_approvers()

    def amend(self, content_parts: tuple[str, str]) -> None:
        for number, reached in enumerate(self.reached_levels, start=1):
            for person in reached.taken_off - self.all_seats(number):
                self.excluded[person] = set(reached.reassigned_by)
        self.content_parts, self.revision = content_parts, self.revision + 1
        self.reached_levels, self.changes_requested_by = [], ""
        if not self.levels:
            self.ended, self.rule = "approved", "no_level_needed"

    # Queries

    @property
    def levels(self) -> list[ReferenceLevel]:
        return self.routes[self.content_parts[1]]

    @property
    def status(self) -> str:
        return self.ended or ("changes_requested" if self.changes_requested_by else "pending")

    @property
    def waits_for_people(self) -> bool:
        if self.status != "pending" or not self.reached_levels or self.reached_levels[-1].passed:
            return False
        return self.reached_levels[-1].query_due

    @property
    def voided(self) -> int:
        return sum(decision.revision < self.revision for decision in self.decisions)

    def at(self, number: int) -> list[ReferenceDecision]:
        return [
            decision
            for decision in self.decisions
            if (decision.revision, decision.number) == (self.revision, number)
        ]

    def count_of(self, number: int, verdict: str) -> int:
        return sum(decision.verdict == verdict for decision in self.at(number))

    def open_seats(self, number: int) -> set[str]:
        return set(self.reached_levels[number - 1].seats) - {
            decision.seat for decision in self.at(number)
        }

    def all_seats(self, number: int) -> set[str]:
        filled = {decision.seat for decision in self.at(number)}
        return filled | set(self.reached_levels[number - 1].seats)

    def needed(self, number: int) -> int:
        quorum = self.levels[number - 1].quorum
        people = len(self.all_seats(number))
        if isinstance(quorum, int):
            return quorum
        if quorum == "all":
            return people or 1
        return next(
            record_decision
            for record_decision in range(1, people + 2)
            if record_decision * 2 > people
        )

    def counted_at_other_levels(self, number: int) -> set[str]:
        if not self.distinct:
            return set()
        others = (decision for decision in self.decisions if decision.revision == self.revision)
        return {
            counted_people
            for decision in others
            if decision.number != number
            for counted_people in decision.counted_people
        }

    def barred(self, number: int) -> set[str]:
        reassigned_by = self.reached_levels[number - 1].reassigned_by
        excluded = set(self.excluded).union(*self.excluded.values())
        return {self.requester} | reassigned_by | self.counted_at_other_levels(number) | excluded

    def seat(self, number: int, person: str, now: datetime) -> str:
        """Return the seat that a click of the person fills, or an empty string."""
        free = self.open_seats(number)
        if person in free:
            return person
        if any(person in decision.counted_people for decision in self.at(number)):
            return ""
        mine = self.reached_levels[number - 1].delegated_seats(person, now)
        return next((seat for seat in mine if seat in free), "")

    def involved_people(self) -> set[str]:
        return {self.requester} | self.admins | set(self._approvers_and_deciders())

    def _approvers_and_deciders(self) -> Iterator[str]:
        for number, reached in enumerate(self.reached_levels, start=1):
            yield from reached.seats
            yield from (decision.person for decision in self.at(number))
            if reached.result is not None:
                for seat in reached.seats:
                    yield from reached.result.all_delegates(seat)
