"""Shortening of a full card: comments first; changes stay visible; the modal shows everything."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.views import examples, states
from tests.views.payloads import click
from tests.views.slack_limits import check_message, check_view
from views import approval_card, more_modal
from views.card_click import context_of
from views.text import split_text
from views.translator import ENGLISH
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.approvals.request import Remark, Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.messages import Menu
from workflows.rules.shared.content import MAX_TEXT, Content, ContentField, content_changes

LINKS = tuple(f"https://shop.example/{number}/" + "x" * 470 for number in range(5))
REMARKS = tuple(
    Remark(person=f"U0PERSON{number}", text="Well, I am not sure. " * 140, at=examples.NOW)
    for number in range(3)
)
NOTE = "Use *More* to read the full request"
words = st.text("abcdefghijklmnopqrstuvwxyz&0123456789", min_size=1, max_size=12)


def _amended(old: str, new: str, **parts: Any) -> ApprovalSnapshot:
    """Return a request whose text was amended, with three long comments and five long links."""
    before = Content(title="Laptops", text=old, links=LINKS)
    after = replace(before, text=new, **parts)
    snapshot = examples.snapshot(examples.opened(examples.request(after)), 3)
    changes = content_changes(before, after)
    full = replace(snapshot, content_revision=2, changes=changes, comments=3, remarks=REMARKS)
    return replace(full, rule=RouteReason(policy="r" * 200))


def _text(blocks: list[dict[str, Any]], block_id: str) -> str:
    found = (block["text"]["text"] for block in blocks if block["block_id"].startswith(block_id))
    return " ".join(found)


def _card(snapshot: ApprovalSnapshot) -> list[dict[str, Any]]:
    message = approval_card.build(snapshot, ENGLISH)
    check_message(message.text, message.blocks)
    blocks: list[dict[str, Any]] = message.blocks
    return blocks


def _modal(snapshot: ApprovalSnapshot) -> list[dict[str, Any]]:
    view: dict[str, Any] = more_modal.menu(
        context_of(click("more")), Menu(face=snapshot, verbs=()), ENGLISH
    )
    check_view(view)
    blocks: list[dict[str, Any]] = view["blocks"]
    return blocks


@given(st.lists(words, min_size=1, max_size=600), st.integers(0, 599), st.integers(0, 3))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_changed_word_is_on_the_card_wherever_it_is(
    typed: list[str], at: int, repeated: int
) -> None:
    typed = (typed * (repeated * 20 + 1))[:600]
    while len(" ".join(typed)) > MAX_TEXT - 20:
        del typed[-20:]
    at %= len(typed)
    old, new = " ".join(typed), " ".join((*typed[:at], "NOTATALL", *typed[at + 1 :]))

    snapshot = _amended(old, new)

    assert "NOTATALL" in _text(_card(snapshot), "changes:")
    assert "NOTATALL" in _text(_modal(snapshot), "changes")


LONG = "The first of many words, none of which matters at all to anybody who reads it. " * 20
CHANGED = [
    (LONG + "Pay 100 EUR.", LONG + "Pay 900 EUR.", "100", "900 EUR."),
    ("Pay 100 EUR. " + LONG, "Pay 900 EUR. " + LONG, "Pay 100", "Pay 900"),
    (LONG + "End", LONG + "not now, End", "…", "not now, End"),
    (LONG + "so much", LONG, "so much", "reads it."),
    ("x" * 2000 + "a", "x" * 2000 + "b", "xa →", "xb"),
]


@pytest.mark.parametrize(("old", "new", "before", "after"), CHANGED)
def test_the_unchanged_part_of_a_long_text_is_left_out(
    old: str, new: str, before: str, after: str
) -> None:
    (line,) = _text(_card(_amended(old, new)), "changes:").splitlines()[1:]

    assert before in line.partition(" → ")[0] + " →"
    assert after in line.partition(" → ")[2]
    assert "…" in line
    assert len(line) < 250


def test_a_change_of_spaces_only_is_named() -> None:
    visible = _text(_card(_amended("One two", "One\n\ntwo")), "changes:")

    assert "Description: only spaces or line breaks changed" in visible


def test_comments_are_shortened_before_the_request() -> None:
    text = "word " * 580
    blocks = _card(_amended("word " * 500, text))
    visible = json.dumps(blocks, ensure_ascii=False)

    assert _text(blocks, "content-text:") == text.strip()
    assert _text(blocks, "content-links:").count("https://") == 5
    assert "(shortened)" in visible
    assert visible.count("Well, I am not sure.") < 3 * 10
    assert NOTE not in visible


TOO_LONG = '"Q" & ' * 500
"""Three thousand characters that Slack counts as more than twice as many."""


def test_a_shortened_card_refers_to_the_modal_that_shows_everything() -> None:
    snapshot = _amended("Short", TOO_LONG)
    blocks = _card(snapshot)
    modal = _modal(snapshot)

    assert NOTE in json.dumps(blocks, ensure_ascii=False)
    assert NOTE not in json.dumps(modal, ensure_ascii=False)
    assert _text(modal, "content-text") == TOO_LONG.strip()
    assert _text(modal, "content-links").count("https://") == 5


@pytest.mark.parametrize("sign", ["x", "&", "<", "é", "😀", "\n", "a b\n", '"'])
def test_the_modal_shows_the_whole_of_every_text(sign: str) -> None:
    text = (f"Begin{sign}" + sign * MAX_TEXT)[: MAX_TEXT - 3] + "End"
    visible = _text(_modal(_amended("Short", text)), "content-text")

    assert "".join(visible.split()) == "".join(text.split())


def test_the_modal_shows_the_whole_of_every_field() -> None:
    fields = tuple(ContentField(label=f"L{number}", value="v" * 900) for number in range(20))
    snapshot = _amended("Short", "Long", fields=fields)

    assert NOTE in json.dumps(_card(snapshot), ensure_ascii=False)
    assert _text(_modal(snapshot), "content-fields").count("v") == 20 * 900


def test_a_closed_shortened_card_refers_to_the_audit_trail() -> None:
    snapshot = replace(_amended("Short", TOO_LONG), status=Status.APPROVED, closed_at=examples.NOW)
    visible = json.dumps(_card(snapshot), ensure_ascii=False)

    assert NOTE not in visible
    assert "audit trail has the full request" in visible


def test_a_card_that_is_not_shortened_has_no_note() -> None:
    for snapshot in (examples.pending(), states.amended(), states.commented()):
        assert "This is shortened" not in json.dumps(_card(snapshot), ensure_ascii=False)


@given(st.text(max_size=300), st.integers(10, 90))
@settings(deadline=None, derandomize=True)
def test_split_text_loses_only_spaces(typed: str, limit: int) -> None:
    parts = split_text(typed, limit)

    assert "".join("".join(parts).split()) == "".join(typed.split())
    assert max(map(len, parts)) <= limit
