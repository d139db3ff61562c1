"""Refused clicks: one private sentence and one recorded row, and nothing in the history."""

from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncApp

from emulator.client import StandInClient, text_of
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    GUS,
    Json,
    OrderDriver,
    has_approve_button,
    listeners_finished,
    shows,
)
from tests.bot.signed_clicks import (
    SignedHttp,
    approval_by,
    click_payload,
    second_click,
    with_button_value,
)
from views import notices
from views.translator import ENGLISH
from workflows import card_owner


async def private_messages(slack: StandInClient, person: str) -> list[Json]:
    """Return the ephemeral messages that the person got in the channel."""
    return [m for m in await slack.messages(APPROVALS, person) if m.get("is_ephemeral")]


async def test_only_the_clicking_person_sees_the_refusal(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()

    await slack.click(GUS, APPROVALS, card.message, "approve")
    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))

    assert await private_messages(slack, BORIS) == []
    assert len(await order_driver.cards(card.order_id)) == 1


async def test_a_refused_click_on_an_outdated_card_republishes_it_once(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = with_button_value(await click_payload(slack, GUS, card, "approve"), card_version=0)
    mark = await slack.journal_mark()

    await http.interact(payload)
    await http.interact(payload)
    await listeners_finished()
    await slack.wait_for_journal(after=mark, kind="api", method="chat.update")

    assert await order_driver.updates(card.approval_id, "republish") == 1
    assert await order_driver.refusals_of(card.approval_id) == [(GUS, "not_an_approver")]


async def test_a_refused_click_on_the_current_card_republishes_nothing(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()

    await http.interact(await click_payload(slack, GUS, card, "approve"))
    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))
    await listeners_finished()

    assert await order_driver.updates(card.approval_id, "republish") == 0


async def test_a_click_on_an_ended_approval_republishes_through_the_order(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, GUS, card, "approve")
    await slack.faults({"target": "chat.update", "effect": "error", "error": "x", "times": 99})
    await send(order_driver.workflows, card.approval_id, "boris", approval_by(BORIS))
    await order_driver.direct_message(ANA, card.order_id)

    await http.interact(payload)
    await order_driver.private_message(
        GUS, notices.refusal("request_closed", {"status": "approved", "person": BORIS}, ENGLISH)
    )
    await listeners_finished()

    assert await order_driver.updates(card.order_id, "republish") == 1
    assert await order_driver.refusals_of(card.approval_id) == [(GUS, "request_closed")]
    await slack.clear_faults()
    await order_driver.skip_to_end(card.order_id)
    await order_driver.card(card.order_id, shows("Completed"))


async def test_a_second_click_after_the_end_is_refused_even_with_the_same_verdict(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    await http.interact(payload)
    await order_driver.direct_message(ANA, card.order_id)

    await http.interact(second_click(payload))

    data = {"status": "approved", "person": BORIS}
    await order_driver.private_message(BORIS, notices.refusal("request_closed", data, ENGLISH))
    await listeners_finished()
    assert await order_driver.refusals_of(card.approval_id) == [(BORIS, "request_closed")]


@pytest.mark.parametrize("fault", [[], [{"target": "response_url", "effect": "error", "times": 9}]])
async def test_a_click_after_the_end_writes_the_final_state(
    slack: StandInClient,
    http: SignedHttp,
    order_driver: OrderDriver,
    fault: list[Json],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Six hours of retries are a hundred tries, which this test does not need.
    monkeypatch.setattr(card_owner, "FINISH_TIMEOUT", timedelta(minutes=10))
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, GUS, card, "approve")
    refusing = {"target": "chat.update", "effect": "error", "error": "is_inactive"}
    await slack.faults(refusing | {"times": 10_000})  # more than the number of retries
    await send(order_driver.workflows, card.approval_id, "boris", approval_by(BORIS))
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)
    assert has_approve_button((await order_driver.cards(card.order_id))[0])
    await slack.clear_faults()
    await slack.faults(*fault)

    await http.interact(payload)

    seen = await order_driver.card(card.order_id, shows("Completed"))
    assert seen["ts"] == card.ts


async def test_a_click_on_a_terminated_request_removes_the_buttons(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    for workflow_id in (card.order_id, card.approval_id):
        await order_driver.env.client.get_workflow_handle(workflow_id).terminate()

    await http.interact(payload)

    await order_driver.private_message(BORIS, notices.refusal("request_closed", {}, ENGLISH))
    await order_driver.card(card.order_id, lambda m: not has_approve_button(m))


async def test_a_click_for_an_unknown_request_is_explained_and_changes_nothing(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")

    pressed = with_button_value(payload, request_id="ORD-00000000.approval")
    await http.interact({**pressed, "message": {}})  # the message would show whose button it is

    await order_driver.private_message(
        BORIS, notices.unknown_request("ORD-00000000.approval", ENGLISH)
    )
    await listeners_finished()
    assert await order_driver.refusals_of("ORD-00000000.approval") == [(BORIS, "unknown_request")]
    (message,) = await order_driver.cards(card.order_id)
    assert text_of(message) == text_of(card.message)


async def test_a_refusal_falls_back_when_the_response_url_fails(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    await slack.faults({"target": "response_url", "effect": "error", "error": "used_url"})

    await slack.click(GUS, APPROVALS, card.message, "approve")

    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))


async def test_a_refusal_falls_back_to_a_direct_message(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    await slack.faults(
        {"target": "response_url", "effect": "http_500"},
        {"target": "chat.postEphemeral", "effect": "error", "error": "not_in_channel"},
    )

    await slack.click(GUS, APPROVALS, card.message, "approve")

    await order_driver.direct_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))


async def test_the_actor_is_read_only_from_the_signed_user(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, GUS, card, "approve")
    forged = {
        **payload,
        "user": {**payload["user"], "name": BORIS, "username": BORIS},
        "message": {**payload["message"], "user": BORIS},
        "actions": [{**payload["actions"][0], "user": BORIS}],
    }

    await http.interact(forged)

    await order_driver.private_message(GUS, notices.refusal("not_an_approver", {}, ENGLISH))
    assert await order_driver.updates(card.approval_id, "decide") == 0
