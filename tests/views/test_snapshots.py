"""Every state of every card and modal, compared as a whole message.

After an intended change: `WRITE_SNAPSHOTS=1 pytest tests/views/test_snapshots.py`, then read the diff.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.views import examples, payloads, states
from tests.views.payloads import CATALOGUE, click, typed_view
from tests.views.slack_limits import check_message, check_view
from views import (
    approval_card,
    approval_modal,
    away_modal,
    more_modal,
    notice_messages,
    notices,
    order_card,
    order_modal,
    order_status,
    verb_modal,
)
from views.blocks import Message, View
from views.card_click import context_of
from views.catalogue import CATALOGUES, FALLBACK
from views.translator import ENGLISH, Translator, translator
from workflows.rules.approvals.request import Status
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.people.actors import Absence
from workflows.rules.snapshots import Snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"
WRITE = bool(os.environ.get("WRITE_SNAPSHOTS"))

F = TypeVar("F")


def _of(build: Callable[[F, Translator], Message], make: Callable[[], F]) -> Callable[[], Message]:
    return lambda: build(make(), ENGLISH)


LINK = "https://local.slack.com/archives/C0APPROVALS/p1732185000000100"


def _notice(kind: NoticeKind, snapshot: Snapshot, **to: object) -> Callable[[], Message]:
    notice = Notice(key="n-1", kind=kind, face=snapshot)
    notice = replace(notice, **to)  # type: ignore[arg-type]  # parts of a notice, by name
    return lambda: notice_messages.message(notice, LINK)


CROWD = tuple(f"U0PERSON{number}" for number in range(200))


MESSAGES: dict[str, Callable[[], Message]] = {
    **{
        f"approval.{name}": _of(approval_card.build, make)
        for name, make in (examples.APPROVALS | states.STATES).items()
    },
    **{f"order.{name}": _of(order_card.build, make) for name, make in examples.ORDERS.items()},
    "status.one": lambda: order_status.order(examples.order_completed(), "U0ANA", ENGLISH),
    "status.mine": lambda: order_status.order(examples.order_waits_for_payment(), "U0ANA", ENGLISH),
    "status.anybodys": lambda: order_status.order(
        examples.order_waits_for_payment(), "U0GUS", ENGLISH
    ),
    "status.as_of": lambda: order_status.order(
        replace(examples.order_in_progress(), as_of=examples.NOW + timedelta(minutes=4)),
        "U0ANA",
        ENGLISH,
    ),
    "status.list": lambda: order_status.latest(
        [make() for make in examples.ORDERS.values()], ENGLISH
    ),
    "status.none": lambda: order_status.latest([], ENGLISH),
    "outcome.approved": lambda: examples.outcome_message(examples.approved()),
    "outcome.rejected": lambda: examples.outcome_message(examples.rejected()),
    "outcome.admin_closed": lambda: examples.outcome_message(states.admin_closed(), LINK),
    "outcome.order_completed": lambda: examples.outcome_message(examples.order_completed()),
    "outcome.order_rejected": lambda: examples.outcome_message(examples.order_rejected()),
    "outcome.order_failed": lambda: examples.outcome_message(examples.order_failed()),
    "outcome.order_unpaid": lambda: examples.outcome_message(examples.order_unpaid()),
    "attention": _notice(
        NoticeKind.ATTENTION, examples.order_needs_attention(), channel="#approvals-admin"
    ),
    "attention.thread": _notice(NoticeKind.ATTENTION, examples.order_needs_attention()),
    "reply.paid": _notice(NoticeKind.ORDER_PAID, examples.order_completed()),
    "reply.shipped": _notice(NoticeKind.ORDER_SHIPPED, examples.order_on_its_way()),
    "reply.delivered": _notice(NoticeKind.ORDER_DELIVERED, examples.order_completed()),
    "reply.cancelled": _notice(NoticeKind.ORDER_CANCELLED, examples.order_cancelled_by_hand()),
    "reply.withdrawn": _notice(NoticeKind.ORDER_CANCELLED, examples.order_cancelled()),
    "not_posted": _notice(
        NoticeKind.CARD_NOT_POSTED, examples.pending(), problem="slack.not_in_channel"
    ),
    "asked.thread": _notice(NoticeKind.ASKED, examples.pending(), people=("U0BORIS", "U0CLARA")),
    "asked.crowd": _notice(NoticeKind.ASKED, examples.pending(), people=CROWD),
    "asked.direct": _notice(NoticeKind.ASKED, states.several_sources(), person="U0FAY"),
    "asked.stand_in": _notice(NoticeKind.ASKED, states.delegates(), person="U0DORA"),
    "reminded": _notice(NoticeKind.REMINDED, examples.pending(), people=("U0BORIS",)),
    "changes_wanted": _notice(
        NoticeKind.CHANGES_WANTED, states.waits_for_changes(), person="U0ANA"
    ),
    "commented.requester": _notice(NoticeKind.COMMENTED, states.discussed(), person="U0ANA"),
    "commented.approvers": _notice(NoticeKind.COMMENTED, states.discussed(), people=("U0BORIS",)),
    "delegate_refused": _notice(NoticeKind.DELEGATE_REFUSED, examples.pending(), person="U0BORIS"),
    "blocked": _notice(NoticeKind.BLOCKED, states.unreadable(), channel="#approvals-admin"),
}
POLICIES = [("order", "Customer order"), ("expense", "Expense")]
ABSENCE = Absence(
    person="U0BORIS",
    delegate="U0DORA",
    starts=examples.NOW,
    ends=examples.NOW + timedelta(days=7),
)
LATER = replace(
    ABSENCE, starts=examples.NOW + timedelta(days=5), ends=examples.NOW + timedelta(days=9)
)


def _menu(snapshot: ApprovalSnapshot, *verbs: Verb, sentence: str = "") -> View:
    context = context_of(click("more"))
    return more_modal.menu(context, Menu(face=snapshot, verbs=verbs), ENGLISH, sentence)


def _form(verb: Verb) -> Callable[[], View]:
    context = context_of(click("more"))
    return lambda: verb_modal.form(context, verb, states.reason_required(), ENGLISH)


def _there(view: View | None) -> View:
    assert view is not None
    return view


VIEWS: dict[str, Callable[[], View]] = {
    "form.empty": lambda: order_modal.build("ORD-7K2M4QXA", CATALOGUE, ENGLISH),
    "form.two_lines": lambda: _there(order_modal.add_line(typed_view(), "1", CATALOGUE, ENGLISH)),
    "form.sums": lambda: order_modal.with_totals(payloads.three_lines(), CATALOGUE, ENGLISH),
    "form.removed": lambda: _there(
        order_modal.remove_line(payloads.three_lines(), "1", CATALOGUE, ENGLISH)
    ),
    "form.failed": lambda: order_modal.failed(
        typed_view(), CATALOGUE, notices.unavailable(ENGLISH), ENGLISH
    ),
    "form.working": lambda: order_modal.working("ORD-7K2M4QXA", ENGLISH),
    "form.received": lambda: order_modal.received(
        "ORD-7K2M4QXA", ENGLISH, total="1,500.00 USD", waits_in="#approvals"
    ),
    "form.goes_on": lambda: order_modal.received("ORD-7K2M4QXA", ENGLISH, total="1,000.00 USD"),
    "form.paid_elsewhere": lambda: order_modal.received(
        "ORD-7K2M4QXA", ENGLISH, total="1,000.00 USD", paid_elsewhere=True
    ),
    "more.opening": lambda: more_modal.opening(click("more"), ENGLISH),
    "more.everything": lambda: _menu(states.commented(), *Verb),
    "more.again": lambda: _menu(
        states.amended(), Verb.COMMENT, Verb.AMEND, sentence=notices.not_offered(ENGLISH)
    ),
    "more.nothing.open": lambda: _menu(examples.pending()),
    "more.nothing.blocked": lambda: _menu(examples.blocked()),
    "more.nothing.changes": lambda: _menu(states.waits_for_changes()),
    "more.nothing.closed": lambda: _menu(examples.approved()),
    "verb.card_approve": lambda: verb_modal.approve(click("approve"), ENGLISH),
    "verb.card_reject": lambda: verb_modal.reject(click(), ENGLISH),
    **{f"verb.{verb}": _form(verb) for verb in Verb if verb is not Verb.REFRESH},
    "verb.working": lambda: verb_modal.working(ENGLISH),
    "verb.told": lambda: verb_modal.message(notices.confirmed(Verb.COMMENT, ENGLISH), ENGLISH),
    "approval.form": lambda: approval_modal.build("REQ-1", POLICIES, ENGLISH),
    "approval.working": lambda: approval_modal.working("REQ-1", ENGLISH),
    "approval.received": lambda: approval_modal.received("REQ-1", "#approvals", ENGLISH),
    "approval.auto": lambda: approval_modal.received("REQ-1", None, ENGLISH, Status.APPROVED),
    "away.form": lambda: away_modal.build(ENGLISH),
    "away.have": lambda: away_modal.build(ENGLISH, [ABSENCE]),
    "away.noted": lambda: away_modal.message(
        away_modal.recorded_text(ABSENCE, ENGLISH, [LATER]), ENGLISH
    ),
    "away.back": lambda: away_modal.message(away_modal.returned_text([ABSENCE], ENGLISH), ENGLISH),
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


OTHERS = [language for language in CATALOGUES if language != FALLBACK]


@pytest.mark.parametrize("spoken", OTHERS, indirect=True)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_in_every_language(name: str, spoken: str) -> None:
    message = MESSAGES[name]()

    check_message(message.text, message.blocks)
    _check_untruncated(message.blocks, spoken)


@pytest.mark.parametrize("spoken", OTHERS, indirect=True)
@pytest.mark.parametrize("name", VIEWS)
def test_a_modal_fits_in_every_language(name: str, spoken: str) -> None:
    view = VIEWS[name]()

    check_view(view)
    _check_untruncated(view, spoken)


def _check_untruncated(shown: object, language: str) -> None:
    """Fail if a catalogue text is shortened, or an English date is left."""
    mark = translator(language)("shortened")
    texts = [*_short_texts(shown)]
    assert not [text for text in texts if text.endswith(mark)]
    assert "{date_short_pretty} at {time}" not in json.dumps(shown)


def _short_texts(tree: object) -> Iterator[str]:
    """Yield titles, labels, hints, placeholders and buttons, which contain no user text."""
    if isinstance(tree, dict):
        for part in ("title", "submit", "close", "label", "hint", "placeholder", "confirm", "deny"):
            if isinstance(tree.get(part), dict) and "text" in tree[part]:
                yield str(tree[part]["text"])
        if tree.get("type") == "button":
            yield tree["text"]["text"]
        for value in tree.values():
            yield from _short_texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _short_texts(value)


GERMAN: dict[str, Callable[[], object]] = {
    "de.card": lambda: asdict(approval_card.build(examples.two_levels(), translator("de"))),
    "de.order": lambda: asdict(order_card.build(examples.order_failed(), translator("de"))),
    "de.form": lambda: verb_modal.form(
        context_of(click("more")), Verb.REASSIGN, examples.pending(), translator("de")
    ),
    "de.notice": lambda: asdict(
        notice_messages.message(
            Notice(key="n-1", kind=NoticeKind.REMINDED, face=examples.pending(), person="U0BORIS"),
            LINK,
            "de",
        )
    ),
}


@pytest.mark.parametrize("name", GERMAN)
def test_german_is_exactly_its_snapshot(name: str) -> None:
    _compare(name, GERMAN[name]())


def test_no_snapshot_is_left_over() -> None:
    assert {
        path.stem for path in SNAPSHOTS.glob("*.json")
    } == MESSAGES.keys() | VIEWS.keys() | GERMAN.keys()
