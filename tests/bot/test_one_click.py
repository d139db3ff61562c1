"""One click: the inline write, the durable publish, and what happens if either is lost."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import create_app
from bot.listeners import answers
from bot.listeners.services import Services
from emulator.client import StandInClient, text_of
from records.snapshots import decode_snapshot
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    GUS,
    SETTLE,
    Json,
    OrderDriver,
    has_approve_button,
    listeners_finished,
    shows,
)
from tests.bot.signed_clicks import SECRET, SignedHttp, approval_by, click_payload
from tests.workflows.history import scheduled_at, when
from workflows.rules.approvals.snapshot import ApprovalSnapshot

LOST = [
    {"effect": "error", "error": "expired_url"},
    {"effect": "http_500"},
    {"effect": "ratelimited"},
    {"effect": "hang"},
    {"effect": "reply_lost"},
    {"effect": "late", "seconds": 3600},
]


def approved_by_boris(message: Json) -> bool:
    return f"<@{BORIS}> approved" in text_of(message)


def inline_writes(entries: list[Json]) -> list[Json]:
    """Return the calls of a response URL that replaced the card."""
    return [entry for entry in entries if entry["arguments"].get("replace_original")]


def answer_after(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make the bot measure this many seconds between a click and its answer, on any machine."""
    for module, reading in (("approvals", 100.0), ("answers", 100.0 + seconds)):
        clock = SimpleNamespace(monotonic=lambda reading=reading: reading)
        monkeypatch.setattr(f"bot.listeners.{module}.time", clock)


