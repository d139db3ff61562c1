"""What is still worth telling when a notice can be sent at last."""

from dataclasses import dataclass, replace

from tests.rules.acts import decided, no, withdraw, withdrawal, yes
from tests.rules.builders import ANA, BORIS, CLARA, level, of, opened, table
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.snapshot import ApprovalFace, approval_face
from workflows.rules.notice import NoticeKind, Owed, still_owed

TWO = opened(level(BORIS, CLARA, quorum=of(2)))
BORIS_SAID = decided(TWO, yes(BORIS))
CLOSED = withdraw(TWO, withdrawal()).state


def face(state: ApprovalState) -> ApprovalFace:
    return approval_face(state, 1)


def owed(kind: NoticeKind, *people: str, person: str = "", of_level: int = 1) -> Owed:
    return Owed(key="k", kind=kind, people=people, person=person, level=of_level)


BOTH = owed(NoticeKind.REMINDED, BORIS, CLARA)
TO_BORIS = owed(NoticeKind.ASKED, person=BORIS)


@dataclass(frozen=True, kw_only=True)
class Told:
    description: str
    given: Owed
    when: ApprovalFace
    then: Owed | None


@table(
    Told(description="who has not decided is reminded", given=BOTH, when=face(TWO), then=BOTH),
    Told(
        description="who has decided meanwhile is left out",
        given=BOTH,
        when=face(BORIS_SAID),
        then=replace(BOTH, people=(CLARA,)),
    ),
    Told(
        description="nobody is asked who has decided by another way",
        given=TO_BORIS,
        when=face(BORIS_SAID),
        then=None,
    ),
    Told(
        description="nobody is asked about a closed request",
        given=TO_BORIS,
        when=face(CLOSED),
        then=None,
    ),
    Told(
        description="nobody is asked about a level that has passed",
        given=owed(NoticeKind.ASKED, BORIS, of_level=2),
        when=face(TWO),
        then=None,
    ),
    Told(
        description="admins do not hear of a level that is open again",
        given=owed(NoticeKind.BLOCKED),
        when=face(TWO),
        then=None,
    ),
    Told(
        description="who asked hears the outcome, of a closed request too",
        given=owed(NoticeKind.OUTCOME, person=ANA),
        when=face(decided(TWO, no(BORIS))),
        then=owed(NoticeKind.OUTCOME, person=ANA),
    ),
    Told(
        description="changes that were made are wanted no more",
        given=owed(NoticeKind.CHANGES_WANTED, person=ANA),
        when=face(TWO),
        then=None,
    ),
)
def test_only_what_is_still_true_is_told(row: Told) -> None:
    assert still_owed(row.given, row.when) == row.then
