"""The form of each verb: opened by a click or from the menu, it returns the context."""

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.views import examples, states
from tests.views.contents import usd
from tests.views.payloads import block_actions, click, view_submission
from tests.views.slack_limits import check_view
from views import verb_modal
from views.card_click import ClickContext, context_of, parse_click, with_snapshot
from views.payload import UnreadablePayloadError
from views.translator import ENGLISH
from workflows.rules.approvals.form import DraftContent, read_content
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.approvals.verbs import Verb
from workflows.rules.shared.content import Content

CONTEXT = context_of(click("more"))
FORMS = [verb for verb in Verb if verb is not Verb.REFRESH]


def _submission(
    verb: Verb, typed: dict[str, Any], snapshot: ApprovalSnapshot | None = None
) -> verb_modal.Submission:
    view = verb_modal.form(CONTEXT, verb, snapshot or examples.pending(), ENGLISH)
    return verb_modal.parse_submission(view_submission(view, typed))


def _initial(view: dict[str, Any]) -> dict[str, Any]:
    inputs = (block for block in view["blocks"] if block["type"] == "input")
    return {block["block_id"]: block["element"].get("initial_value") for block in inputs}


def test_the_context_of_the_click_comes_back_with_the_reason() -> None:
    pressed = click()
    body = view_submission(verb_modal.reject(pressed, ENGLISH), {"reason": "Too *dear*"})
    rejection = verb_modal.parse_submission(body)

    assert (rejection.verb, rejection.person, rejection.reason) == (
        Verb.REJECT,
        "U0BORIS",
        "Too *dear*",
    )
    assert (rejection.view_id, rejection.view_hash) == ("V1", "1.h")
    for field in fields(ClickContext):
        assert getattr(rejection.context, field.name) == getattr(pressed, field.name)


def test_an_approval_that_needs_a_reason_has_a_form() -> None:
    pressed = parse_click(block_actions(states.reason_required(), "approve"))
    body = view_submission(verb_modal.approve(pressed, ENGLISH), {"reason": " "})
    approval = verb_modal.parse_submission(body)

    assert approval.verb is Verb.APPROVE
    assert verb_modal.check(approval, ENGLISH).keys() == {"reason"}


REASONS = [
    (Verb.REJECT, " \n", True),
    (Verb.REJECT, "x" * 3001, True),
    (Verb.REJECT, "x" * 3000, False),
    (Verb.APPROVE, "", False),
    (Verb.APPROVE, "x" * 3001, True),
    (Verb.WITHDRAW, "", False),
    (Verb.REQUEST_CHANGES, " ", True),
    (Verb.COMMENT, "", True),
    (Verb.CLOSE, "", True),
    (Verb.REJECT, "No\x00", True),
    (Verb.COMMENT, "half \ud800", True),
    (Verb.CLOSE, "Twice.", False),
]


@pytest.mark.parametrize(("verb", "reason", "wrong"), REASONS)
def test_an_error_in_the_reason_is_at_its_field(
    verb: Verb,
    reason: str,
    wrong: bool,  # noqa: FBT001 - a column of the table
) -> None:
    errors = verb_modal.check(_submission(verb, {"reason": reason}), ENGLISH)

    assert errors.keys() == ({"reason"} if wrong else set())


def test_a_delegate_must_be_chosen() -> None:
    assert verb_modal.check(_submission(Verb.DELEGATE, {}), ENGLISH).keys() == {"delegate"}
    chosen = _submission(Verb.DELEGATE, {"delegate": "U0DORA"})
    assert verb_modal.check(chosen, ENGLISH) == {}
    assert chosen.typed.delegate == "U0DORA"


def test_new_approvers_are_people_or_sources_or_both() -> None:
    because = {"reason": "Clara has left."}

    assert verb_modal.check(_submission(Verb.REASSIGN, because), ENGLISH).keys() == {"people"}
    people = _submission(Verb.REASSIGN, because | {"people": ["U0DORA", "U0EMIL"]})
    assert verb_modal.check(people, ENGLISH) == {}
    assert people.typed.people == ("U0DORA", "U0EMIL")
    sources = _submission(Verb.REASSIGN, because | {"sources": "group:finance,\n manager manager"})
    assert verb_modal.check(sources, ENGLISH) == {}
    assert sources.typed.written_sources == ("group:finance", "manager")


