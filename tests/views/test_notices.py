"""Every refusal has its sentence, and each says what to do or what did not happen."""

import pytest

from bot.views import notices, order_card
from tests.views import faces
from tests.views.slack_limits import check_message, check_sentence
from workflows.rules import errors
from workflows.rules.errors import RuleError
from workflows.rules.order_form import OrderMistakes
from workflows.rules.request import Status, Verdict

REFUSALS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, RuleError) and one is not RuleError
]


@pytest.mark.parametrize("error", REFUSALS)
def test_every_refusal_has_a_sentence_of_its_own(error: type[RuleError]) -> None:
    sentence = notices.refusal(error.code, {})

    assert sentence != notices.refusal("no_such_code", {})
    assert 20 <= len(sentence) < 250
    assert sentence == notices.refusal(f"rejected.{error.code}", {})
    assert "{" not in sentence + notices.field_refusal(error.code, {})


TABLE = [
    (
        "own_request",
        {},
        "You asked for this yourself, so somebody else has to decide. Nothing was changed.",
    ),
    (
        "already_decided",
        {"verdict": "reject"},
        "You have already rejected this, and a decision counts once. Nothing was changed.",
    ),
    (
        "request_closed",
        {"status": "approved", "person": "U0BORIS"},
        "This request was already approved by <@U0BORIS>, so nothing was changed.",
    ),
    (
        "request_closed",
        {"status": "expired", "person": ""},
        "This request has expired: nobody decided in time. Please ask the requester to send it again.",
    ),
    (
        "request_closed",
        {"status": "completed"},
        "This request is closed, so nothing was changed. The card shows how it ended.",
    ),
    (
        "unknown_product",
        {"sku": "*X* <!here>"},
        "There is no product \u2217X\u2217 &lt;!here&gt;. Please choose one from the list.",
    ),
    (
        "counted_elsewhere",
        {"level": "1"},
        "You already decided at level 1 of this request, and nobody counts at two levels. Somebody else decides here.",
    ),
    (
        "brand_new",
        {},
        "This was refused (brand_new), and nothing was changed. The card shows how things stand.",
    ),
]


@pytest.mark.parametrize(("code", "data", "sentence"), TABLE)
def test_a_refusal_in_words(code: str, data: dict[str, str], sentence: str) -> None:
    assert notices.refusal(code, data) == sentence


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.PENDING])
@pytest.mark.parametrize("person", ["", "U0BORIS"])
def test_a_closed_request_says_how_it_ended(status: Status, person: str) -> None:
    data = {"status": status.value, "person": person}

    assert notices.refusal("request_closed", data) != notices.refusal("request_closed", {})


def test_a_refusal_names_nobody_private() -> None:
    assert "<@" not in notices.refusal("not_an_approver", {"eligible": "U0BORIS"})


def test_field_sentences_are_plain_text() -> None:
    mistakes = OrderMistakes({"lines.0.sku": errors.UnknownProductError(sku="A&B <1>")})

    assert notices.order_mistakes(mistakes) == {
        "lines.0.sku": "There is no product A&B <1>. Please choose one from the list."
    }


@pytest.mark.parametrize(
    "sentence",
    [
        notices.unconfirmed(),
        notices.still_unconfirmed(),
        *(notices.confirmed(verdict) for verdict in Verdict),
        notices.unreadable(),
        notices.unavailable(),
        notices.which_order(),
        notices.unknown_order("<!channel>"),
        notices.malformed_order_id("*x*" * 99),
        notices.internal_error("a1b2"),
        notices.invite("#approvals"),
        notices.invite("C0APPROVALS"),
        notices.invite(""),
    ],
)
def test_a_sentence_is_short_safe_and_whole(sentence: str) -> None:
    check_sentence(sentence)
    assert 20 < len(sentence) < 300
    assert sentence[0].isupper() or sentence.startswith("“")


@pytest.mark.parametrize("make", [*faces.APPROVALS.values(), *faces.ORDERS.values()])
def test_an_outcome_has_the_card_below_and_nothing_to_press(make: object) -> None:
    assert callable(make)
    message = notices.outcome(make())

    check_message(message.text, message.blocks)
    assert not [one for one in message.blocks if one["type"] == "actions"]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("slack.not_in_channel", "/invite @countersign"),
        ("not_in_channel", "/invite @countersign"),
        ("slack.channel_not_found", "cannot find that channel"),
        ("slack.is_archived", "archived"),
        ("slack.missing_scope", "manifest"),
        ("slack.fatal_error", "Slack said: fatal_error"),
        ("", "please tell an admin"),
    ],
)
def test_a_card_that_was_not_posted_says_what_helps(problem: str, words: str) -> None:
    for face in (faces.pending(), faces.order_waiting()):
        assert words in notices.card_not_posted(face, problem).text


def test_approved_and_done_are_different_words() -> None:
    approved = order_card.build(faces.order_in_progress())
    completed = order_card.build(faces.order_completed())

    assert "in progress" in approved.text
    assert "completed" in completed.text
    assert "completed" not in approved.text
