"""Each decision, publish and refusal is one line of the log, with the number of its request."""

from slack_bolt.async_app import AsyncApp
from structlog.testing import capture_logs

from emulator.client import StandInClient, text_of
from tests.bot.order_driver import APPROVALS, BORIS, GUS, OrderDriver
from views import notices
from views.translator import ENGLISH


async def test_a_decision_a_publish_and_a_refusal_are_one_line_each(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    with capture_logs() as lines:
        card = await order_driver.waiting_order(quorum=2)
        await slack.click(GUS, APPROVALS, card.message, "approve")
        await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))
        await slack.click(BORIS, APPROVALS, card.message, "approve")
        await order_driver.card(card.order_id, lambda m: "1 of 2" in text_of(m))
        await order_driver.until_idle(card.approval_id)

    ours = [line for line in lines if line.get("request_id") == card.approval_id]
    decided = [line for line in ours if line.get("fact") == "DecisionRecorded"]
    refused = [line for line in ours if line["event"] == "command_refused"]
    published = [line["version"] for line in ours if line["event"] == "card_published"]
    assert [(line["log_level"], line["actor"]) for line in decided] == [("info", BORIS)]
    assert [(line["code"], line["actor"]) for line in refused] == [("not_an_approver", GUS)]
    assert {line["log_level"] for line in ours} == {"info"}
    assert published
    assert published == sorted(published)
