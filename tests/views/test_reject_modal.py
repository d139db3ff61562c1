"""The reject modal: opened by a click alone, and it brings the click's context back."""

import pytest

from bot.views import reject_modal
from bot.views.approval_card import parse_click
from bot.views.payload import UnreadablePayloadError
from tests.views import faces
from tests.views.presses import block_actions, click, view_submission
from tests.views.slack_limits import check_view


def test_the_context_of_the_click_comes_back_with_the_reason() -> None:
    pressed = click()
    body = view_submission(reject_modal.build(pressed), {"reason": "Too *dear*"})
    rejection = reject_modal.parse_submission(body)

    assert (rejection.person, rejection.reason) == ("U0BORIS", "Too *dear*")
    assert (rejection.view_id, rejection.view_hash) == ("V1", "1.h")
    for name in reject_modal.RejectContext.__slots__:
        assert getattr(rejection.context, name) == getattr(pressed, name)


@pytest.mark.parametrize(
    ("required", "reason", "sentence"),
    [
        (True, " \n", "Please give a reason; the policy asks for one."),
        (True, "x" * 3001, "Your reason has 3001 characters and at most 3,000 fit."),
        (False, "x" * 3001, "Your reason has 3001 characters and at most 3,000 fit."),
        (False, "", ""),
        (True, "x" * 3000, ""),
    ],
)
def test_what_is_wrong_with_a_reason_stands_at_its_field(
    required: bool,  # noqa: FBT001 - a column of the table
    reason: str,
    sentence: str,
) -> None:
    body = view_submission(reject_modal.build(click()), {"reason": reason})
    metadata = body["view"]["private_metadata"]
    body["view"]["private_metadata"] = metadata.replace(
        '"reason_required":true', f'"reason_required":{str(required).lower()}'
    )
    errors = reject_modal.check(reject_modal.parse_submission(body))

    assert errors.keys() == ({"reason"} if sentence else set())
    assert errors.get("reason", "").startswith(sentence)


def test_a_response_url_too_long_to_keep_is_left_out() -> None:
    body = block_actions(faces.pending(), "reject")
    body["response_url"] = "https://hooks.slack.com/" + "x" * 4000
    view = reject_modal.build(parse_click(body))
    rejection = reject_modal.parse_submission(view_submission(view, {"reason": "No"}))

    check_view(view)
    assert rejection.context.response_url == ""
    assert rejection.context.request_id == "ORD-7K2M4QXA-approval"


@pytest.mark.parametrize("metadata", ["", "{}", "[]", '{"request_id":"ORD-1"}'])
def test_a_submission_that_is_not_ours_is_refused_by_name(metadata: str) -> None:
    body = view_submission(reject_modal.build(click()), {"reason": "No"})
    body["view"]["private_metadata"] = metadata

    with pytest.raises(UnreadablePayloadError):
        reject_modal.parse_submission(body)


def test_it_says_what_will_be_rejected_and_keeps_what_was_typed() -> None:
    body = view_submission(reject_modal.build(click()), {"reason": "Too dear"})
    view = reject_modal.build_again(reject_modal.parse_submission(body), "Please try again.")

    check_view(view)
    assert "ORD-7K2M4QXA for Acme GmbH" in str(view)
    assert "Too dear" in str(view)
