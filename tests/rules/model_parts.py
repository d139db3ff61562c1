"""What hypothesis draws for the model: policies as engine and oracle read them, people, answers."""

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
    asked,
    level,
    member,
    policy,
    reading,
    usd,
    users,
)
from tests.rules.oracle import OracleLevel, Story
from tests.rules.oracle_people import Answer, Away
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

EVERYBODY = (ANA, BORIS, CLARA, DORA, EMIL, FINN, GUS)
NOBODY = "UNOBODY"
"""Of whom the directory never says a word."""

MINUTE = timedelta(minutes=1)
AMOUNTS = {"small": "500.00", "middle": "2000.00", "large": "9000.00"}
"""Up to 1,000 needs nobody, up to 5,000 the first level, more needs all of them."""


def content(title: str, amount: str) -> Content:
    return Content(title=title, amount=usd(AMOUNTS[amount]))


@dataclass(frozen=True, kw_only=True)
class Written:
    """One level, as the engine and as the oracle read it."""

    rule: LevelRule
    oracle: OracleLevel
    alarms: list[tuple[int, str]]
    end: int | None

    def alarms_from(self, now: datetime) -> list[tuple[datetime, str]]:
        """Return what rings, and when: nothing at the end or after it but the end."""
        before = [one for one in self.alarms if self.end is None or one[0] < self.end]
        end = [] if self.end is None else [(self.end, "end")]
        return [(now + minutes * MINUTE, kind) for minutes, kind in [*before, *end]]


quorums: st.SearchStrategy[int | str] = st.sampled_from([1, 2, 2, 3]) | st.sampled_from(
    ["all", "majority"]
)
minutes = st.integers(1, 8)


@st.composite
def levels(draw: st.DrawFn) -> Written:
    quorum: int | str = draw(quorums)
    reject_quorum = draw(st.sampled_from([1, 2, 2, 3]))
    approve_reason = draw(st.sampled_from([ReasonRule.OPTIONAL, *ReasonRule]))
    reject_reason = draw(st.sampled_from(ReasonRule))
    reminders = draw(st.lists(minutes, max_size=2))
    escalations = draw(st.lists(st.tuples(minutes, st.booleans()), max_size=2))
    end = draw(st.sampled_from([None, 3, 6, 9]))
    written = Quorum(count=quorum) if isinstance(quorum, int) else Quorum(kind=QuorumKind(quorum))
    return Written(
        rule=level(
            BORIS,
            name=f"level-{draw(st.integers())}",
            quorum=written,
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
        oracle=OracleLevel(
            quorum=quorum,
            reject_quorum=reject_quorum,
            approve_reason=approve_reason.value,
            reject_reason=reject_reason.value,
        ),
        alarms=[(after, "remind") for after in reminders]
        + [(after, "instead" if instead else "add") for after, instead in escalations],
        end=end,
    )


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A request to begin with, as the engine and as the oracle read it."""

    request: ApprovalRequest
    story: Story
    written: list[Written]


mostly = st.sampled_from([True, True, True, True, False])


@st.composite
def requests(draw: st.DrawFn) -> Begun:
    written = draw(st.lists(levels(), min_size=1, max_size=3, unique_by=lambda one: one.rule.name))
    amount = draw(st.sampled_from([*["large"] * 8, "middle", "small"]))
    distinct, delegation, amendable = draw(st.booleans()), draw(mostly), draw(mostly)
    most = draw(st.sampled_from([0, 1, 2, 5]))
    names = tuple(one.rule.name for one in written)
    pinned = policy(
        *(one.rule for one in written),
        distinct=distinct,
        delegation=delegation,
        max_amendments=most,
    )
    tiers = (
        Tier(up_to=usd("1000.00"), levels=()),
        Tier(up_to=usd("5000.00"), levels=names[:1]),
        Tier(up_to=None, levels=names),
    )
    plain = asked(replace(pinned, tiers=tiers), amount=AMOUNTS[amount], amendable=amendable)
    every = [one.oracle for one in written]
    return Begun(
        request=replace(plain, content=content("a", amount)),
        story=Story(
            requester=ANA,
            routes={"small": [], "middle": every[:1], "large": every},
            asked=("a", amount),
            distinct=distinct,
            delegation=delegation,
            amendable=amendable,
            max_amendments=most,
        ),
        written=written,
    )


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One answer of the directory, as the engine and as the oracle read it."""

    reading: DirectoryResult
    answer: Answer


people = st.sampled_from(EVERYBODY)
admins: st.SearchStrategy[list[str] | None] = st.sampled_from(
    [*[[GUS]] * 6, [BORIS, GUS], [ANA, GUS], [], None]
)
away = st.builds(
    Away,
    person=people,
    delegate=people | st.just(NOBODY),
    starts=st.integers(-5, 10).map(lambda minutes: NOON + minutes * MINUTE),
    ends=st.integers(-3, 25).map(lambda minutes: NOON + minutes * MINUTE),
).filter(lambda one: one.starts < one.ends)


@st.composite
def answers(draw: st.DrawFn) -> Heard:
    named = draw(st.lists(people, max_size=7, unique=True) | st.permutations(EVERYBODY[1:]))
    odd = draw(st.sets(people, max_size=2)) if draw(st.booleans()) else set()
    absences = draw(st.lists(away, max_size=4))
    unreadable = draw(st.sampled_from([*[False] * 5, True]))
    heads = draw(admins)
    return heard(named, odd=odd, absences=absences, unreadable=unreadable, heads=heads)


@st.composite
def good_answers(draw: st.DrawFn) -> Heard:
    """Draw what the directory says on a good day: several people, and who is there for the absent."""
    line = draw(st.permutations(EVERYBODY[1:]))
    found = draw(st.integers(2, 6))
    named, rest = line[:found], line[found:]
    absences = [
        Away(person=person, delegate=delegate, starts=NOON, ends=NOON + 20 * MINUTE)
        for person, delegate in zip(named, rest, strict=False)
    ]
    return heard(named, absences=absences, heads=[GUS])


def heard(
    named: list[str],
    *,
    odd: AbstractSet[str] = frozenset(),
    absences: Sequence[Away] = (),
    unreadable: bool = False,
    heads: list[str] | None,
) -> Heard:
    """Return the answer that names these people, of whom the odd ones are no active members."""

    def known(person: str) -> Member:
        return member(person, Standing.GUEST if person in odd else Standing.ACTIVE)

    return Heard(
        reading=reading(
            *map(known, named),
            unreadable=("group:x",) if unreadable else (),
            absences=tuple(
                Absence(person=a.person, delegate=a.delegate, starts=a.starts, ends=a.ends)
                for a in absences
            ),
            people=tuple(known(one) for one in EVERYBODY if one not in named),
            admins=tuple(heads or ()),
            admins_unreadable=("group:y",) if heads is None else (),
        ),
        answer=Answer(
            active=[one for one in named if one not in odd],
            others={one: "guest" for one in named if one in odd},
            able=set(EVERYBODY) - odd,
            away=list(absences),
            admins=heads,
            unreadable=unreadable,
        ),
    )
