"""Rejecting a request: the modal that asks for the reason and shows the result."""

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    GUS,
    Card,
    Json,
    OrderDriver,
    listeners_finished,
    shows,
)
from tests.bot.signed_clicks import SignedHttp, click_payload
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.request import Verdict

CONFIRMED = notices.confirmed(Verdict.REJECT, ENGLISH)


async def open_modal(slack: StandInClient, person: str, card: Card) -> Json:
    await slack.click(person, APPROVALS, card.message, "reject")
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "verb")


async def modal_with(slack: StandInClient, person: str, words: str) -> Json:
    return await slack.wait_for_modal(person, lambda v: words in text_of(v))


async def test_the_modal_is_opened_before_any_other_call(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    await slack.say(GUS, APPROVALS, "/order-status")  # makes Bolt's initial auth.test call
    await listeners_finished()
    mark = await slack.journal_mark()

    await open_modal(slack, BORIS, card)

    calls = [
        *await slack.journal(mark, kind="api"),
        *await slack.journal(mark, kind="response_url"),
    ]
    assert [call["method"] for call in calls] == ["views.open"]


async def test_a_rejection_with_a_reason_is_shown_in_the_modal_and_on_the_card(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    modal = await open_modal(slack, BORIS, card)

    await slack.submit(BORIS, modal, {"reason": "Too <expensive> & *late*"})

    await modal_with(slack, BORIS, CONFIRMED)
    seen = await order_driver.card(card.order_id, shows("Rejected", f"<@{BORIS}>"))
    assert "Too &lt;expensive" in text_of(seen) or "Too <expensive> & *late*" in text_of(seen)
    await order_driver.direct_message(ANA, card.order_id)


async def test_the_result_never_precedes_the_working_view(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    modal = await open_modal(slack, BORIS, card)
    mark = await slack.journal_mark()

    await slack.submit(BORIS, modal, {"reason": "No"})

    ack = await slack.wait_for_journal(after=mark, kind="ack", what="view_submission")
    update = await slack.wait_for_journal(after=mark, kind="api", method="views.update")
    assert update["at"] - ack["at"] > 0.2
    await modal_with(slack, BORIS, CONFIRMED)


BAD_REASONS: dict[str, tuple[str, dict[str, str]]] = {
    "reason_required": ("   ", {}),
    "reason_too_long": ("x" * 3001, {"length": "3001"}),
}


@pytest.mark.parametrize("code", BAD_REASONS)
async def test_a_missing_or_too_long_reason_is_reported_at_its_field(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver, code: str
) -> None:
    reason, data = BAD_REASONS[code]
    card = await order_driver.waiting_order()
    payload = await submission(slack, http, card, BORIS, reason)
    mark = await slack.journal_mark()

    answer = await http.interact(payload)

    assert notices.field_refusal(code, data, ENGLISH) in answer.body.replace("\\u2019", "\u2019")
    assert '"response_action": "errors"' in answer.body
    assert await slack.journal(mark, kind="api") == []
    assert await order_driver.updates(card.approval_id, "decide") == 0


async def test_with_the_modal_closed_the_result_is_sent_in_the_channel(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await submission(slack, http, card, GUS, "Because")
    await slack.act(GUS, "view_close", view_id=payload["view"]["id"])

    await http.interact(payload)

    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))


async def test_a_click_in_a_workflow_step_opens_the_modal_with_its_interactivity_pointer(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "reject")
    for part in ("trigger_id", "response_url", "token"):
        del payload[part]
    payload |= {
        "bot_access_token": "xwfp-valid",
        "function_data": {"execution_id": "Fx1", "function": {"callback_id": "c"}, "inputs": {}},
        "interactivity": {
            "interactor": {"secret": "s", "id": BORIS},
            "interactivity_pointer": "p.1",
        },
    }
    mark = await slack.journal_mark()

    await http.interact(payload)

    call = await slack.wait_for_journal(after=mark, kind="api", method="views.open")
    assert call["arguments"]["interactivity_pointer"] == "p.1"
    assert "trigger_id" not in call["arguments"]
    await listeners_finished()


async def submission(
    slack: StandInClient, http: SignedHttp, card: Card, person: str, reason: str
) -> Json:
    """Return the payload of a submission of the modal, which stays open."""
    await http.interact(await click_payload(slack, person, card, "reject"))
    modal = await slack.wait_for_modal(person)
    mark = await slack.journal_mark()
    await slack.submit(person, modal, {"reason": "typed"})
    (envelope,) = await slack.journal(mark, kind="envelope", what="view_submission")
    payload: Json = envelope["payload"]
    payload["view"]["state"]["values"]["reason"]["reason"]["value"] = reason
    return payload
