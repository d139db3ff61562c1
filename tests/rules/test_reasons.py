"""Reasons of verdicts: none, optional or required, with at most 3,000 characters."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import BORIS, latest_level, level, opened, table
from tests.rules.verbs import decide, no, refusal, yes
from workflows.rules.approvals.policy import ReasonRule
from workflows.rules.approvals.request import ApprovalState, Decision

OPTIONAL = opened(level(BORIS))
REQUIRED = opened(
    level(BORIS, approve_reason=ReasonRule.REQUIRED, reject_reason=ReasonRule.REQUIRED)
)
NONE = opened(level(BORIS, approve_reason=ReasonRule.NONE, reject_reason=ReasonRule.NONE))
ONLY_REJECT = opened(level(BORIS, reject_reason=ReasonRule.REQUIRED))
ONLY_APPROVE = opened(level(BORIS, approve_reason=ReasonRule.REQUIRED))


@dataclass(frozen=True, kw_only=True)
class Refused:
    description: str
    given: ApprovalState
    when: Decision
    then: str


@table(
    Refused(
        description="a required reason is missing from an approval",
        given=REQUIRED,
        when=yes(BORIS),
        then="reason_required",
    ),
    Refused(
        description="a required reason is missing from a rejection",
        given=REQUIRED,
        when=no(BORIS),
        then="reason_required",
    ),
    *(
        Refused(
            description=f"{blank!r} is not a reason",
            given=REQUIRED,
            when=no(BORIS, reason=blank),
            then="reason_required",
        )
        for blank in (" ", "\n", "\t \r\n", "\u00a0", "\u2003")
    ),
    Refused(
        description="a rejection lacks its reason although an approval needs none",
        given=ONLY_REJECT,
        when=no(BORIS),
        then="reason_required",
    ),
    Refused(
        description="an approval lacks its reason although a rejection needs none",
        given=ONLY_APPROVE,
        when=yes(BORIS),
        then="reason_required",
    ),
    Refused(
        description="3,001 characters are too long for an optional reason",
        given=OPTIONAL,
        when=yes(BORIS, reason="x" * 3001),
        then="reason_too_long",
    ),
    Refused(
        description="3,001 characters are too long for a required reason",
        given=REQUIRED,
        when=no(BORIS, reason="x" * 3001),
        then="reason_too_long",
    ),
    Refused(
        description="a NUL in a reason is refused, because no database stores it",
        given=OPTIONAL,
        when=yes(BORIS, reason="fine\x00"),
        then="text_unreadable",
    ),
    Refused(
        description="3,001 characters are too long even if no reason is expected",
        given=NONE,
        when=no(BORIS, reason="x" * 3001),
        then="reason_too_long",
    ),
    Refused(
        description="a person who may not decide is refused for that, not for the reason",
        given=REQUIRED,
        when=no("USTRANGER"),
        then="not_an_approver",
    ),
)
def test_which_reasons_are_refused(row: Refused) -> None:
    error = refusal(row.given, row.when)

    assert error.code == row.then


@dataclass(frozen=True, kw_only=True)
class Taken:
    description: str
    given: ApprovalState
    when: Decision


@table(
    Taken(description="an optional reason may be missing", given=OPTIONAL, when=no(BORIS)),
    Taken(
        description="an optional reason may be given",
        given=OPTIONAL,
        when=yes(BORIS, reason="good price"),
    ),
    Taken(
        description="an optional reason may be blank", given=OPTIONAL, when=yes(BORIS, reason=" ")
    ),
    Taken(
        description="a required reason is given",
        given=REQUIRED,
        when=no(BORIS, reason="too dear"),
    ),
    Taken(description="one character is a reason", given=REQUIRED, when=no(BORIS, reason="\u4e0d")),
    Taken(
        description="an approval needs no reason if only rejections do",
        given=ONLY_REJECT,
        when=yes(BORIS),
    ),
    Taken(description="no reason is expected and none is given", given=NONE, when=no(BORIS)),
    Taken(
        description="a reason that is not expected is kept",
        given=NONE,
        when=no(BORIS, reason="too dear"),
    ),
    Taken(
        description="3,000 characters are kept whole",
        given=REQUIRED,
        when=no(BORIS, reason="\U0001f9fe" * 3000),
    ),
    Taken(
        description="mentions, formatting and a colon are kept as typed",
        given=REQUIRED,
        when=no(BORIS, reason="<!channel> *no*: a: b\n"),
    ),
)
def test_which_reasons_are_kept_whole(row: Taken) -> None:
    change = decide(row.given, row.when)

    assert latest_level(change.state).decisions[0].reason == row.when.reason
    assert change.facts[0].reason == row.when.reason


@pytest.mark.parametrize("length", [3001, 50_000])
def test_the_refusal_of_a_long_reason_has_its_length(length: int) -> None:
    error = refusal(OPTIONAL, yes(BORIS, reason="x" * length))

    assert error.data == {"length": str(length)}
