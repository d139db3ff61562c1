"""The Cancel button on an order's card: confirmation, result on the card, and private refusals."""

from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from records.database import Database
from tests.bot.order_driver import ANA, APPROVALS, Json, OrderDriver
from tests.bot.signed_clicks import SignedHttp, click_payload
from tests.records.balance import Balance
from views import notices
from views.translator import ENGLISH


def cancel_buttons(message: Json) -> list[Json]:
    return [
        element
        for block in message.get("blocks", [])
        for element in block.get("elements", [])
        if element.get("action_id") == "cancel"
    ]


async def test_the_requester_cancels_on_the_card_and_everything_is_undone(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, database: Database
) -> None:
    card = await order_driver.approved_unpaid_order()
    mark = await slack.journal_mark()

    await slack.click(ANA, APPROVALS, card.message, "cancel")

    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    message = await order_driver.direct_message(ANA, "was cancelled")
    await order_driver.skip_to_end(card.order_id)
    final = await order_driver.card(card.order_id, lambda m: "Cancelled" in text_of(m))
    balance = await Balance(database).of_order(card.order_id)
    assert f"<@{ANA}>" in str(inline["arguments"])
    assert card.order_id in text_of(message)
    assert cancel_buttons(final) == []
    assert balance.paid == 0
    assert balance.held == {}


async def test_the_cancel_button_asks_for_confirmation(order_driver: OrderDriver) -> None:
    card = await order_driver.approved_unpaid_order()

    (button,) = cancel_buttons(card.message)

    assert button["confirm"]["title"]["text"] == "Cancel This Order?"
    assert card.order_id in button["confirm"]["text"]["text"]


async def test_a_click_on_an_outdated_card_is_refused_and_updates_the_card(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.approved_unpaid_order()
    payload = await click_payload(slack, ANA, card, "cancel")
    await order_driver.pay(card.order_id, "1500.00")
    await order_driver.skip_to_end(card.order_id)

    await http.interact(payload)

    await order_driver.private_message(
        ANA, notices.refusal("order_closed", {"status": "completed"}, ENGLISH)
    )
    assert await order_driver.refusals_of(card.order_id) == [(ANA, "order_closed")]
    final = await order_driver.card(card.order_id, lambda m: "Completed" in text_of(m))
    assert cancel_buttons(final) == []