async def test_the_card_shows_the_approval_inline_and_is_published_after_the_settle_time(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    inline = await slack.wait_for_journal(after=mark, kind="response_url")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_settle_time(card.order_id)
    durable = await slack.wait_for_journal(after=mark, kind="api", method="chat.update")

    (click,) = await slack.journal(mark, kind="envelope", what="block_actions")
    assert inline["arguments"]["replace_original"] is True
    assert "Approved" in inline["arguments"]["text"]
    assert inline["at"] - click["at"] < 1.5
    assert durable["n"] > inline["n"]
    (decided,) = when(
        await order_driver.history(card.approval_id), "WORKFLOW_EXECUTION_UPDATE_ACCEPTED"
    )
    (published,) = scheduled_at(await order_driver.history(card.order_id), "publish")
    assert published - decided >= SETTLE
    (message,) = await order_driver.cards(card.order_id)
    assert "Completed" in text_of(message)


async def test_the_first_of_two_approvals_keeps_the_buttons(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order(quorum=2)

    await slack.click(BORIS, APPROVALS, card.message, "approve")

    seen = await order_driver.card(card.order_id, approved_by_boris)
    assert has_approve_button(seen)


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: str(fault["effect"]))
async def test_the_card_converges_after_a_lost_inline_write(
    slack: StandInClient,
    bot: AsyncApp,
    order_driver: OrderDriver,
    fault: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "WRITE_TIMEOUT", 1)  # how long the hanging write lasts
    card = await order_driver.waiting_order()
    mark = await slack.journal_mark()
    await slack.faults({"target": "response_url", **fault})

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_settle_time(card.order_id)

    seen = await order_driver.card(card.order_id, shows("Completed"))
    assert seen["ts"] == card.ts
    assert len(await slack.journal(mark, kind="api", method="chat.update")) == 1


async def test_a_click_repairs_a_closed_card_that_a_late_inline_write_overwrote(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order(quorum=2)
    await slack.faults({"target": "response_url", "effect": "late", "seconds": 600})
    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await listeners_finished()
    await order_driver.skip_settle_time(card.approval_id)
    current = await order_driver.card(card.order_id, approved_by_boris)
    await slack.click(CLARA, APPROVALS, current, "approve")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)
    await slack.advance(600)
    old = await order_driver.card(card.order_id, has_approve_button)

    await slack.click(GUS, APPROVALS, old, "approve")

    seen = await order_driver.card(card.order_id, shows("Completed"))
    assert seen["ts"] == card.ts


async def test_an_answer_after_the_inline_limit_is_not_written_inline(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await order_driver.waiting_order()
    mark = await slack.journal_mark()
    answer_after(monkeypatch, 1.51)

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_settle_time(card.order_id)
    await order_driver.card(card.order_id, shows("Completed"))

    assert await slack.journal(mark, kind="response_url") == []


async def test_an_answer_before_the_inline_limit_is_written_inline(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await order_driver.waiting_order()
    mark = await slack.journal_mark()
    answer_after(monkeypatch, 1.49)

    await slack.click(BORIS, APPROVALS, card.message, "approve")

    assert inline_writes([await slack.wait_for_journal(after=mark, kind="response_url")])


async def test_a_click_that_slack_retries_counts_but_is_not_written_inline(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    mark = await slack.journal_mark()

    answer = await http.interact(payload, x_slack_retry_num="1", x_slack_retry_reason="timeout")
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_settle_time(card.order_id)
    await order_driver.card(card.order_id, shows("Completed"))

    assert answer.status == 200
    assert await slack.journal(mark, kind="response_url") == []


@pytest.mark.parametrize("headers", [{}, {"x_slack_retry_num": "0"}], ids=["none", "zero"])
async def test_a_delivery_without_a_retry_number_or_with_zero_is_the_first(
    slack: StandInClient,
    http: SignedHttp,
    order_driver: OrderDriver,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_after(monkeypatch, 0)
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    mark = await slack.journal_mark()

    await http.interact(payload, **headers)

    assert inline_writes([await slack.wait_for_journal(after=mark, kind="response_url")])


async def test_a_click_without_a_response_url_is_written_by_chat_update(
    slack: StandInClient,
    http: SignedHttp,
    order_driver: OrderDriver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_after(monkeypatch, 0)
    card = await order_driver.waiting_order(quorum=2)
    payload = await click_payload(slack, BORIS, card, "approve")
    del payload["response_url"], payload["trigger_id"]
    mark, began = await slack.journal_mark(), (await slack.journal())[-1]["at"]

    await http.interact(payload)
    await order_driver.card(card.order_id, approved_by_boris)

    (first, *_) = await slack.journal(mark, kind="api", method="chat.update")
    assert first["arguments"]["ts"] == card.ts
    assert first["at"] - began < 3  # so it is not the durable publish


async def test_a_click_delivered_twice_counts_once(
    slack: StandInClient, bot: AsyncApp, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_after(monkeypatch, 0)
    card = await order_driver.waiting_order(quorum=2)
    await slack.deliveries(duplicate=1)
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, card.message, "approve")
    await slack.wait_for_journal(after=mark, kind="response_url")
    await listeners_finished()

    assert len(await slack.journal(mark, kind="envelope", what="block_actions")) == 2
    assert len(await slack.journal(mark, kind="response_url")) == 1
    assert await order_driver.updates(card.approval_id, "decide") == 1
    assert await order_driver.refusals_of(card.approval_id) == []


async def test_a_click_redelivered_much_later_does_not_write_an_old_state(
    slack: StandInClient, http: SignedHttp, order_driver: OrderDriver
) -> None:
    card = await order_driver.waiting_order(quorum=2)
    payload = await click_payload(slack, BORIS, card, "approve")
    await http.interact(payload)
    await send(order_driver.workflows, card.approval_id, "clara", approval_by(CLARA))
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)
    await order_driver.card(card.order_id, shows("Completed"))

    await http.interact(payload)
    await listeners_finished()

    (message,) = await order_driver.cards(card.order_id)
    assert shows("Completed")(message)
    assert await order_driver.refusals_of(card.approval_id) == []


async def test_a_click_redelivered_to_another_bot_does_not_write_an_old_state(
    slack: StandInClient,
    web: AsyncWebClient,
    services: Services,
    http: SignedHttp,
    order_driver: OrderDriver,
) -> None:
    """The other process does not know the click, and Temporal repeats its first answer."""
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "approve")
    await http.interact(payload)
    await order_driver.direct_message(ANA, card.order_id)
    await order_driver.skip_to_end(card.order_id)
    await order_driver.card(card.order_id, shows("Completed"))
    record = await order_driver.requests.get(card.approval_id)
    assert record is not None
    snapshot = decode_snapshot(record.face)
    assert isinstance(snapshot, ApprovalSnapshot)
    assert snapshot.closed_at is not None
    later = snapshot.closed_at + timedelta(seconds=3)
    other = SignedHttp(create_app(web, SECRET, replace(services, now=lambda: later)))
    mark = await slack.journal_mark()

    await other.interact(payload)
    await listeners_finished()

    assert await slack.journal(mark, kind="response_url") == []
    assert shows("Completed")(*await order_driver.cards(card.order_id))
    assert await order_driver.refusals_of(card.approval_id) == []


async def test_a_click_delivered_to_two_bots_opens_one_form_and_reports_no_error(
    slack: StandInClient,
    web: AsyncWebClient,
    services: Services,
    http: SignedHttp,
    order_driver: OrderDriver,
) -> None:
    card = await order_driver.waiting_order()
    payload = await click_payload(slack, BORIS, card, "reject")
    other = SignedHttp(create_app(web, SECRET, services))
    mark = await slack.journal_mark()

    await http.interact(payload)
    await other.interact(payload)
    await listeners_finished()

    opened = await slack.journal(mark, kind="api", method="views.open")
    assert [call["response"]["ok"] for call in opened] == [True, False]
    assert await slack.journal(mark, kind="response_url") == []
