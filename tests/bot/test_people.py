"""Private messages and modals are in the language that Slack reports for their reader."""

from slack_bolt.async_app import AsyncApp

from bot.listeners.services import Services
from emulator.client import StandInClient
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    OrderDriver,
    has_approve_button,
    listeners_finished,
)

EMIL = "U0EMIL"


async def test_a_changed_language_is_used_immediately(
    slack: StandInClient, bot: AsyncApp, services: Services
) -> None:
    assert services.people.cached_locale(ANA) == "en"
    await slack.people("user_change", user={"id": ANA, "locale": "de-CH"})
    await slack.wait_for_journal(kind="ack", what="user_change")
    await listeners_finished()

    assert services.people.cached_locale(ANA) == "de"


async def test_a_modal_is_in_the_language_of_its_user(slack: StandInClient, bot: AsyncApp) -> None:
    await slack.say(EMIL, APPROVALS, "/order")
    view = await slack.wait_for_modal(EMIL)

    assert view["title"]["text"] == "Neue Bestellung"
    assert "Kunde" in str(view["blocks"])


async def test_private_answers_use_the_readers_language_and_the_card_the_policys(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()

    await slack.say(EMIL, APPROVALS, f"/order-status {card.order_id}")
    await slack.say(EMIL, APPROVALS, "/order-status")

    message = await order_driver.private_message(EMIL, card.order_id)
    assert "Wartet auf Genehmigung" in str(message["blocks"])
    await order_driver.private_message(EMIL, "noch keine Bestellungen")
    shared = await order_driver.card(card.order_id, has_approve_button)
    assert "Waiting for approval" in str(shared["blocks"])
