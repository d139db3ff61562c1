"""The Cancel button on an order's card: asked "sure?", judged by the order, shown or said in private."""

from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from records.database import Database
from tests.bot.desk import ANA, APPROVALS, Json, Shop
from tests.bot.presses import SignedHttp, press_payload
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


async def test_the_requester_cancels_on_the_card_and_everything_is_given_back(
    slack: StandInClient, bot: AsyncApp, shop: Shop, database: Database
) -> None:
    card = await shop.payable_order()
    mark = await slack.journal_mark()

    await slack.click(ANA, APPROVALS, card.message, "cancel")

    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    told = await shop.direct_message(ANA, "was cancelled")
    await shop.end(card.order_id)
    final = await shop.card(card.order_id, lambda m: "Cancelled" in text_of(m))
    balance = await Balance(database).of_order(card.order_id)
    assert f"<@{ANA}>" in str(inline["arguments"])
    assert card.order_id in text_of(told)
    assert cancel_buttons(final) == []
    assert balance.paid == 0
    assert balance.held == {}


async def test_the_button_asks_before_it_counts(shop: Shop) -> None:
    card = await shop.payable_order()

    (button,) = cancel_buttons(card.message)

    assert button["confirm"]["title"]["text"] == "Cancel This Order?"
    assert card.order_id in button["confirm"]["text"]["text"]


async def test_a_press_on_a_card_of_before_the_end_is_told_so_and_shown_the_end(
    slack: StandInClient, http: SignedHttp, shop: Shop
) -> None:
    card = await shop.payable_order()
    payload = await press_payload(slack, ANA, card, "cancel")
    await shop.pay(card.order_id, "1500.00")
    await shop.end(card.order_id)

    await http.interact(payload)

    await shop.told(ANA, notices.refusal("order_closed", {"status": "completed"}, ENGLISH))
    assert await shop.refused(card.order_id) == [(ANA, "order_closed")]
    final = await shop.card(card.order_id, lambda m: "Completed" in text_of(m))
    assert cancel_buttons(final) == []
