"""`/order-status`: privately, the same truth as the card."""

import pytest
from slack_bolt.async_app import AsyncApp

from bot.views import notices
from emulator.client import StandInClient, text_of
from tests.bot.desk import ANA, APPROVALS, BORIS, GUS, Shop
from tests.bot.presses import approval_by


async def test_status_alone_lists_the_latest_orders_or_says_that_there_are_none(
    slack: StandInClient, bot: AsyncApp, shop: Shop
) -> None:
    card = await shop.waiting_order()

    await slack.say(ANA, APPROVALS, "/order-status")
    await slack.say(GUS, APPROVALS, "/order-status")

    await shop.told(ANA, card.order_id)
    await shop.told(GUS, "no orders yet")


async def test_status_tells_privately_what_the_card_shows(
    slack: StandInClient, bot: AsyncApp, shop: Shop
) -> None:
    card = await shop.waiting_order()
    await shop.workflows.decide(card.approval_id, "boris", approval_by(BORIS))
    await shop.direct_message(ANA, card.order_id)
    await shop.end(card.order_id)
    current = await shop.card(card.order_id, lambda m: "Completed" in text_of(m))

    await slack.say(GUS, APPROVALS, f"/order-status {card.order_id.lower()}")

    told = await shop.told(GUS, card.order_id)
    assert told["text"] == current["text"]
    assert [text_of(b) for b in told["blocks"]] == [text_of(b) for b in current["blocks"]]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("ORD-7K2M4QXA", notices.unknown_order("ORD-7K2M4QXA")),
        ("<!here> 7", notices.malformed_order_id("<!here> 7")),
        ("ORD-7K2M4QXA' OR 1=1", notices.malformed_order_id("ORD-7K2M4QXA' OR 1=1")),
    ],
)
async def test_an_unknown_or_malformed_number_gets_a_helpful_sentence(
    slack: StandInClient, bot: AsyncApp, written: str, sentence: str
) -> None:
    await slack.say(GUS, APPROVALS, f"/order-status {written}")

    told = await slack.wait_for_message(APPROVALS, GUS, lambda m: sentence in text_of(m))
    assert told["is_ephemeral"]
