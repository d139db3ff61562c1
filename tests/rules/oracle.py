"""A second opinion on the engine: it remembers what happened and answers from the whole story.

It shares no code with `workflows.rules`, on purpose: people are strings, levels are numbers, and
who may do what is looked up in lists and sets of what was said and found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tests.rules.oracle_people import Answer


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
    verdict: str
    reason: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """What counted, once and for all: in which round, at which level, for whose seat."""

    revision: int
    number: int
    person: str
    seat: str
    verdict: str

    @property
    def who(self) -> set[str]:
        return {self.person, self.seat}


@dataclass(kw_only=True)
class Rung:
    """One reached level: its alarms, and everything the directory has said of it."""

    alarms: list[tuple[datetime, str]]
    answer: Answer | None = None
    seats: list[str] = field(default_factory=list)
    trouble: str = "approvers_unread"
    begins: set[datetime] = field(default_factory=set)
    choosers: set[str] = field(default_factory=set)
    wishes: int = 0
    wanted: bool = True
    passed: bool = False

    def wish(self) -> None:
        self.wishes, self.wanted = self.wishes + 1, True

    def let_go(self) -> None:
        self.wish()
        self.seats, self.trouble = [], "approvers_unread"

    def stands_in(self, person: str, now: datetime) -> list[str]:
        """Return the seats that the person stands in for at that instant, in order."""
        answer = self.answer
        if answer is None:
            return []
        return [seat for seat in self.seats if person in answer.delegates(seat, now)]


@dataclass(kw_only=True)
class Story:
    """The story of one request. `routes` are the levels that each amount needs, by its name."""

    requester: str
    routes: dict[str, list[OracleLevel]]
    asked: tuple[str, str]
    distinct: bool
    delegation: bool
    amendable: bool
    max_amendments: int
    revision: int = 1
    rungs: list[Rung] = field(default_factory=list)
    ballots: list[Ballot] = field(default_factory=list)
    delegations: dict[str, str] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    wanted_by: str = ""
    comments: int = 0
    ended: str = ""
    rule: str = ""

    # What happens

    def reach(self, alarms: list[tuple[datetime, str]]) -> None:
        self.rungs.append(Rung(alarms=alarms))

    def advance(self, now: datetime) -> None:
        """Let every alarm ring that is due, the earliest first, the end last at its instant."""
        while (due := self.next_alarm()) is not None and due[0] <= now:
            self._ring(due)

    def next_alarm(self) -> tuple[datetime, str] | None:
        if self.ended or not self.rungs or self.rungs[-1].passed:
            return None
        rung = self.rungs[-1]
        begun = [(at, "begin") for at in rung.begins]
        order = ["begin", "remind", "add", "instead", "end"]
        alarms = sorted([*rung.alarms, *begun], key=lambda one: (one[0], order.index(one[1])))
        return alarms[0] if alarms else None

    def _ring(self, alarm: tuple[datetime, str]) -> None:
        rung, (at, kind) = self.rungs[-1], alarm
        if kind == "begin":
            rung.begins.discard(at)
        else:
            rung.alarms.remove(alarm)
        if kind == "end":
            self.ended, self.rule = "expired", "expire_after"
        elif not self.wanted_by:
            (rung.let_go if kind == "instead" else rung.wish)()

    def hear(self, answer: Answer, now: datetime) -> None:
        """Take an answer of the directory, for the level that waits."""
        rung, number = self.rungs[-1], len(self.rungs)
        if answer.admins is not None:
            self.admins = set(answer.admins)
        if answer.unreadable:
            rung.trouble = rung.trouble and "approvers_unreadable"
            return
        out = self.barred(number)
        here = self.at(number)
        proxies = {one.person for one in here if one.person != one.seat}
        seats = [one for one in dict.fromkeys(answer.active) if one not in out | proxies]
        able = answer.able - out
        for seat, delegate in list(self.delegations.items()):
            waits = seat in seats and seat not in {one.seat for one in here}
            if waits and delegate not in able:
                del self.delegations[seat]
        handed = dict(self.delegations) if self.delegation else {}
        away = answer.away if self.delegation else []
        rung.answer = answer.within(able=able, handed=handed, away=away)
        rung.seats = seats
        rung.begins = {at for seat in seats for at in rung.answer.beginnings(seat) if at > now}
        self._judge_people(number, admins_missing=answer.admins is None and not self.admins)

    def _judge_people(self, number: int, *, admins_missing: bool) -> None:
        rung = self.rungs[-1]
        said_yes = self.said(number, "approve")
        if said_yes + len(self.open_seats(number)) < self.needed(number):
            rung.trouble = "too_few_eligible" if rung.seats else "no_eligible_approver"
            return
        rung.trouble, rung.wanted = "", admins_missing
        self._pass_if_enough(number)

    def count(self, press: Press, now: datetime) -> None:
        """Count a press that nobody has refused."""
        number = press.number
        ballot = Ballot(
            revision=self.revision,
            number=number,
            person=press.person,
            seat=self.seat(number, press.person, now),
            verdict=press.verdict,
        )
        self.ballots.append(ballot)
        if press.verdict == "request_changes":
            self.wanted_by = press.person
        elif press.verdict == "approve":
            self._pass_if_enough(number)
        elif self.said(number, "reject") >= self.levels[number - 1].reject_quorum:
            self.ended, self.rule = "rejected", "reject_quorum"
        elif self.said(number, "approve") + len(self.open_seats(number)) < self.needed(number):
            self.ended, self.rule = "rejected", "quorum_out_of_reach"

    def _pass_if_enough(self, number: int) -> None:
        if self.said(number, "approve") >= self.needed(number):
            self.rungs[number - 1].passed = True
            if number == len(self.levels):
                self.ended, self.rule = "approved", "quorum"

    def amend(self, asked: tuple[str, str]) -> None:
        self.asked, self.revision = asked, self.revision + 1
        self.rungs, self.wanted_by = [], ""
        if not self.levels:
            self.ended, self.rule = "approved", "no_level_needed"

    # What is true

    @property
    def levels(self) -> list[OracleLevel]:
        return self.routes[self.asked[1]]

    @property
    def status(self) -> str:
        return self.ended or ("changes_requested" if self.wanted_by else "pending")

    @property
    def waits_for_people(self) -> bool:
        if self.status != "pending" or not self.rungs or self.rungs[-1].passed:
            return False
        return self.rungs[-1].wanted

    @property
    def voided(self) -> int:
        return sum(one.revision < self.revision for one in self.ballots)

    def at(self, number: int) -> list[Ballot]:
        return [
            one for one in self.ballots if (one.revision, one.number) == (self.revision, number)
        ]

    def said(self, number: int, verdict: str) -> int:
        return sum(one.verdict == verdict for one in self.at(number))

    def open_seats(self, number: int) -> set[str]:
        return set(self.rungs[number - 1].seats) - {one.seat for one in self.at(number)}

    def needed(self, number: int) -> int:
        quorum = self.levels[number - 1].quorum
        people = len({one.seat for one in self.at(number)} | set(self.rungs[number - 1].seats))
        if isinstance(quorum, int):
            return quorum
        if quorum == "all":
            return people or 1
        return next(count for count in range(1, people + 2) if count * 2 > people)

    def counted_elsewhere(self, number: int) -> set[str]:
        if not self.distinct:
            return set()
        others = (one for one in self.ballots if one.revision == self.revision)
        return {who for one in others if one.number != number for who in one.who}

    def barred(self, number: int) -> set[str]:
        choosers = self.rungs[number - 1].choosers
        return {self.requester} | choosers | self.counted_elsewhere(number)

    def seat(self, number: int, person: str, now: datetime) -> str:
        """Return the seat that a press of the person fills, or an empty string."""
        free = self.open_seats(number)
        if person in free:
            return person
        if any(person in one.who for one in self.at(number)):
            return ""
        mine = self.rungs[number - 1].stands_in(person, now)
        return next((seat for seat in mine if seat in free), "")

    def involved(self) -> set[str]:
        return {self.requester} | self.admins | set(self._asked_or_decided())

    def _asked_or_decided(self) -> Iterator[str]:
        for number, rung in enumerate(self.rungs, start=1):
            yield from rung.seats
            yield from (one.person for one in self.at(number))
            if rung.answer is not None:
                for seat in rung.seats:
                    yield from rung.answer.ever(seat)
