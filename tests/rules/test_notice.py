"""Which notices are still relevant when they can be sent."""

from dataclasses import dataclass, replace

from tests.rules.builders import ANA, BORIS, CLARA, level, opened, quorum_of, table
from tests.rules.verbs import decided, no, withdraw, withdrawal, yes
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.notice import NoticeKind, PendingNotice, still_relevant

TWO = opened(level(BORIS, CLARA, quorum=quorum_of(2)))
BORIS_SAID = decided(TWO, yes(BORIS))
CLOSED = withdraw(TWO, withdrawal()).state


def snapshot(state: ApprovalState) -> ApprovalSnapshot:
    return approval_snapshot(state, 1)


def owed(kind: NoticeKind, *people: str, person: str = "", of_level: int = 1) -> PendingNotice:
    return PendingNotice(key="k", kind=kind, people=people, person=person, level=of_level)


BOTH = owed(NoticeKind.REMINDED, BORIS, CLARA)
TO_BORIS = owed(NoticeKind.ASKED, person=BORIS)


@dataclass(frozen=True, kw_only=True)
class NoticeResult:
    description: str
    given: PendingNotice
    when: ApprovalSnapshot
    then: PendingNotice | None


@table(
    NoticeResult(
        description="an undecided approver is reminded", given=BOTH, when=snapshot(TWO), then=BOTH
    ),
    NoticeResult(
        description="an approver who has decided is left out",
        given=BOTH,
        when=snapshot(BORIS_SAID),
        then=replace(BOTH, people=(CLARA,)),
    ),
    NoticeResult(
        description="a person who has counted in another way is not asked",
        given=TO_BORIS,
        when=snapshot(BORIS_SAID),
        then=None,
    ),
    NoticeResult(
        description="no one is asked about a closed request",
        given=TO_BORIS,
        when=snapshot(CLOSED),
        then=None,
    ),
    NoticeResult(
        description="no one is asked about a level that has passed",
        given=owed(NoticeKind.ASKED, BORIS, of_level=2),
        when=snapshot(TWO),
        then=None,
    ),
    NoticeResult(
        description="admins are not notified of a level that is open again",
        given=owed(NoticeKind.BLOCKED),
        when=snapshot(TWO),
        then=None,
    ),
    NoticeResult(
        description="the requester is notified of the outcome of a closed request",
        given=owed(NoticeKind.OUTCOME, person=ANA),
        when=snapshot(decided(TWO, no(BORIS))),
        then=owed(NoticeKind.OUTCOME, person=ANA),
    ),
    NoticeResult(
        description="a request for changes is dropped once they were made",
        given=owed(NoticeKind.CHANGES_WANTED, person=ANA),
        when=snapshot(TWO),
        then=None,
    ),
)
def test_only_relevant_notices_are_sent(row: NoticeResult) -> None:
    assert still_relevant(row.given, row.when) == row.then
