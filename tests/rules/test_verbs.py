"""The verbs that a person is offered: exactly those that would be accepted now."""

from collections.abc import Callable
from dataclasses import dataclass, replace

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
    level,
    next_opened,
    open_request,
    opened,
    policy,
    quorum_of,
    reached,
    request_under,
    submitted,
    table,
)
from tests.rules.verbs import (
    CLOSED,
    amend,
    changes,
    close,
    comment,
    decide,
    decided,
    delegate_seat,
    in_status,
    no,
    reassign,
    refresh,
    withdraw,
    withdrawal,
    yes,
)
from workflows.rules.approvals.request import ApprovalState, Change
from workflows.rules.approvals.verbs import Verb, verbs_of
from workflows.rules.shared.errors import RuleError

TWO = level(BORIS, CLARA, quorum=quorum_of(2), reject_quorum=2)
OPEN = opened(TWO, expires_at=after(minutes=5))
STOOD_IN = apply_result(
    delegate_seat(OPEN, BORIS, EMIL).state, directory_result(BORIS, CLARA, people=(EMIL,))
).state
AWAITING = decided(OPEN, changes(BORIS))
DECIDE = (Verb.APPROVE, Verb.REJECT, Verb.REQUEST_CHANGES)


@dataclass(frozen=True, kw_only=True)
class Offered:
    description: str
    given: ApprovalState
    person: str
    then: tuple[Verb, ...]


@table(
    Offered(
        description="an approver",
        given=OPEN,
        person=BORIS,
        then=(*DECIDE, Verb.COMMENT, Verb.DELEGATE),
    ),
    Offered(
        description="an approver who has decided",
        given=decided(OPEN, yes(BORIS)),
        person=BORIS,
        then=(Verb.COMMENT,),
    ),
    Offered(
        description="an approver if the content cannot be amended",
        given=open_request(request_under(policy(TWO), amendable=False)),
        person=BORIS,
        then=(Verb.APPROVE, Verb.REJECT, Verb.COMMENT, Verb.DELEGATE),
    ),
    Offered(
        description="an approver if the policy forbids delegation",
        given=open_request(request_under(policy(TWO, delegation=False))),
        person=BORIS,
        then=(*DECIDE, Verb.COMMENT),
    ),
    Offered(
        description="a delegate",
        given=STOOD_IN,
        person=EMIL,
        then=(*DECIDE, Verb.COMMENT),
    ),
    Offered(
        description="the requester",
        given=OPEN,
        person=ANA,
        then=(Verb.COMMENT, Verb.AMEND, Verb.WITHDRAW),
    ),
    Offered(
        description="the requester while changes are requested",
        given=AWAITING,
        person=ANA,
        then=(Verb.COMMENT, Verb.AMEND, Verb.WITHDRAW),
    ),
    Offered(
        description="the requester if the content cannot be amended",
        given=open_request(request_under(policy(TWO), amendable=False)),
        person=ANA,
        then=(Verb.COMMENT, Verb.WITHDRAW),
    ),
    Offered(
        description="an admin",
        given=OPEN,
        person=GUS,
        then=(Verb.COMMENT, Verb.REASSIGN, Verb.REFRESH, Verb.CLOSE),
    ),
    Offered(
        description="an admin while changes are requested",
        given=AWAITING,
        person=GUS,
        then=(Verb.COMMENT, Verb.CLOSE),
    ),
    Offered(description="a stranger", given=OPEN, person=FINN, then=()),
    *(
        Offered(
            description=f"{person} of a request that is {status}",
            given=in_status(status),
            person=person,
            then=(),
        )
        for status in CLOSED
        for person in (ANA, BORIS, GUS, FINN)
    ),
)
def test_the_verbs_that_a_person_is_offered(row: Offered) -> None:
    verbs = verbs_of(row.given, row.person, NOON)

    assert verbs == row.then


def number(state: ApprovalState) -> int:
    return len(state.levels)


PRESSES: dict[Verb, Callable[[ApprovalState, str], Change]] = {
    Verb.APPROVE: lambda state, who: decide(
        state, yes(who, reason="fine", level=number(state), revision=state.content_revision)
    ),
    Verb.REJECT: lambda state, who: decide(
        state, no(who, reason="no", level=number(state), revision=state.content_revision)
    ),
    Verb.REQUEST_CHANGES: lambda state, who: decide(
        state, changes(who, level=number(state), revision=state.content_revision)
    ),
    Verb.COMMENT: comment,
    Verb.AMEND: lambda state, who: amend(
        state, replace(state.request.content, text="something new"), person=who
    ),
    Verb.DELEGATE: lambda state, who: delegate_seat(state, who, "USTANDIN"),
    Verb.WITHDRAW: lambda state, who: withdraw(state, withdrawal(who)),
    Verb.REASSIGN: lambda state, who: reassign(state, "USTANDIN", by=who),
    Verb.REFRESH: lambda state, who: refresh(state, actor(who)),
    Verb.CLOSE: close,
}

SITUATIONS = {
    "submitted": submitted(TWO),
    "reached": reached(TWO),
    "blocked": blocked(TWO),
    "open": OPEN,
    "half decided": decided(OPEN, yes(BORIS)),
    "with a stand-in": STOOD_IN,
    "decided by the stand-in": decided(STOOD_IN, yes(EMIL)),
    "awaiting changes": AWAITING,
    "amended": amend(OPEN, replace(OPEN.request.content, text="new")).state,
    "reassigned": reassign(OPEN, DORA).state,
    "between levels": decided(opened(level(BORIS), level(DORA, name="hr")), yes(BORIS)),
    "at the second level": next_opened(
        decided(opened(level(BORIS), level(DORA, name="hr")), yes(BORIS))
    ),
    "used up": open_request(request_under(policy(TWO, max_amendments=0))),
    **{f"{status}": in_status(status) for status in CLOSED},
}


def counts(verb: Verb, state: ApprovalState, person: str) -> bool:
    try:
        PRESSES[verb](state, person)
    except RuleError:
        return False
    return True


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("person", [ANA, BORIS, CLARA, DORA, EMIL, GUS, FINN])
def test_exactly_the_offered_verbs_are_accepted(situation: str, person: str) -> None:
    state = SITUATIONS[situation]

    offered = verbs_of(state, person, NOON)

    assert offered == tuple(verb for verb in Verb if counts(verb, state, person))


def test_nothing_is_offered_after_expiry() -> None:
    for person in (ANA, BORIS, GUS):
        assert verbs_of(OPEN, person, after(minutes=5)) == ()


def test_listing_the_verbs_changes_nothing() -> None:
    before = repr(OPEN)

    verbs_of(OPEN, BORIS, after(minutes=9))

    assert repr(OPEN) == before
