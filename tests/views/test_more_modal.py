"""The *More* modal: the verbs that it offers, and the choice that it returns."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.client import text_of
from tests.views import examples, states
from tests.views.payloads import chosen, click
from tests.views.slack_limits import check_view
from views import more_modal
from views.card_click import context_of, with_snapshot
from views.payload import UnreadablePayloadError
from views.translator import ENGLISH
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb, verbs_of
from workflows.rules.messages import Menu

CONTEXT = context_of(click("more"))


def _menu(snapshot: ApprovalSnapshot, *verbs: Verb) -> dict[str, Any]:
    return more_modal.menu(CONTEXT, Menu(face=snapshot, verbs=verbs), ENGLISH)


def _buttons(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [block["accessory"] for block in view["blocks"] if "accessory" in block]


def test_it_opens_without_a_lookup() -> None:
    view = more_modal.opening(click("more"), ENGLISH)

    check_view(view)
    assert "ORD-7K2M4QXA · Acme GmbH" in str(view)


@pytest.mark.parametrize("person", ["U0ANA", "U0BORIS", "U0GUS", "U0NOBODY"])
def test_it_offers_exactly_the_verbs_of_the_rules(person: str) -> None:
    state = examples.opened(examples.request())
    verbs = verbs_of(state, person, examples.NOW)
    view = _menu(examples.snapshot(state), *verbs)

    check_view(view)
    assert [button["value"] for button in _buttons(view)] == [verb.value for verb in verbs]
    assert bool(verbs) == (person != "U0NOBODY")


def test_only_the_verb_without_a_form_has_a_confirmation() -> None:
    buttons = _buttons(_menu(examples.pending(), *Verb))

    assert [button["value"] for button in buttons if "confirm" in button] == ["refresh"]
    assert [button["value"] for button in buttons if "style" in button] == ["approve", "reject"]


NOTHING: list[tuple[Callable[[], ApprovalSnapshot], str]] = [
    (examples.pending, "approvers above decide by <!date"),
    (examples.blocked, "the approvers aren't known yet"),
    (states.between_levels, "the approvers aren't known yet"),
    (states.waits_for_changes, "The requester has to make changes first"),
    (examples.approved, "This request is closed. Approved by <@U0BORIS>"),
    (examples.expired, "This request is closed. Expired"),
]


@pytest.mark.parametrize(("make", "text"), NOTHING)
def test_a_person_without_verbs_reads_why_and_what_comes_next(
    make: Callable[[], ApprovalSnapshot], text: str
) -> None:
    view = _menu(make())

    check_view(view)
    assert text in text_of(view)
    assert "You can't do any" in text_of(view) or "is closed" in text_of(view)


def test_people_are_named_even_if_the_card_mentions_no_one() -> None:
    assert "<@U0BORIS>" in str(_menu(examples.from_command_line()))


def test_a_choice_is_about_the_revision_in_the_menu() -> None:
    view = _menu(states.amended(), Verb.AMEND)
    choice = more_modal.parse_choice(chosen(view, "amend"))

    assert choice == more_modal.Choice(
        verb=Verb.AMEND,
        context=with_snapshot(CONTEXT, states.amended(), ENGLISH),
        person="U0BORIS",
        view_id="V1",
        view_hash="1.h",
        action_ts="1732185020.000300",
    )
    assert (choice.context.content_revision, choice.context.card_version) == (2, 1)


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("no actions", {"actions": []}),
    ("another button", {"actions": [{"action_id": "more", "value": "amend", "action_ts": "1"}]}),
    ("no verb", {"actions": [{"action_id": "choose", "value": "explode", "action_ts": "1"}]}),
    ("no time", {"actions": [{"action_id": "choose", "value": "amend"}]}),
    ("no view", {"view": {}}),
    ("no context", {"view": {"id": "V1", "private_metadata": ""}}),
    ("nobody", {"user": {}}),
]


@pytest.mark.parametrize(("what", "part"), BROKEN, ids=[what for what, _ in BROKEN])
def test_a_foreign_choice_is_refused_with_the_name_of_the_part(
    what: str, part: dict[str, Any]
) -> None:
    body = chosen(_menu(examples.pending(), Verb.AMEND), "amend") | part

    with pytest.raises(UnreadablePayloadError):
        more_modal.parse_choice(body)
    assert what
