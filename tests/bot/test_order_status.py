"""`/order-status`: the state of the card in a private message."""

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from tests.bot.commands import send
from tests.bot.order_driver import ANA, APPROVALS, BORIS, GUS, Json, OrderDriver, listeners_finished
from tests.bot.signed_clicks import approval_by
from views import notices
from views.translator import ENGLISH
from workflows.rules.orders.order import OrderStatus

JUNE, KAI = "U0JUNE", "U0KAI"
"""A guest, and a person from another workspace."""


def actions_of(message: Json) -> list[str]:
    """Return the action ids of a message."""
    elements = [
        element
        for block in message["blocks"]
        for element in (*block.get("elements", []), block.get("accessory", {}))
    ]
    return [element["action_id"] for element in elements if "action_id" in element]


async def _status_message(
    slack: StandInClient, order_driver: OrderDriver, person: str, order_id: str
) -> Json:
    """Return the private answer to a person's `/order-status`."""
    await slack.say(person, APPROVALS, f"/order-status {order_id}")
    return await order_driver.private_message(person, order_id)


async def test_without_an_id_the_latest_orders_are_listed(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()

    await slack.say(ANA, APPROVALS, "/order-status")
    await slack.say(GUS, APPROVALS, "/order-status")

    await order_driver.private_message(ANA, card.order_id)
    await order_driver.private_message(GUS, "no orders yet")


async def test_the_private_status_matches_the_card(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    await send(order_driver.workflows, card.approval_id, "boris", approval_by(BORIS))
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)
    current = await order_driver.card(card.order_id, lambda m: "Completed" in text_of(m))

    await slack.say(GUS, APPROVALS, f"/order-status {card.order_id.lower()}")

    answer = await order_driver.private_message(GUS, card.order_id)
    assert answer["text"] == current["text"]
    assert [text_of(b) for b in answer["blocks"]] == [text_of(b) for b in current["blocks"]]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("ORD-7K2M4QXA", notices.unknown_order("ORD-7K2M4QXA", ENGLISH)),
        ("<!here> 7", notices.malformed_order_id("<!here> 7", ENGLISH)),
        ("ORD-7K2M4QXA' OR 1=1", notices.malformed_order_id("ORD-7K2M4QXA' OR 1=1", ENGLISH)),
    ],
)
async def test_an_unknown_or_malformed_id_gets_a_helpful_sentence(
    slack: StandInClient, bot: AsyncApp, written: str, sentence: str
) -> None:
    await slack.say(GUS, APPROVALS, f"/order-status {written}")

    answer = await slack.wait_for_message(APPROVALS, GUS, lambda m: sentence in text_of(m))
    assert answer["is_ephemeral"]


@pytest.mark.parametrize("person", [JUNE, KAI])
async def test_guests_do_not_read_orders_by_number(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, person: str
) -> None:
    """The answer is the same for a number without an order, so it does not reveal which exist."""
    order_id = await order_driver.order("100.00")
    await order_driver.until_idle(order_id)

    for number in (order_id, "ORD-7K2M4QXA"):
        await slack.say(person, "C0GENERAL", f"/order-status {number}")
    await listeners_finished()

    answers = [
        message["text"]
        for message in await slack.messages("C0GENERAL", person)
        if message.get("is_ephemeral")
    ]
    assert answers == [notices.orders_for_members(ENGLISH)] * 2


async def test_only_the_requester_is_offered_cancel(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    order_id = await order_driver.unpaid_order("900.00")

    mine = await _status_message(slack, order_driver, ANA, order_id)
    anybodys = await _status_message(slack, order_driver, GUS, order_id)

    assert actions_of(mine) == ["cancel"]
    assert actions_of(anybodys) == []


async def test_a_click_in_the_private_answer_updates_it(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    order_id = await order_driver.unpaid_order("900.00")
    answer = await _status_message(slack, order_driver, ANA, order_id)

    await slack.click(ANA, APPROVALS, answer, "cancel")

    updated = await order_driver.private_message(ANA, "Cancelled* by")
    assert updated["ts"] == answer["ts"]
    assert actions_of(updated) == []
    await order_driver.skip_to_end(order_id)
    assert await order_driver.workflows.order_status(order_id) == OrderStatus.CANCELLED


async def test_a_click_in_an_outdated_private_answer_is_refused_and_updates_it(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    order_id = await order_driver.unpaid_order("900.00")
    answer = await _status_message(slack, order_driver, ANA, order_id)
    await order_driver.pay(order_id, "900.00")
    await order_driver.skip_to_end(order_id)

    await slack.click(ANA, APPROVALS, answer, "cancel")

    await order_driver.private_message(
        ANA, notices.refusal("order_closed", {"status": "completed"}, ENGLISH)
    )
    updated = await order_driver.private_message(ANA, "Completed")
    assert updated["ts"] == answer["ts"]
    assert actions_of(updated) == []
    await listeners_finished()
    assert await order_driver.refusals_of(order_id) == [(ANA, "order_closed")]


async def test_a_click_in_an_answer_that_cannot_be_edited_sends_a_message(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    order_id = await order_driver.unpaid_order("900.00")
    answer = await _status_message(slack, order_driver, ANA, order_id)
    await slack.faults({"target": "response_url", "effect": "http_500", "times": 9})

    await slack.click(ANA, APPROVALS, answer, "cancel")

    await order_driver.private_message(ANA, notices.confirmed("cancel", ENGLISH))


async def test_every_order_of_the_list_can_be_shown(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    order_id = await order_driver.unpaid_order("900.00")
    await slack.say(ANA, APPROVALS, "/order-status")
    listed = await order_driver.private_message(ANA, "Your latest orders")

    await slack.click(ANA, APPROVALS, listed, "show")

    shown = await slack.wait_for_message(
        APPROVALS, ANA, lambda m: bool(m.get("is_ephemeral")) and actions_of(m) == ["cancel"]
    )
    assert shown["ts"] != listed["ts"]
    assert "Waiting for payment" in text_of(shown)
    assert order_id in text_of(shown)
