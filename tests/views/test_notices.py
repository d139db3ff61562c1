"""Refusals: each has a text that says what to do or what did not happen."""

import pytest

from tests.views import examples
from tests.views.slack_limits import check_sentence
from views import notices, order_card
from views.translator import ENGLISH
from workflows.rules.approvals.request import OPEN, Status
from workflows.rules.approvals.verbs import Verb
from workflows.rules.orders.form import OrderFormErrors
from workflows.rules.people.actors import Standing
from workflows.rules.shared import errors
from workflows.rules.shared.errors import RuleError

REFUSALS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, RuleError) and error is not RuleError
]


@pytest.mark.parametrize("error", REFUSALS)
def test_every_refusal_has_its_own_text(error: type[RuleError]) -> None:
    sentence = notices.refusal(error.code, {}, ENGLISH)

    assert sentence != notices.refusal("no_such_code", {}, ENGLISH)
    assert 10 <= len(sentence) < 250
    assert sentence == notices.refusal(f"rejected.{error.code}", {}, ENGLISH)
    assert "{" not in sentence + notices.field_refusal(error.code, {}, ENGLISH)


TABLE = [
    (
        "own_request",
        {},
        "You can't approve your own request.",
    ),
    (
        "already_decided",
        {"verdict": "reject"},
        "You've already rejected this.",
    ),
    (
        "request_closed",
        {"status": "approved", "person": "U0BORIS"},
        "This request was already approved by <@U0BORIS>.",
    ),
    (
        "request_closed",
        {"status": "expired", "person": ""},
        "This request expired: no one decided in time. Ask the requester to send it again.",
    ),
    (
        "request_closed",
        {"status": "completed"},
        "This request is closed. The card shows the outcome.",
    ),
    (
        "unknown_product",
        {"sku": "*X* <!here>"},
        "There is no product \u2217X\u2217 &lt;!here&gt;. Choose one from the list.",
    ),
    (
        "counted_elsewhere",
        {"level": "1"},
        "You already decided at step 1 of this request. Someone else has to decide here.",
    ),
    (
        "seat_taken",
        {"person": "U0DORA", "seat": "U0BORIS"},
        "<@U0DORA> has already decided for <@U0BORIS>.",
    ),
    (
        "seat_taken",
        {"person": "U0BORIS", "seat": "U0BORIS"},
        "<@U0BORIS> has already decided, so you don't need to decide for them.",
    ),
    (
        "changes_requested",
        {"person": "U0CLARA"},
        "<@U0CLARA> requested changes. Try again after the requester has edited the request.",
    ),
    (
        "not_eligible",
        {"standing": "guest"},
        "Guests can't decide on requests. Ask an admin to choose someone else.",
    ),
    (
        "amendments_used_up",
        {"limit": "3"},
        "You can't edit this request again (limit: 3). Withdraw it and send a new one.",
    ),
    (
        "brand_new",
        {},
        "You can't do this (brand_new). The card shows the current status.",
    ),
]


@pytest.mark.parametrize(("code", "data", "sentence"), TABLE)
def test_the_text_of_a_refusal(code: str, data: dict[str, str], sentence: str) -> None:
    assert notices.refusal(code, data, ENGLISH) == sentence


@pytest.mark.parametrize("status", [status for status in Status if status not in OPEN])
@pytest.mark.parametrize("person", ["", "U0BORIS"])
def test_a_refusal_of_a_closed_request_has_its_outcome(status: Status, person: str) -> None:
    data = {"status": status.value, "person": person}

    assert notices.refusal("request_closed", data, ENGLISH) != notices.refusal(
        "request_closed", {}, ENGLISH
    )


def test_a_refusal_on_an_old_card_links_to_the_current_card() -> None:
    link = "https://local.slack.com/archives/C0APPROVALS/p1732185000000100"
    sentence = notices.refusal("stale_content", {}, ENGLISH, link=link)

    assert f"<{link}|the card>" in sentence
    check_sentence(sentence)
    assert notices.refusal("stale_content", {}, ENGLISH, link="javascript:x") == notices.refusal(
        "stale_content", {}, ENGLISH
    )


@pytest.mark.parametrize(
    "standing", [standing for standing in Standing if standing is not Standing.ACTIVE]
)
def test_every_standing_that_may_not_decide_has_its_own_text(standing: Standing) -> None:
    data = {"standing": standing.value}

    assert notices.refusal("not_eligible", data, ENGLISH) != notices.refusal(
        "not_eligible", {}, ENGLISH
    )


def test_a_refusal_names_no_private_person() -> None:
    assert "<@" not in notices.refusal("not_an_approver", {"eligible": "U0BORIS"}, ENGLISH)


def test_field_errors_are_plain_text() -> None:
    mistakes = OrderFormErrors({"lines.0.sku": errors.UnknownProductError(sku="A&B <1>")})

    assert notices.field_refusals(mistakes.by_field, ENGLISH) == {
        "lines.0.sku": "There is no product A&B <1>. Choose one from the list."
    }


@pytest.mark.parametrize(
    "sentence",
    [
        notices.unconfirmed(ENGLISH),
        notices.still_unconfirmed(ENGLISH),
        *(notices.confirmed(verb, ENGLISH) for verb in Verb),
        notices.not_offered(ENGLISH),
        notices.unknown_request("<!channel>", ENGLISH),
        notices.unreadable(ENGLISH),
        notices.unavailable(ENGLISH),
        notices.unknown_order("<!channel>", ENGLISH),
        notices.malformed_order_id("*x*" * 99, ENGLISH),
        notices.internal_error("a1b2", ENGLISH),
        notices.not_yet_notified(1, ENGLISH),
        notices.not_yet_notified(7, ENGLISH),
    ],
)
def test_a_text_is_short_safe_and_complete(sentence: str) -> None:
    check_sentence(sentence)
    assert 8 < len(sentence) < 300
    assert sentence[0].isupper() or sentence.startswith(("“", "<@"))


def test_approved_and_done_are_different_words() -> None:
    approved = order_card.build(examples.order_in_progress(), ENGLISH)
    completed = order_card.build(examples.order_completed(), ENGLISH)

    assert "In progress" in approved.text
    assert "Completed" in completed.text
    assert "Completed" not in approved.text
