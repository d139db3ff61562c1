"""After any two verbs, every copy of the card has buttons only if they are accepted."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.rules.test_pairs import ACTS, ANY, TWO, outcome
from tests.views.threads import copies
from views import cards
from views.card_click import ButtonValue
from views.ids import ActionId
from views.payload import from_json
from workflows.rules.approvals.policy import Layout
from workflows.rules.approvals.request import ApprovalState
from workflows.rules.approvals.snapshot import ApprovalSnapshot, approval_snapshot
from workflows.rules.shared.card import CardCopy

REPLIES = ((1, 1), (1, 2), (2, 1))


def _threaded(state: ApprovalState) -> ApprovalState:
    policy = replace(state.request.policy, layout=Layout.THREAD)
    return replace(state, request=replace(state.request, policy=policy))


def _offers(snapshot: ApprovalSnapshot, copy: CardCopy) -> Iterator[tuple[int, int]]:
    blocks: list[Any] = cards.build(snapshot, copy).blocks
    for row in (block["elements"] for block in blocks if block["type"] == "actions"):
        for button in row:
            if button["action_id"] in (ActionId.APPROVE, ActionId.REJECT):
                value = from_json(button["value"], ButtonValue, "value")
                yield value.level, value.content_revision


@pytest.mark.parametrize("first", ACTS)
@pytest.mark.parametrize("state", [TWO, ANY], ids=["two must agree", "one is enough"])
def test_after_any_two_verbs_only_current_copies_have_buttons(
    state: ApprovalState, first: str
) -> None:
    for act, second in product([first], ACTS):
        _, change = outcome(_threaded(state), ACTS[act], ACTS[act].at)
        now = max(ACTS[act].at, ACTS[second].at)
        _, change = outcome(change.state, ACTS[second], now)
        snapshot = approval_snapshot(change.state, 7)
        level = snapshot.open_level
        open_now = level is not None and not level.blocked
        expected = {(level.number, snapshot.content_revision)} if level and open_now else set()

        for name, copy in copies("#c", *REPLIES).items():
            is_current = bool(copy.person) or (copy.level, copy.revision) in expected
            assert set(_offers(snapshot, copy)) == (expected if is_current else set()), (
                second,
                name,
            )