def test_an_amendment_starts_with_the_current_content() -> None:
    snapshot = states.amended()
    view = verb_modal.form(CONTEXT, Verb.AMEND, snapshot, ENGLISH)
    typed = _initial(view)
    submission = verb_modal.parse_submission(view_submission(view, typed))

    assert typed == {
        "title": "Two laptops",
        "text": None,
        "amount": "3,000.00 USD",
        "links": "https://shop.example/cart?id=7&page=2",
    }
    assert submission.context.content_revision == snapshot.content_revision == 2
    assert read_content(submission.typed.content, "USD") == replace(snapshot.content, fields=())


def test_every_other_verb_is_about_the_revision_that_the_person_read() -> None:
    decision = _submission(Verb.REQUEST_CHANGES, {"reason": "Two."}, states.amended())

    assert decision.context.content_revision == 1


def test_errors_of_an_amendment_are_at_their_fields() -> None:
    typed = {"title": " ", "amount": "5 EUR", "links": "ftp://x", "text": "fine"}
    submission = _submission(Verb.AMEND, typed)

    assert verb_modal.check(submission, ENGLISH) == {
        "title": "This field is required.",
        "amount": "Enter the amount in USD.",
        "links": "“ftp://x” isn't a valid link. Links start with https:// or http://.",
    }
    assert submission.typed.content == DraftContent(
        title=" ", text="fine", amount="5 EUR", links="ftp://x"
    )


def test_a_response_url_too_long_to_keep_is_left_out() -> None:
    body = block_actions(examples.pending(), "reject")
    body["response_url"] = "https://hooks.slack.com/" + "x" * 4000
    view = verb_modal.reject(parse_click(body), ENGLISH)
    rejection = verb_modal.parse_submission(view_submission(view, {"reason": "No"}))

    check_view(view)
    assert rejection.context.response_url == ""
    assert rejection.context.request_id == "ORD-7K2M4QXA-approval"


@pytest.mark.parametrize("metadata", ["", "{}", "[]", '{"request_id":"ORD-1"}'])
def test_a_foreign_submission_is_refused_with_the_name_of_the_part(metadata: str) -> None:
    body = view_submission(verb_modal.reject(click(), ENGLISH), {"reason": "No"})
    body["view"]["private_metadata"] = metadata

    with pytest.raises(UnreadablePayloadError):
        verb_modal.parse_submission(body)


@pytest.mark.parametrize("verb", ["refresh", "explode"])
def test_a_verb_without_a_form_is_refused_with_the_name_of_the_part(verb: str) -> None:
    body = view_submission(verb_modal.reject(click(), ENGLISH), {"reason": "No"})
    metadata = body["view"]["private_metadata"]
    body["view"]["private_metadata"] = metadata.replace('"reject"', f'"{verb}"')

    with pytest.raises(UnreadablePayloadError):
        verb_modal.parse_submission(body)


@pytest.mark.parametrize("verb", FORMS)
def test_a_form_names_its_request_and_keeps_its_values(verb: Verb) -> None:
    typed = {"reason": "Too dear", "title": "New", "text": "Words", "sources": "manager"}
    typed_people = typed | {"people": ["U0DORA"], "delegate": "U0DORA"}
    submission = _submission(verb, typed_people)
    view = verb_modal.again(submission, "Please try again.", ENGLISH)

    check_view(view)
    assert "ORD-7K2M4QXA · Acme GmbH" in str(view)
    assert (
        verb_modal.parse_submission(view_submission(view, typed_people)).typed == submission.typed
    )
    assert "Please try again." in str(view)


def test_the_menu_passes_its_context_to_the_form() -> None:
    content = Content(title="Three laptops", amount=usd("4500.00"))
    snapshot = examples.snapshot(examples.opened(examples.request(content)), 9)
    context = with_snapshot(CONTEXT, snapshot, ENGLISH)

    assert (context.level, context.subject) == (1, "Three laptops")
    assert context.card_version == CONTEXT.card_version
