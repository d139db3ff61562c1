"""A blocked level: that no approver is eligible, and that Slack does not say so, are two sentences."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    BORIS,
    CLARA,
    apply_result,
    directory_result,
    level,
    member,
    reached,
)
from views.approvers import blocked_lines
from views.translator import translator
from workflows.rules.approvals.snapshot import approval_snapshot
from workflows.rules.people.actors import Standing


def sentence(standing: Standing, language: str) -> str:
    """Return why no one may decide at a level whose only approver has this standing."""
    state = apply_result(reached(level(BORIS)), directory_result(member(BORIS, standing))).state
    (snapshot,) = approval_snapshot(state, 1).levels
    return blocked_lines(snapshot, translator(language))[0]


@pytest.mark.parametrize("language", ["en", "de"])
def test_unknown_and_ineligible_approvers_are_two_sentences(language: str) -> None:
    unknown = sentence(Standing.UNKNOWN, language)

    assert unknown != sentence(Standing.GUEST, language)
    assert sentence(Standing.GUEST, language) == sentence(Standing.DEACTIVATED, language)


def test_too_few_eligible_approvers_are_two_sentences_too() -> None:
    rule = level(BORIS, CLARA)
    rule = replace(rule, quorum=replace(rule.quorum, count=2))

    def why(standing: Standing) -> str:
        found = directory_result(BORIS, member(CLARA, standing))
        state = apply_result(reached(rule), found).state
        return blocked_lines(approval_snapshot(state, 1).levels[0], translator("en"))[0]

    assert why(Standing.UNKNOWN) != why(Standing.GUEST)
