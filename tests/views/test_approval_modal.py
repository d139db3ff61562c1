"""The /approval form: what is read back, what is kept, where mistakes stand."""

from dataclasses import replace

import pytest

from bot.views import approval_modal
from bot.views.payload import UnreadablePayloadError
from tests.views import faces
from tests.views.presses import submitted
from tests.views.slack_limits import check_view
from workflows.rules.request import Status
from workflows.rules.request_form import (
    RequestMistakes,
    WrittenContent,
    WrittenRequest,
    read_content,
)

CHOICES = [("order", "Customer order"), ("expense", "Expense & travel")]
TYPED = {
    "policy": "expense",
    "title": "Train to *Basel*",
    "text": "For the fair",
    "amount": "99.50",
    "links": "https://a.example https://b.example",
    "answer_within": "4h",
}
WRITTEN = WrittenRequest(
    request_id="REQ-1",
    policy="expense",
    content=WrittenContent(
        title="Train to *Basel*",
        text="For the fair",
        amount="99.50",
        links="https://a.example https://b.example",
    ),
    answer_within="4h",
)


def test_a_submission_is_read_exactly_as_typed() -> None:
    assert approval_modal.parse(submitted(approval_modal.build("REQ-1", CHOICES), TYPED)) == WRITTEN


def test_what_went_wrong_keeps_everything_typed() -> None:
    view = submitted(approval_modal.build("REQ-1", CHOICES), TYPED)
    again = approval_modal.failed(view, CHOICES, "Please try again.")
    unchanged = {
        block["block_id"]: block["element"].get("initial_value")
        or block["element"]["initial_option"]["value"]
        for block in again["blocks"]  # type: ignore[attr-defined]  # a list in a dict of objects
        if block["type"] == "input"
    }

    check_view(again)
    assert unchanged == TYPED
    assert approval_modal.parse(submitted(again, TYPED)) == WRITTEN


def test_an_only_policy_is_chosen_already() -> None:
    view = approval_modal.build("REQ-1", CHOICES[:1])

    assert "initial_option" in str(view)
    assert "initial_option" not in str(approval_modal.build("REQ-1", CHOICES))


@pytest.mark.parametrize("count", [0, 101])
def test_without_a_choice_that_slack_can_show_the_policy_is_typed(count: int) -> None:
    choices = [(f"policy-{number}", "Thing") for number in range(count)]
    view = approval_modal.build("REQ-1", choices)

    check_view(view)
    assert approval_modal.parse(submitted(view, TYPED)).policy == "expense"


def test_mistakes_stand_at_their_fields() -> None:
    wrong = replace(WRITTEN.content, title=" ", amount="ten", links="nowhere")
    with pytest.raises(RequestMistakes) as caught:
        read_content(wrong, "USD")
    errors = approval_modal.errors(caught.value)

    assert errors.keys() == {"title", "amount", "links"}
    inputs = {
        block["block_id"]
        for block in approval_modal.build("REQ-1", CHOICES)["blocks"]  # type: ignore[attr-defined]  # a list in a dict of objects
        if block["type"] == "input"
    }
    assert errors.keys() | approval_modal.unknown_policy().keys() <= inputs


@pytest.mark.parametrize("metadata", ["", "{}", '{"request_id":""}', '{"request_id":7}'])
def test_a_view_that_is_not_ours_is_refused_by_name(metadata: str) -> None:
    view = submitted(approval_modal.build("REQ-1", CHOICES), TYPED)

    with pytest.raises(UnreadablePayloadError):
        approval_modal.parse({**view, "private_metadata": metadata})


def test_a_request_that_was_sent_before_with_other_words_says_what_counts() -> None:
    pending, approved = faces.pending(), faces.approved()
    said = [
        approval_modal.sent_before(pending, pending.policy),
        approval_modal.sent_before(pending, "expense"),
        approval_modal.sent_before(approved, approved.policy),
    ]

    assert "was already sent, so your latest edits weren't saved" in said[0]
    assert "use *More* on its card in #approvals" in said[0]
    assert "another type of request" in said[1]
    assert "is closed.* Approved by <@U0BORIS>." in said[2]
    for sentence in said:
        check_view(approval_modal.told(sentence))


def test_what_is_approved_at_once_says_that_nobody_had_to_be_asked() -> None:
    assert "No approval was needed" in str(
        approval_modal.received("REQ-1", "#approvals", Status.APPROVED)
    )
    assert "<#C0APPROVALS>" in str(approval_modal.received("REQ-1", "C0APPROVALS"))
    assert " to " not in str(approval_modal.received("REQ-1", None))
