"""Every state of every card and modal, compared as a whole message.

A change that is meant: `WRITE_SNAPSHOTS=1 pytest tests/views/test_snapshots.py`, then read the diff.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bot.views import approval_card, notices, order_card, order_modal, reject_modal
from bot.views.blocks import Message, View
from tests.views import faces
from tests.views.presses import CATALOGUE, click, typed_view
from tests.views.slack_limits import check_message, check_view

SNAPSHOTS = Path(__file__).parent / "snapshots"
WRITE = bool(os.environ.get("WRITE_SNAPSHOTS"))

F = TypeVar("F")


def _of(build: Callable[[F], Message], make: Callable[[], F]) -> Callable[[], Message]:
    return lambda: build(make())


MESSAGES: dict[str, Callable[[], Message]] = {
    **{
        f"approval.{name}": _of(approval_card.build, make) for name, make in faces.APPROVALS.items()
    },
    **{f"order.{name}": _of(order_card.build, make) for name, make in faces.ORDERS.items()},
    "status.one": lambda: order_card.status_message(faces.order_completed()),
    "status.as_of": lambda: order_card.status_message(
        faces.order_in_progress(), faces.NOW + timedelta(minutes=4)
    ),
    "status.list": lambda: order_card.status_list([make() for make in faces.ORDERS.values()]),
    "status.none": lambda: order_card.status_list([]),
    "outcome.approved": lambda: notices.outcome(faces.approved()),
    "outcome.rejected": lambda: notices.outcome(faces.rejected()),
    "outcome.order_completed": lambda: notices.outcome(faces.order_completed()),
    "outcome.order_rejected": lambda: notices.outcome(faces.order_rejected()),
    "outcome.order_failed": lambda: notices.outcome(faces.order_failed()),
    "not_posted": lambda: notices.card_not_posted(faces.pending(), "slack.not_in_channel"),
}
VIEWS: dict[str, Callable[[], View]] = {
    "form.empty": lambda: order_modal.build("ORD-7K2M4QXA", CATALOGUE),
    "form.two_lines": lambda: order_modal.add_line(typed_view(), CATALOGUE),
    "form.failed": lambda: order_modal.failed(typed_view(), CATALOGUE, notices.unavailable()),
    "form.working": lambda: order_modal.working("ORD-7K2M4QXA"),
    "form.received": lambda: order_modal.received(
        "ORD-7K2M4QXA", total="1,500.00 USD", waits_in="#approvals"
    ),
    "form.goes_on": lambda: order_modal.received("ORD-7K2M4QXA", total="1,000.00 USD"),
    "reject.required": lambda: reject_modal.build(click()),
    "reject.working": reject_modal.working,
}


def _compare(name: str, shown: object) -> None:
    path = SNAPSHOTS / f"{name}.json"
    if WRITE:
        path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    assert shown == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_exactly_its_snapshot(name: str) -> None:
    message = MESSAGES[name]()

    check_message(message.text, message.blocks)
    _compare(name, asdict(message))


@pytest.mark.parametrize("name", VIEWS)
def test_a_modal_is_exactly_its_snapshot(name: str) -> None:
    view = VIEWS[name]()

    check_view(view)
    _compare(name, view)


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == MESSAGES.keys() | VIEWS.keys()
