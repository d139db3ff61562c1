"""Any user text in any place: messages are valid, and the text neither mentions nor formats."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.views import examples
from tests.views.any_snapshot import AnySnapshot, any_snapshots, pools, texts
from tests.views.payloads import (
    CATALOGUE,
    block_actions,
    chosen,
    click,
    submitted,
    view_submission,
)
from tests.views.slack_limits import (
    check_message,
    check_sentence,
    check_view,
    formatted,
    mrkdwn_of,
)
from views import (
    approval_card,
    approval_modal,
    more_modal,
    notice_messages,
    notices,
    order_card,
    order_modal,
    order_status,
    verb_modal,
)
from views.blocks import Message
from views.card_click import context_of, parse_click
from views.catalogue import CATALOGUES
from views.text import escape
from views.translator import ENGLISH
from workflows.rules.approvals.verbs import Verb
from workflows.rules.messages import Menu
from workflows.rules.notice import Notice, NoticeKind
from workflows.rules.shared.content import is_storable

pytestmark = [
    pytest.mark.usefixtures("spoken"),
    pytest.mark.parametrize("spoken", CATALOGUES, indirect=True),
]
CLICK = click("more")
LINK = "https://local.slack.com/archives/C0APPROVALS/p1732185000000100"

settings.register_profile(
    "views",
    max_examples=16,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # the language is the same for all examples
    ],
    derandomize=True,
)
VIEWS = settings.get_profile("views")


OUR_COMMANDS = ("`/", "`countersign ")
"""Our commands in code marks, for Slack or the command line."""


def _check(message: Message) -> None:
    check_message(message.text, message.blocks)
    for text in (message.text, *mrkdwn_of(message.blocks)):
        ours = [mark for mark in formatted(text) if not mark.startswith("*")]
        assert not [mark for mark in ours if not mark.startswith(OUR_COMMANDS)], text


@given(texts)
@VIEWS
def test_escaped_text_has_no_formatting_and_no_mentions(typed: str) -> None:
    check_sentence(escape(typed))
    assert formatted(escape(typed)) == []


@given(texts, st.integers(20, 400))
@VIEWS
def test_clipping_never_breaks_an_entity_or_the_limit(typed: str, limit: int) -> None:
    assert len(ENGLISH.clip(escape(typed), limit)) <= limit
    assert len(ENGLISH.clip_plain(typed, limit)) <= limit
    check_sentence(ENGLISH.clip(escape(typed), limit))
    assert formatted(ENGLISH.inline(typed, limit)) == []


@given(any_snapshots)
@VIEWS
def test_every_approval_is_a_valid_card(some: AnySnapshot) -> None:
    snapshot = some.approval()

    _check(approval_card.build(snapshot, ENGLISH))
    _check(examples.outcome_message(snapshot))
    _check(notice_messages.card_not_posted(snapshot, snapshot.policy, ENGLISH))


@given(any_snapshots, texts, st.integers(0, 900))
@VIEWS
def test_every_notice_is_a_valid_message(some: AnySnapshot, typed: str, count: int) -> None:
    snapshot = some.approval()
    crowd = tuple(f"U0PERSON{number}" for number in range(count))
    for kind in NoticeKind:
        notice = Notice(key="n-1", kind=kind, face=snapshot, problem=typed)
        _check(notice_messages.message(notice, typed))
        _check(notice_messages.message(replace(notice, people=(*crowd, typed)), LINK))
        _check(notice_messages.message(replace(notice, person=some.person()), LINK))


@given(any_snapshots)
@VIEWS
def test_a_card_has_buttons_only_if_they_are_accepted(some: AnySnapshot) -> None:
    snapshot = some.approval()
    level = snapshot.open_level
    decidable = level is not None and not level.blocked

    blocks: list[Any] = approval_card.build(snapshot, ENGLISH).blocks
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    assert [len(row) for row in rows] == ([3 if decidable else 1] if snapshot.is_open else [])


@given(any_snapshots, texts, st.sets(st.sampled_from(Verb)))
@VIEWS
def test_every_menu_is_a_valid_modal(some: AnySnapshot, typed: str, verbs: set[Verb]) -> None:
    snapshot = some.approval()
    context = replace(context_of(CLICK), response_url=typed)
    sentence = notices.unknown_request(typed, ENGLISH)
    view = more_modal.menu(context, Menu(face=snapshot, verbs=tuple(verbs)), ENGLISH, sentence)

    check_view(view)
    for text in mrkdwn_of(view["blocks"]):
        assert not [mark for mark in formatted(text) if not mark.startswith("*")], text
    for verb in verbs:
        choice = more_modal.parse_choice(chosen(view, verb))
        assert (choice.verb, choice.context.content_revision) == (verb, snapshot.content_revision)


VERB_FIELDS = ("reason", "title", "text", "amount", "links", "sources")


@given(
    any_snapshots, st.fixed_dictionaries(dict.fromkeys(VERB_FIELDS, texts)), st.sampled_from(Verb)
)
@VIEWS
def test_every_form_keeps_typed_text(some: AnySnapshot, typed: dict[str, str], verb: Verb) -> None:
    if verb is Verb.REFRESH:
        return
    view = verb_modal.form(context_of(CLICK), verb, some.approval(), ENGLISH)
    check_view(view)
    body = view_submission(view, typed | {"people": ["U0DORA"], "delegate": "U0DORA"})
    submission = verb_modal.parse_submission(body)
    again = verb_modal.again(submission, notices.unavailable(ENGLISH), ENGLISH)

    check_view(again)
    verb_modal.check(submission, ENGLISH)
    for block in _inputs(again):
        field = block["block_id"]
        if field in VERB_FIELDS:
            assert block["element"].get("initial_value", "") == typed[field][:3000]


REQUEST_FIELDS = ("policy", "title", "text", "amount", "links", "answer_within")


@given(st.fixed_dictionaries(dict.fromkeys(REQUEST_FIELDS, texts)), pools)
@VIEWS
def test_the_request_form_keeps_typed_text(typed: dict[str, str], titles: list[str]) -> None:
    choices = [(f"policy-{number}", title) for number, title in enumerate(titles)]
    view = submitted(approval_modal.build("REQ-1", choices, ENGLISH), typed)
    again = approval_modal.failed(view, choices, notices.unavailable(ENGLISH), ENGLISH)

    check_view(again)
    values = {
        block["block_id"]: block["element"].get("initial_value", "") for block in _inputs(again)
    }
    free = REQUEST_FIELDS[1:]
    assert {name: values[name] for name in free} == {name: typed[name][:3000] for name in free}


@given(any_snapshots)
@VIEWS
def test_a_click_has_the_values_of_the_card(some: AnySnapshot) -> None:
    snapshot = some.decidable()
    assert snapshot.open_level is not None
    click = parse_click(block_actions(snapshot, "reject"))

    assert (click.request_id, click.content_revision, click.level, click.card_version) == (
        snapshot.request_id,
        snapshot.content_revision,
        snapshot.open_level.number,
        snapshot.card_version,
    )
    assert click.reason_required == snapshot.open_level.reject_reason_required
    check_view(verb_modal.reject(click, ENGLISH))


@given(any_snapshots)
@VIEWS
def test_every_order_is_a_valid_card(some: AnySnapshot) -> None:
    snapshot = some.order()

    _check(order_card.build(snapshot, ENGLISH))
    _check(
        order_status.order(
            replace(snapshot, as_of=examples.NOW), snapshot.requester.person, ENGLISH
        )
    )
    _check(order_status.latest([snapshot] * 12, ENGLISH))
    _check(examples.outcome_message(snapshot))
    for kind in NoticeKind:
        _check(notice_messages.message(Notice(key="n-1", kind=kind, face=snapshot), LINK))
    rows = [
        block for block in order_card.build(snapshot, ENGLISH).blocks if block["type"] == "actions"
    ]
    assert len(rows) == snapshot.is_cancellable


FIELDS = (
    "customer",
    "lines.0.sku",
    "lines.0.quantity",
    "lines.0.unit_price",
    "lines.1.sku",
    "lines.1.quantity",
    "lines.1.unit_price",
    "card_expiry",
    "email",
    "answer_within",
    "note",
)


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, texts)), st.booleans())
@VIEWS
def test_the_order_form_keeps_typed_text(typed: dict[str, str], full: bool) -> None:  # noqa: FBT001 - given by hypothesis
    catalogue = CATALOGUE if full else ()
    view = submitted(order_modal.build("ORD-7K2M4QXA", catalogue, ENGLISH, lines=2), typed)

    again = order_modal.failed(
        view, catalogue, notices.unknown_order(typed["note"], ENGLISH), ENGLISH
    )
    check_view(again)
    for other in (
        order_modal.add_line(view, "2", catalogue, ENGLISH),
        order_modal.remove_line(view, "0", catalogue, ENGLISH),
        order_modal.with_totals(view, catalogue, ENGLISH),
    ):
        assert other is not None
        check_view(other)
        for text in mrkdwn_of(other["blocks"]):
            assert not [mark for mark in formatted(text) if not mark.startswith("*")], text
    values = {
        block["block_id"]: block["element"].get("initial_value", "") for block in _inputs(again)
    }
    free = [name for name in FIELDS if not name.endswith("sku")]
    assert {name: values[name] for name in free} == {name: typed[name][:3000] for name in free}


def _inputs(view: dict[str, object]) -> list[dict[str, Any]]:
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    return [block for block in blocks if block["type"] == "input"]


@given(texts)
@VIEWS
def test_a_rejection_has_its_whole_reason(reason: str) -> None:
    click = parse_click(block_actions(examples.hostile(), "reject"))
    body = view_submission(verb_modal.reject(click, ENGLISH), {"reason": reason})
    rejection = verb_modal.parse_submission(body)

    assert rejection.reason == reason
    is_fine = reason.strip() and len(reason) <= 3000 and is_storable(reason)
    assert bool(verb_modal.check(rejection, ENGLISH)) == (not is_fine)
    check_view(verb_modal.again(rejection, notices.unavailable(ENGLISH), ENGLISH))
