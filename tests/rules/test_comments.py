"""Comments: who may comment, what is kept, and that the state stays small."""

from dataclasses import asdict, dataclass

import pytest

from tests.rules.builders import (
    ANA,
    BORIS,
    CLARA,
    DORA,
    EMIL,
    FINN,
    GUS,
    NOON,
    actor,
    after,
    apply_result,
    blocked,
    directory_result,
    kinds,
    level,
    next_opened,
    open_request,
    opened,
    policy,
    quorum_of,
    request_under,
    submitted,
    table,
)
from tests.rules.verbs import (
    CLOSED,
    changes,
    comment,
    decided,
    delegate_seat,
    in_status,
    reassign,
    refusal_of,
    yes,
)
from workflows.rules.approvals.policy import Notify
from workflows.rules.approvals.request import ApprovalState, NotificationKind, Remark, Status

OPEN = opened(level(BORIS, CLARA, quorum=quorum_of(2)), expires_at=after(minutes=5))
STOOD_IN = apply_result(
    delegate_seat(OPEN, BORIS, EMIL).state, directory_result(BORIS, CLARA, people=(EMIL,))
).state
SECOND = next_opened(decided(opened(level(BORIS), level(DORA, name="hr")), yes(BORIS)))


@dataclass(frozen=True, kw_only=True)
class May:
    description: str
    given: ApprovalState
    person: str
    then: str = ""


@table(
    May(description="the requester may", given=OPEN, person=ANA),
    May(
        description="the requester may before the approvers are known",
        given=submitted(level(BORIS)),
        person=ANA,
    ),
    May(description="an approver may", given=OPEN, person=BORIS),
    May(
        description="an approver who has decided may", given=decided(OPEN, yes(BORIS)), person=BORIS
    ),
    May(description="an approver of an earlier level may", given=SECOND, person=BORIS),
    May(description="an approver of the open level may", given=SECOND, person=DORA),
    May(description="an admin may", given=OPEN, person=GUS),
    May(description="a delegate may", given=STOOD_IN, person=EMIL),
    May(
        description="an approver may while changes are requested",
        given=decided(OPEN, changes(BORIS)),
        person=CLARA,
    ),
    May(
        description="the requester may while the level is blocked",
        given=blocked(level(BORIS)),
        person=ANA,
    ),
    May(
        description="a replaced approver who has decided may",
        given=reassign(decided(OPEN, yes(BORIS)), FINN).state,
        person=BORIS,
    ),
    May(description="a stranger may not", given=OPEN, person=FINN, then="not_involved"),
    May(
        description="an approver of a later level may not yet",
        given=opened(level(BORIS), level(DORA, name="hr")),
        person=DORA,
        then="not_involved",
    ),
    *(
        May(
            description=f"no one comments on a request that is {status}",
            given=in_status(status),
            person=person,
            then="request_closed",
        )
        for status in CLOSED
        for person in (ANA, BORIS, GUS, FINN)
    ),
)
def test_who_may_comment(row: May) -> None:
    if row.then:
        assert refusal_of(lambda: comment(row.given, row.person)).code == row.then
    else:
        assert comment(row.given, row.person).state.comments == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "reason_required"), (" \n", "reason_required"), ("x" * 3001, "reason_too_long")],
)
def test_a_comment_has_1_to_3000_characters(text: str, code: str) -> None:
    error = refusal_of(lambda: comment(OPEN, BORIS, text))

    assert error.code == code


def test_no_one_comments_after_expiry() -> None:
    error = refusal_of(lambda: comment(OPEN, BORIS, now=after(minutes=5)))

    assert error.code == "request_closed"


def test_a_comment_is_a_fact_with_its_whole_text_and_decides_nothing() -> None:
    text = "<!channel> *why*\n" + "x" * 2000

    change = comment(OPEN, BORIS, text, after(minutes=1))

    assert kinds(change.facts) == ["CommentAdded"]
    assert (change.facts[0].actor, change.facts[0].level) == (actor(BORIS), 1)
    assert change.facts[0].reason == text
    assert change.state.levels == OPEN.levels
    assert change.state.status is Status.PENDING
    assert change.state.remarks == (Remark(person=BORIS, text=text, at=after(minutes=1)),)


@dataclass(frozen=True, kw_only=True)
class Readers:
    description: str
    given: ApprovalState
    person: str
    then: tuple[str, ...]


@table(
    Readers(
        description="an approver's are for the requester", given=OPEN, person=BORIS, then=(ANA,)
    ),
    Readers(description="an admin's are for the requester", given=OPEN, person=GUS, then=(ANA,)),
    Readers(
        description="the requester's are for the approvers",
        given=OPEN,
        person=ANA,
        then=(BORIS, CLARA),
    ),
    Readers(
        description="those who have decided are not notified",
        given=decided(OPEN, yes(BORIS)),
        person=ANA,
        then=(CLARA,),
    ),
    Readers(description="nor is an earlier level", given=SECOND, person=ANA, then=(DORA,)),
    Readers(
        description="approvers who have not decided are notified while changes are requested",
        given=decided(OPEN, changes(BORIS)),
        person=ANA,
        then=(CLARA,),
    ),
    Readers(
        description="no one is asked before the approvers are known",
        given=submitted(level(BORIS)),
        person=ANA,
        then=(),
    ),
    Readers(
        description="a policy can leave the approvers alone",
        given=open_request(request_under(policy(level(BORIS), notify=Notify.NONE))),
        person=ANA,
        then=(),
    ),
)
def test_a_comment_notifies_those_it_is_for(row: Readers) -> None:
    found = comment(row.given, row.person, notify=True).notifications

    assert tuple(person for notification in found for person in notification.people) == row.then
    assert {notification.kind for notification in found} <= {NotificationKind.COMMENTED}


def test_a_reply_in_the_thread_needs_no_notice() -> None:
    assert comment(OPEN, BORIS).notifications == ()


def test_the_state_keeps_the_last_three_and_counts_all() -> None:
    state = OPEN
    for number in range(5):
        state = comment(state, BORIS, f"remark {number}").state

    assert state.comments == 5
    assert [remark.text for remark in state.remarks] == ["remark 2", "remark 3", "remark 4"]


def test_thousands_of_comments_do_not_grow_the_state() -> None:
    state, sizes = OPEN, []
    for number in range(3000):
        state = comment(state, CLARA, f"remark {number:04}", NOON).state
        if number in (999, 2999):
            sizes.append(len(repr(asdict(state))))

    assert state.comments == 3000
    assert sizes[0] <= sizes[1] <= sizes[0] + 8  # the counter may have one more digit
