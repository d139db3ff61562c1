"""The form for a request: the values read, the values kept, and the place of errors."""

from dataclasses import replace

import pytest

from tests.views import examples
from tests.views.payloads import submitted
from tests.views.slack_limits import check_view
from views import approval_modal
from views.payload import UnreadablePayloadError
from views.translator import ENGLISH
from workflows.rules.approvals.form import (
    DraftContent,
    DraftRequest,
    RequestFormErrors,
    read_content,
)
from workflows.rules.approvals.request import Status

CHOICES = [("order", "Customer order"), ("expense", "Expense & travel")]
TYPED = {
    "policy": "expense",
    "title": "Train to *Basel*",
    "text": "For the fair",
    "amount": "99.50",
    "links": "https://a.example https://b.example",
    "answer_within": "4h",
}
WRITTEN = DraftRequest(
    request_id="REQ-1",
    policy="expense",
    content=DraftContent(
        title="Train to *Basel*",
        text="For the fair",
        amount="99.50",
        links="https://a.example https://b.example",
    ),
    answer_within="4h",
)


def test_a_submission_is_read_exactly_as_typed() -> None:
    assert (
        approval_modal.parse(submitted(approval_modal.build("REQ-1", CHOICES, ENGLISH), TYPED))
        == WRITTEN
    )


def test_a_form_with_a_problem_keeps_typed_text() -> None:
    view = submitted(approval_modal.build("REQ-1", CHOICES, ENGLISH), TYPED)
    again = approval_modal.failed(view, CHOICES, "Please try again.", ENGLISH)
    unchanged = {
        block["block_id"]: block["element"].get("initial_value")
        or block["element"]["initial_option"]["value"]
        for block in again["blocks"]  # type: ignore[attr-defined]  # a list in a dict of objects
        if block["type"] == "input"
    }

    check_view(again)
    assert unchanged == TYPED
    assert approval_modal.parse(submitted(again, TYPED)) == WRITTEN


def test_a_single_policy_is_preselected() -> None:
    view = approval_modal.build("REQ-1", CHOICES[:1], ENGLISH)

    assert "initial_option" in str(view)
    assert "initial_option" not in str(approval_modal.build("REQ-1", CHOICES, ENGLISH))


@pytest.mark.parametrize("count", [0, 101])
def test_with_no_or_too_many_policies_the_policy_is_typed(count: int) -> None:
    choices = [(f"policy-{number}", "Thing") for number in range(count)]
    view = approval_modal.build("REQ-1", choices, ENGLISH)

    check_view(view)
    assert approval_modal.parse(submitted(view, TYPED)).policy == "expense"


def test_errors_are_at_their_fields() -> None:
    wrong = replace(WRITTEN.content, title=" ", amount="ten", links="nowhere")
    with pytest.raises(RequestFormErrors) as caught:
        read_content(wrong, "USD")
    errors = approval_modal.errors(caught.value, ENGLISH)

    assert errors.keys() == {"title", "amount", "links"}
    inputs = {
        block["block_id"]
        for block in approval_modal.build("REQ-1", CHOICES, ENGLISH)["blocks"]  # type: ignore[attr-defined]  # a list in a dict of objects
        if block["type"] == "input"
    }
    assert errors.keys() | approval_modal.unknown_policy(ENGLISH).keys() <= inputs


@pytest.mark.parametrize("metadata", ["", "{}", '{"request_id":""}', '{"request_id":7}'])
def test_a_foreign_view_is_refused_with_the_name_of_the_part(metadata: str) -> None:
    view = submitted(approval_modal.build("REQ-1", CHOICES, ENGLISH), TYPED)

    with pytest.raises(UnreadablePayloadError):
        approval_modal.parse({**view, "private_metadata": metadata})


def test_a_repeated_request_with_other_content_keeps_the_first() -> None:
    pending, approved = examples.pending(), examples.approved()
    sentences = [
        approval_modal.sent_before(pending, pending.policy, ENGLISH),
        approval_modal.sent_before(pending, "expense", ENGLISH),
        approval_modal.sent_before(approved, approved.policy, ENGLISH),
    ]

    assert "was already sent, so your latest edits weren't saved" in sentences[0]
    assert "use *More* on its card in #approvals" in sentences[0]
    assert "another type of request" in sentences[1]
    assert "is closed.* Approved by <@U0BORIS>." in sentences[2]
    for sentence in sentences:
        check_view(approval_modal.message(sentence, ENGLISH))


def test_a_request_approved_at_once_needed_no_approver() -> None:
    assert "No approval was needed" in str(
        approval_modal.received("REQ-1", "#approvals", ENGLISH, Status.APPROVED)
    )
    assert "<#C0APPROVALS>" in str(approval_modal.received("REQ-1", "C0APPROVALS", ENGLISH))
    assert " to " not in str(approval_modal.received("REQ-1", None, ENGLISH))
