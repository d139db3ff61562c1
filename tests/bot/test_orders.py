"""Orders in Slack: the order form, its validation errors, and one order per form."""

import json
from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncApp
from temporalio.testing import WorkflowEnvironment

from emulator.client import StandInClient, text_of
from records.snapshots import decode_snapshot
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    GUS,
    OrderDriver,
    exists,
    has_approve_button,
    listeners_finished,
)
from tests.bot.order_form import fill_in, open_form, order_id_of, submission
from tests.bot.signed_clicks import SignedHttp
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.orders.order import OrderStatus, PaymentMode


async def test_the_form_is_opened_before_any_other_call(
    slack: StandInClient, bot: AsyncApp
) -> None:
    await slack.say(GUS, APPROVALS, "/order-status")  # makes Bolt's initial auth.test call
    await listeners_finished()
    mark = await slack.journal_mark()

    await open_form(slack)

    assert [call["method"] for call in await slack.journal(mark, kind="api")] == ["views.open"]


async def test_an_order_over_the_limit_needs_an_approval(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)
    order_id = order_id_of(form)

    await fill_in(slack, form)

    view = await slack.wait_for_modal(ANA, lambda v: "was placed" in text_of(v))
    card = await order_driver.card(order_id, has_approve_button)
    assert "1,000.01 USD" in text_of(view)
    assert f"<@{BORIS}>" in card["text"]
    assert await order_driver.cards(order_id) == [card]


