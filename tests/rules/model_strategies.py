"""Hypothesis strategies for the model test: policies, people and directory results."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    NOON,
    directory_result,
    level,
    member,
    policy,
    request_under,
    usd,
    users,
)
from tests.rules.reference_model import ReferenceLevel, ReferenceModel
from tests.rules.reference_people import ReferenceAbsence, ReferenceResult
from workflows.rules.approvals.policy import (
    Escalation,
    LevelRule,
    Quorum,
    QuorumKind,
    ReasonRule,
    Tier,
)
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.people.actors import Absence, DirectoryResult, Member, Standing
from workflows.rules.shared.content import Content

EVERYONE = (ANA, BORIS, CLARA, DORA, EMIL, FINN, GUS)
UNKNOWN_PERSON = "UNOBODY"
"""A person that no directory result contains."""

MINUTE = timedelta(minutes=1)
AMOUNTS = {"small": "500.00", "middle": "2000.00", "large": "9000.00"}
"""Amounts up to 1,000 need no level, up to 5,000 the first level, and above all levels."""


def content(title: str, amount: str) -> Content:
    return Content(title=title, amount=usd(AMOUNTS[amount]))


@dataclass(frozen=True, kw_only=True)
class DrawnLevel:
    """A level, for the rules and for the reference."""

    rule: LevelRule
    expected_level: ReferenceLevel
    ticks: list[tuple[int, str]]
    end: int | None

    def ticks_from(self, now: datetime) -> list[tuple[datetime, str]]:
        """Return the ticks with their instants; ticks that are not before the expiry are left out."""
        before = [tick for tick in self.ticks if self.end is None or tick[0] < self.end]
        end = [] if self.end is None else [(self.end, "end")]
        return [(now + minutes * MINUTE, kind) for minutes, kind in [*before, *end]]


quorums: st.SearchStrategy[int | str] = st.sampled_from([1, 2, 2, 3]) | st.sampled_from(
    ["all", "majority"]
)
minutes = st.integers(1, 8)


@st.composite
def levels(draw: st.DrawFn) -> DrawnLevel:
    quorum: int | str = draw(quorums)
    reject_quorum = draw(st.sampled_from([1, 2, 2, 3]))
    approve_reason = draw(st.sampled_from([ReasonRule.OPTIONAL, *ReasonRule]))
    reject_reason = draw(st.sampled_from(ReasonRule))
    reminders = draw(st.lists(minutes, max_size=2))
    escalations = draw(st.lists(st.tuples(minutes, st.booleans()), max_size=2))
    end = draw(st.sampled_from([None, 3, 6, 9]))
    drawn_levels = (
        Quorum(count=quorum) if isinstance(quorum, int) else Quorum(kind=QuorumKind(quorum))
    )
    return DrawnLevel(
        rule=level(
            BORIS,
            name=f"level-{draw(st.integers())}",
            quorum=drawn_levels,
            reject_quorum=reject_quorum,
            approve_reason=approve_reason,
            reject_reason=reject_reason,
            remind_after=tuple(after * MINUTE for after in reminders),
            escalate=tuple(
                Escalation(after=after * MINUTE, to=users(FINN), replace=instead)
                for after, instead in escalations
            ),
            expire_after=None if end is None else end * MINUTE,
        ),
        expected_level=ReferenceLevel(
            quorum=quorum,
            reject_quorum=reject_quorum,
            approve_reason=approve_reason.value,
            reject_reason=reject_reason.value,
        ),
        ticks=[(after, "remind") for after in reminders]
        + [(after, "instead" if instead else "add") for after, instead in escalations],
        end=end,
    )


@dataclass(frozen=True, kw_only=True)
class DrawnRequest:
    """A request, for the rules and for the reference."""

    request: ApprovalRequest
    reference: ReferenceModel
    drawn_levels: list[DrawnLevel]


mostly = st.sampled_from([True, True, True, True, False])


@st.composite
def requests(draw: st.DrawFn) -> DrawnRequest:
    drawn_levels = draw(
        st.lists(levels(), min_size=1, max_size=3, unique_by=lambda drawn: drawn.rule.name)
    )
    amount = draw(st.sampled_from([*["large"] * 8, "middle", "small"]))
    distinct, delegation, amendable = draw(st.booleans()), draw(mostly), draw(mostly)
    most = draw(st.sampled_from([0, 1, 2, 5]))
    names = tuple(drawn.rule.name for drawn in drawn_levels)
    pinned = policy(
        *(drawn.rule for drawn in drawn_levels),
        distinct=distinct,
        delegation=delegation,
        max_amendments=most,
    )
    tiers = (
        Tier(up_to=usd("1000.00"), levels=()),
        Tier(up_to=usd("5000.00"), levels=names[:1]),
        Tier(up_to=None, levels=names),
    )
    plain = request_under(replace(pinned, tiers=tiers), amount=AMOUNTS[amount], amendable=amendable)
    every = [drawn.expected_level for drawn in drawn_levels]
    return DrawnRequest(
        request=replace(plain, content=content("a", amount)),
        reference=ReferenceModel(
            requester=ANA,
            routes={"small": [], "middle": every[:1], "large": every},
            content_parts=("a", amount),
            distinct=distinct,
            delegation=delegation,
            amendable=amendable,
            max_amendments=most,
        ),
        drawn_levels=drawn_levels,
    )


@dataclass(frozen=True, kw_only=True)
class DrawnResult:
    """A directory result, for the rules and for the reference."""

    result: DirectoryResult
    expected: ReferenceResult


people = st.sampled_from(EVERYONE)
admins: st.SearchStrategy[list[str] | None] = st.sampled_from(
    [*[[GUS]] * 6, [BORIS, GUS], [ANA, GUS], [], None]
)
away = st.builds(
    ReferenceAbsence,
    person=people,
    delegate=people | st.just(UNKNOWN_PERSON),
    starts=st.integers(-5, 10).map(lambda minutes: NOON + minutes * MINUTE),
    ends=st.integers(-3, 25).map(lambda minutes: NOON + minutes * MINUTE),
).filter(lambda absence: absence.starts < absence.ends)


@st.composite
def directory_results(draw: st.DrawFn) -> DrawnResult:
    people_found = draw(st.lists(people, max_size=7, unique=True) | st.permutations(EVERYONE[1:]))
    odd = draw(st.sets(people, max_size=2)) if draw(st.booleans()) else set()
    absences = draw(st.lists(away, max_size=4))
    unreadable = draw(st.sampled_from([*[False] * 5, True]))
    heads = draw(admins)
    return drawn_result(
        people_found, odd=odd, absences=absences, unreadable=unreadable, heads=heads
    )


@st.composite
def usual_results(draw: st.DrawFn) -> DrawnResult:
    """Draw a usual result: several people, and delegates for the absent ones."""
    line = draw(st.permutations(EVERYONE[1:]))
    found = draw(st.integers(2, 6))
    people_found, rest = line[:found], line[found:]
    absences = [
        ReferenceAbsence(person=person, delegate=delegate, starts=NOON, ends=NOON + 20 * MINUTE)
        for person, delegate in zip(people_found, rest, strict=False)
    ]
    return drawn_result(people_found, absences=absences, heads=[GUS])


def drawn_result(
    people_found: list[str],
    *,
    odd: AbstractSet[str] = frozenset(),
    absences: Sequence[ReferenceAbsence] = (),
    unreadable: bool = False,
    heads: list[str] | None,
) -> DrawnResult:
    """Return a result with these people; those in `odd` are guests."""

    def known(person: str) -> Member:
        return member(person, Standing.GUEST if person in odd else Standing.ACTIVE)

    return DrawnResult(
        result=directory_result(
            *map(known, people_found),
            unreadable=("group:x",) if unreadable else (),
            absences=tuple(
                Absence(person=a.person, delegate=a.delegate, starts=a.starts, ends=a.ends)
                for a in absences
            ),
            people=tuple(known(person) for person in EVERYONE if person not in people_found),
            admins=tuple(heads or ()),
            admins_unreadable=("group:y",) if heads is None else (),
        ),
        expected=ReferenceResult(
            active=[person for person in people_found if person not in odd],
            others={person: "guest" for person in people_found if person in odd},
            allowed=set(EVERYONE) - odd,
            away=list(absences),
            admins=heads,
            unreadable=unreadable,
        ),
    )
