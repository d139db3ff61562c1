"""The thread layout: every message of a two-level request, public and private.

After an intended change: `WRITE_SNAPSHOTS=1 pytest tests/views/test_thread.py`, then read the diff.
"""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.views import examples, threads
from tests.views.any_snapshot import AnySnapshot, any_snapshots
from tests.views.payloads import click
from tests.views.slack_limits import check_message, check_view
from views import cards, details_modal, more_modal
from views.blocks import Message
from views.card_click import ButtonValue, context_of
from views.ids import ActionId
from views.payload import from_json
from views.translator import ENGLISH
from workflows.rules.approvals.policy import Layout, Visibility
from workflows.rules.approvals.privacy import public_approval
from workflows.rules.messages import Menu

SNAPSHOTS = Path(__file__).parent / "snapshots" / "thread"
WRITE = bool(os.environ.get("WRITE_SNAPSHOTS"))
VIEWS = settings(max_examples=60, deadline=None)
CHANNEL, PRIVATE = Visibility.CHANNEL, Visibility.PRIVATE
EVERY = [(name, visibility) for name in threads.STATES for visibility in Visibility]
SECRETS = (
    *("June", "sister", "Lima", "ill", "1,200", "1,100", "May", "family.example", "earned"),
    *("called off", "over 1,000", "family leave"),
)


def _elements(message: Message) -> list[list[dict[str, Any]]]:
    blocks: list[Any] = message.blocks
    return [block["elements"] for block in blocks if block["type"] == "actions"]


def _actions(message: Message) -> list[list[str]]:
    return [[button["action_id"] for button in row] for row in _elements(message)]


@pytest.mark.parametrize(("name", "visibility"), EVERY)
def test_a_thread_is_exactly_its_snapshot(name: str, visibility: Visibility) -> None:
    thread = threads.thread(threads.STATES[name], visibility)

    for message in thread.values():
        check_message(message.text, message.blocks)
    path = SNAPSHOTS / f"{name}.{visibility}.json"
    plain = {copy: asdict(message) for copy, message in thread.items()}
    if WRITE:
        SNAPSHOTS.mkdir(exist_ok=True)
        text = json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
    assert plain == json.loads(path.read_text(encoding="utf-8"))


def test_no_snapshot_is_left_over() -> None:
    written = {f"{name}.{visibility}" for name, visibility in EVERY}

    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == written


VERDICTS = [ActionId.APPROVE, ActionId.REJECT, ActionId.DETAILS]
ROOT = [ActionId.DETAILS, ActionId.MORE]
READ = [ActionId.DETAILS]


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize(
    ("name", "root", "replies"),
    [
        ("opening", [ROOT], []),
        ("first", [ROOT], [[VERDICTS]]),
        ("between", [ROOT], [[]]),
        ("second", [ROOT], [[], [VERDICTS]]),
        ("approved", [READ], [[], []]),
        ("rejected", [READ], [[], []]),
        ("withdrawn", [READ], [[]]),
        ("waits_for_changes", [ROOT], [[[ActionId.DETAILS]]]),
        ("amended", [ROOT], [[], [], [VERDICTS]]),
        ("blocked", [ROOT], []),
        ("blocked_again", [ROOT], [[], [[ActionId.DETAILS]]]),
    ],
)
def test_only_current_replies_have_buttons(
    name: str, root: list[list[str]], replies: list[list[list[str]]], visibility: Visibility
) -> None:
    thread = threads.thread(threads.STATES[name], visibility)

    assert _actions(thread.pop("root")) == root
    thread.pop("direct")
    assert [_actions(message) for message in thread.values()] == replies


@pytest.mark.parametrize("name", threads.STATES)
def test_a_private_thread_has_no_private_text(name: str) -> None:
    thread = threads.thread(threads.STATES[name], PRIVATE)
    direct = json.dumps(asdict(thread.pop("direct")))

    for message in thread.values():
        written = json.dumps(asdict(message))
        assert not [secret for secret in SECRETS if secret in written]
        assert "Time off" in written
    assert "sister" in direct


def test_a_button_of_a_reply_has_its_level_and_revision() -> None:
    thread = threads.thread(threads.amended, CHANNEL)
    (row,) = _elements(thread["level 1 of revision 2"])

    for button in row:
        value = from_json(button["value"], ButtonValue, "value")
        assert (value.reply_level, value.reply_revision) == (1, 2)
    for name in ("root", "direct"):
        (row,) = _elements(thread[name])
        values = [from_json(button["value"], ButtonValue, "value") for button in row]
        assert [(value.reply_level, value.reply_revision) for value in values] == [(0, 0)] * len(
            row
        )


def test_only_the_reply_mentions_the_approvers() -> None:
    thread = threads.thread(threads.first, CHANNEL)

    assert "U0BORIS" not in json.dumps(asdict(thread["root"]))
    assert "<@U0BORIS>" in json.dumps(thread["level 1 of revision 1"].blocks)


def test_a_shortened_reply_refers_to_the_whole_request() -> None:
    state, _ = threads.first(threads.policy())
    long = "word " * 3000
    snapshot = examples.snapshot(state)
    snapshot = replace(snapshot, content=replace(snapshot.content, text=long))
    written = json.dumps(cards.build(snapshot, threads.copies("#c")["root"]).blocks)

    assert "Use *View Details* to read everything" in written
    assert len(
        json.dumps(details_modal.request_view(Menu(face=snapshot, verbs=()), ENGLISH))
    ) > len(long)


@given(any_snapshots, st.integers(0, 10), st.integers(1, 99))
@VIEWS
def test_every_copy_of_every_snapshot_is_a_valid_message(
    some: AnySnapshot, level: int, revision: int
) -> None:
    snapshot = replace(some.approval(), layout=Layout.THREAD)
    places = threads.copies("#c", (level, revision), (level, snapshot.content_revision))

    for copy in places.values():
        message = cards.build(snapshot, copy)
        check_message(message.text, message.blocks)
        assert all(len(row) <= 3 for row in _actions(message))
        if not snapshot.is_open:
            # *View details* if something is hidden here; never a decision
            assert _actions(message) in ([], [READ])


@given(any_snapshots, st.booleans(), st.sampled_from(Layout), st.integers(1, 10))
@VIEWS
def test_every_modal_of_a_request_is_valid(
    some: AnySnapshot,
    reads: bool,  # noqa: FBT001 - given by hypothesis
    layout: Layout,
    level: int,
) -> None:
    snapshot = replace(some.approval(), layout=layout)
    menu = Menu(face=snapshot if reads else public_approval(snapshot), verbs=(), may_read=reads)
    opened = replace(click("more"), reply_level=level, subject=snapshot.title[:120])

    check_view(details_modal.opening(opened, ENGLISH))
    check_view(details_modal.request_view(menu, ENGLISH))
    check_view(more_modal.menu(context_of(opened), menu, ENGLISH))