async def test_a_price_far_below_list_price_needs_an_approval(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(slack, form, lines__0__unit_price="1.00")

    view = await slack.wait_for_modal(ANA, lambda v: "was placed" in text_of(v))
    card = await order_driver.card(order_id_of(form), has_approve_button)
    assert "It needs approval in #approvals" in text_of(view)
    assert "1 x 1.00 USD (-100%) = 1.00 USD" in text_of(card)
    assert "order more than 10% below list price" in text_of(card)


async def test_an_order_of_exactly_the_limit_needs_no_approval(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(slack, form, lines__0__unit_price="1,000.00")

    message = await order_driver.direct_message(ANA, "is completed")
    await listeners_finished()
    assert order_id_of(form) in text_of(message)
    assert await slack.messages(APPROVALS, ANA) == []


BAD = [
    ("lines__0__unit_price", "-5", "amount_not_positive", {}),
    ("lines__0__unit_price", "0", "amount_not_positive", {}),
    ("lines__0__unit_price", "ten", "amount_not_a_number", {}),
    (
        "lines__0__unit_price",
        "1.005",
        "amount_ambiguous",
        {"typed": "1.005", "first": "1.005", "second": "1005.00", "currency": "USD"},
    ),
    ("lines__0__unit_price", "1234567890123456", "amount_too_many_digits", {}),
    ("lines__0__unit_price", "10 EUR", "amount_other_currency", {"currency": "USD"}),
    ("lines__0__quantity", "-1", "amount_not_positive", {}),
    ("lines__0__quantity", "0", "amount_not_positive", {}),
    ("lines__0__quantity", "1.5", "quantity_not_a_count", {}),
    ("lines__0__quantity", "10000", "quantity_not_a_count", {}),
    ("customer", "   ", "text_missing", {}),
    ("customer", "x" * 81, "text_too_long", {"limit": "80"}),
    ("card_expiry", "1/39", "card_expiry_malformed", {}),
    ("card_expiry", "13/39", "card_expiry_malformed", {}),
    ("card_expiry", "12-39", "card_expiry_malformed", {}),
    ("card_expiry", "", "card_expiry_malformed", {}),
    ("email", "ada", "email_malformed", {}),
    ("answer_within", "soon", "not_a_duration", {}),
    ("answer_within", "9d", "window_too_long", {"limit": "7d"}),
]


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case[0]}={case[1][:20]}")
async def test_invalid_input_is_explained_at_its_field_and_starts_nothing(
    slack: StandInClient,
    bot: AsyncApp,
    temporal: WorkflowEnvironment,
    case: tuple[str, str, str, dict[str, str]],
) -> None:
    field, written, code, data = case
    form = await open_form(slack)

    answer = await fill_in(slack, form, **{field: written})

    assert answer["errors"] == {
        field.replace("__", "."): notices.field_refusal(code, data, ENGLISH)
    }
    assert not await exists(temporal, order_id_of(form))


async def test_input_that_slacks_form_would_reject_is_refused_too(
    slack: StandInClient, http: SignedHttp, temporal: WorkflowEnvironment
) -> None:
    form, payload = await submission(slack, http, note="x")
    values = payload["view"]["state"]["values"]
    values["note"]["note"]["value"] = "x" * 3001
    values["lines.0.sku"]["sku"]["selected_option"]["value"] = "NO-SUCH"
    values["customer"]["customer"]["value"] = None

    answer = await http.interact(payload)

    assert json.loads(answer.body)["errors"] == {
        "note": notices.field_refusal("text_too_long", {"limit": "3000"}, ENGLISH),
        "lines.0.sku": notices.field_refusal("unknown_product", {"sku": "NO-SUCH"}, ENGLISH),
        "customer": notices.field_refusal("text_missing", {}, ENGLISH),
    }
    assert not await exists(temporal, order_id_of(form))


async def test_the_requested_answer_window_reaches_the_approval(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(slack, form, answer_within="10m")

    await order_driver.card(order_id_of(form), has_approve_button)
    order = await order_driver.workflows.order_details(order_id_of(form))
    assert order is not None
    record = await order_driver.requests.get(order.approval_id)
    assert record is not None
    approval = decode_snapshot(record.face)
    assert isinstance(approval, ApprovalSnapshot)
    (level,) = approval.levels
    assert level.expires_at is not None
    waits = level.expires_at - order.received_at
    assert timedelta(minutes=10) <= waits < timedelta(minutes=11)


async def test_an_external_payment_needs_no_payment_card(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(
        slack,
        form,
        lines__0__unit_price="900",
        payment="await",
        card_expiry="",
        email="orders@acme.example",
    )

    view = await slack.wait_for_modal(ANA, lambda v: "was placed" in text_of(v))
    await order_driver.until_idle(order_id_of(form))
    snapshot = await order_driver.workflows.order_details(order_id_of(form))
    assert snapshot is not None
    assert snapshot.status is OrderStatus.AWAITING_PAYMENT
    assert "It ships once it's paid" in text_of(view)
    assert (snapshot.order.payment, snapshot.order.email) == (
        PaymentMode.AWAIT,
        "orders@acme.example",
    )
    assert [line.name for line in snapshot.order.lines] == ["Oak desk"]


async def test_mentions_and_formatting_in_a_name_are_escaped(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)

    await fill_in(slack, form, customer="<!channel> *bold* & <@U0GUS>")

    card = await order_driver.card(order_id_of(form), has_approve_button)
    markup = [card["text"], *mrkdwn(card["blocks"])]
    assert "&lt;!channel&gt;" in card["text"]
    assert not [words for words in markup if "<!channel>" in words or "<@U0GUS>" in words]


async def test_submitting_the_same_form_twice_creates_one_order(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    form = await open_form(slack)
    await slack.deliveries(duplicate=1)

    await fill_in(slack, form)

    await slack.wait_for_modal(ANA, lambda v: "was placed" in text_of(v))
    await order_driver.card(order_id_of(form), has_approve_button)
    await listeners_finished()
    assert len(await order_driver.cards(order_id_of(form))) == 1
    assert len(await order_driver.requests.orders(requester=ANA)) == 1


async def test_resubmitting_an_edited_form_shows_the_order_that_counts(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    form, payload = await submission(slack, http)
    await http.interact(payload)
    await order_driver.card(order_id_of(form), has_approve_button)
    await listeners_finished()
    payload["view"]["state"]["values"]["lines.0.unit_price"]["unit_price"]["value"] = "20.00"
    mark = await slack.journal_mark()

    await http.interact(payload)

    message = await slack.wait_for_journal(after=mark, kind="api", method="views.update")
    assert "1,000.01 USD" in text_of(message["arguments"]["view"])


def mrkdwn(part: object) -> list[str]:
    """Return every text in which Slack interprets formatting and mentions."""
    if isinstance(part, list):
        return [words for child in part for words in mrkdwn(child)]
    if not isinstance(part, dict):
        return []
    if part.get("type") == "mrkdwn":
        return [str(part["text"])]
    return [words for child in part.values() for words in mrkdwn(child)]
