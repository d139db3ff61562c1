"""The App Home: pending requests, decisions there, and updates without opening it again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from slack_bolt.async_app import AsyncApp

from bot.actions.inbox_lookup import InboxLookup
from bot.home import relay as home_relay
from bot.listeners.services import Services
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.absences import Absences
from records.database import Database
from records.inbox import Inbox
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    Json,
    OrderDriver,
    cli_approval_by,
    listeners_finished,
)
from tests.bot.request_driver import EMIL, RequestDriver, level
from tests.bot.test_away import away_for_a_week
from views import notices
from views.home import HomePlace, Tab
from views.translator import ENGLISH
from workflows.rules.approvals.policy import LevelRule, ReasonRule
from workflows.rules.approvals.request import Amendment, Status, Withdrawal
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id
from workflows.rules.shared.content import Content


@pytest.fixture(autouse=True)
def _publish_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish homes immediately. test_home_relay.py tests the intervals with a controlled clock."""
    monkeypatch.setattr(home_relay, "POLL_EVERY", 0.05)
    monkeypatch.setattr(home_relay, "MIN_INTERVAL", timedelta(0))


async def create_many(request_driver: RequestDriver, times: int, rule: LevelRule) -> list[str]:
    """Start this many requests concurrently and return their ids."""
    requests = await asyncio.gather(*(request_driver.create(rule) for _ in range(times)))
    return [request.request_id for request in requests]


async def open_home(slack: StandInClient, person: str) -> Json:
    """Open the home and wait until it is published again."""
    before = await slack.home(person)
    await slack.act(person, "open_home")
    known = before["hash"] if before else ""
    return await slack.wait_for_home(person, lambda v: v["hash"] != known)


async def home_with(slack: StandInClient, person: str, *words: str) -> Json:
    return await slack.wait_for_home(person, lambda v: all(word in text_of(v) for word in words))


async def home_without(slack: StandInClient, person: str, words: str) -> Json:
    return await slack.wait_for_home(person, lambda v: words not in text_of(v))


def withdrawal() -> Withdrawal:
    return Withdrawal(actor=Actor(person=ANA, origin=Origin.CLI))


async def test_the_home_shows_only_the_requests_that_wait_for_its_reader(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))

    home = await open_home(slack, BORIS)
    others = await open_home(slack, CLARA)

    assert pending.request_id in text_of(home)
    assert f"<@{ANA}>" in text_of(home)
    assert pending.request_id not in text_of(others)


async def test_a_decision_on_the_home_is_confirmed_there_and_shown_on_the_card(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create(level(BORIS, CLARA))
    home = await open_home(slack, BORIS)

    await slack.click_in_view(BORIS, home, "approve")

    shown = await home_with(slack, BORIS, notices.confirmed("approve", ENGLISH))
    assert pending.request_id not in text_of(shown)
    await order_driver.skip_settle_time(pending.request_id)
    await request_driver.card(pending.request_id, lambda m: f"<@{BORIS}> approved" in text_of(m))
    assert await slack.messages(f"D{BORIS}", BORIS) == []


async def test_a_refusal_is_shown_on_the_home(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, services: Services
) -> None:
    pending = await request_driver.create(level(BORIS))
    home = await open_home(slack, BORIS)
    await send(request_driver.workflows, pending.request_id, "w", withdrawal())

    await slack.click_in_view(BORIS, home, "approve")

    await home_with(slack, BORIS, "was withdrawn by")


async def test_a_rejection_on_the_home_asks_for_its_reason_in_a_modal(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    home = await open_home(slack, BORIS)

    await slack.click_in_view(BORIS, home, "reject")
    form = await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "verb")
    await slack.submit(BORIS, form, {"reason": "No room."})

    await request_driver.snapshot(
        pending.request_id, lambda snapshot: snapshot.status is Status.REJECTED
    )
    await request_driver.modal(BORIS, notices.confirmed("reject", ENGLISH))
    await home_without(slack, BORIS, pending.request_id)


async def test_the_home_is_updated_without_being_opened_again(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    """Mutation checked: without `mark_stale` in the transaction of the facts, nothing appears."""
    await open_home(slack, BORIS)
    await open_home(slack, CLARA)

    pending = await request_driver.create(level(BORIS, CLARA))
    await home_with(slack, CLARA, pending.request_id)
    await send(request_driver.workflows, pending.request_id, "b", cli_approval_by(BORIS))

    await home_without(slack, BORIS, pending.request_id)
    await home_with(slack, CLARA, pending.request_id)


async def test_an_update_keeps_the_selected_tab(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    home = await open_home(slack, ANA)
    await slack.click_in_view(ANA, home, "home_mine")
    await home_with(slack, ANA, "Nothing here yet")

    pending = await request_driver.create(level(BORIS))

    await home_with(slack, ANA, pending.request_id, "Waiting for", f"<@{BORIS}>")


async def test_decided_and_own_requests_are_in_their_tabs(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    await send(request_driver.workflows, pending.request_id, "b", cli_approval_by(BORIS))
    home = await open_home(slack, BORIS)
    await slack.click_in_view(BORIS, home, "home_history")
    await home_with(slack, BORIS, pending.request_id, "You approved")

    home = await open_home(slack, ANA)
    await slack.click_in_view(ANA, home, "home_mine")
    home = await home_with(slack, ANA, "Open")
    closed = {"text": {"type": "plain_text", "text": "Closed"}, "value": "closed"}
    await slack.click_in_view(ANA, home, "home_state", selected_option=closed)

    await home_with(slack, ANA, pending.request_id, "Approved")


async def test_absences_and_delegates_are_shown_and_set_on_the_home(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, services: Services
) -> None:
    home = await open_home(slack, BORIS)
    await slack.click_in_view(BORIS, home, "home_away")
    home = await home_with(slack, BORIS, "You have no time away set")

    await slack.click_in_view(BORIS, home, "set_away")
    await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "away")
    await away_for_a_week(services, BORIS, EMIL)
    await away_for_a_week(services, CLARA, BORIS)

    await home_with(slack, BORIS, f"delegate: <@{EMIL}>", f"• <@{CLARA}>")


async def test_opening_the_messages_tab_publishes_no_home(
    slack: StandInClient, bot: AsyncApp
) -> None:
    await slack.act(BORIS, "open_home", section="messages")
    await listeners_finished()

    assert await slack.home(BORIS) is None


async def test_a_page_lists_ten_requests_and_links_to_the_next(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    request_ids = await create_many(request_driver, 11, level(BORIS))
    home = await open_home(slack, BORIS)
    first = {request_id for request_id in request_ids if request_id in text_of(home)}

    await slack.click_in_view(BORIS, home, "home_on")
    home = await home_with(slack, BORIS, "11 to 11")

    assert len(first) == 10
    assert {request_id for request_id in request_ids if request_id in text_of(home)} == set(
        request_ids
    ) - first


# the inbox as a private message


async def test_the_inbox_answers_privately_and_a_click_updates_that_answer(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    pending = await request_driver.create(level(BORIS))
    await slack.say(BORIS, APPROVALS, "/countersign inbox")
    message = await order_driver.private_message(BORIS, "1 request is waiting for your decision")

    await slack.click(BORIS, APPROVALS, message, "approve")

    updated = await order_driver.private_message(BORIS, "Nothing is waiting for you")
    assert updated["ts"] == message["ts"]
    await request_driver.snapshot(
        pending.request_id, lambda snapshot: snapshot.status is Status.APPROVED
    )


async def test_a_rejection_from_a_private_answer_updates_that_answer(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, order_driver: OrderDriver
) -> None:
    """Mutation checked: if private messages may be written inline, the card replaces the answer first."""
    await request_driver.create(level(BORIS))
    await slack.say(BORIS, APPROVALS, "/countersign inbox")
    message = await order_driver.private_message(BORIS, "1 request is waiting for your decision")
    mark = await slack.journal_mark()

    await slack.click(BORIS, APPROVALS, message, "reject")
    form = await slack.wait_for_modal(BORIS, lambda v: v["callback_id"] == "verb")
    await slack.submit(BORIS, form, {"reason": "No room."})

    updated = await order_driver.private_message(BORIS, "Nothing is waiting for you")
    assert updated["ts"] == message["ts"]
    assert len(await slack.journal(mark, kind="response_url")) == 1


# Several at once


async def bulk_form(slack: StandInClient, person: str) -> Json:
    home = await open_home(slack, person)
    await slack.click_in_view(person, home, "bulk")
    return await slack.wait_for_modal(person, lambda v: v["callback_id"] == "bulk")


def ticked(form: Json) -> Json:
    (block,) = (block for block in form["blocks"] if block["block_id"] == "chosen")
    return {"selected_options": block["element"]["options"]}


@pytest.mark.parametrize("closes", [False, True])
async def test_of_five_bulk_approvals_one_is_refused(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver, *, closes: bool
) -> None:
    request_ids = await create_many(request_driver, 5, level(BORIS))
    form = await bulk_form(slack, BORIS)
    await send(request_driver.workflows, request_ids[2], "w", withdrawal())
    if closes:
        await slack.faults({"target": "views.update", "effect": "error", "error": "not_found"})

    await slack.submit(BORIS, form, {"chosen": ticked(form)})

    if closes:
        home = await home_with(slack, BORIS, "4 decided.", "1 not decided", "was withdrawn")
        assert text_of(home).count(notices.confirmed("approve", ENGLISH)) == 4
    else:
        message = await request_driver.modal(BORIS, "4 decided.")
        assert "1 not decided" in text_of(message)
        assert text_of(message).count(notices.confirmed("approve", ENGLISH)) == 4
        assert "was withdrawn" in text_of(message)
    for number, request_id in enumerate(request_ids):
        expected = Status.WITHDRAWN if number == 2 else Status.APPROVED
        snapshot = await request_driver.snapshot(request_id, lambda found: not found.is_open)
        assert snapshot.status is expected


async def test_a_repeated_bulk_submission_repeats_the_same_updates(
    workflows: WorkflowClient,
    slack: StandInClient,
    bot: AsyncApp,
    request_driver: RequestDriver,
    services: Services,
) -> None:
    """Mutation checked: fails with update ids that do not contain the request id."""
    request_ids = await create_many(request_driver, 2, level(BORIS, CLARA))
    form = await bulk_form(slack, BORIS)

    await slack.submit(BORIS, form, {"chosen": ticked(form)})
    await request_driver.modal(BORIS, "2 decided.")

    for request_id in request_ids:
        again = await send(
            workflows,
            request_id,
            click_id(request_id, form["id"], BORIS, form["hash"]),
            cli_approval_by(BORIS),
        )
        assert type(again).__name__ == "Accepted"


async def test_a_missing_reason_is_requested_at_its_field(
    slack: StandInClient, bot: AsyncApp, request_driver: RequestDriver
) -> None:
    await create_many(request_driver, 2, level(BORIS, approve_reason=ReasonRule.REQUIRED))
    form = await bulk_form(slack, BORIS)

    answer = await slack.submit(BORIS, form, {"chosen": ticked(form)})

    assert "1 and 2" in str(answer["errors"]["reason"])


async def test_the_history_knows_the_revision_of_each_decision(
    slack: StandInClient,
    bot: AsyncApp,
    workflows: WorkflowClient,
    database: Database,
    request_driver: RequestDriver,
) -> None:
    pending = await request_driver.create(level(BORIS), level(CLARA))
    request_id, ana = pending.request_id, Actor(person=ANA, origin=Origin.SLACK)
    await send(workflows, request_id, click_id(request_id, "1"), cli_approval_by(BORIS))
    content = Content(title=f"Two desks for {request_id}")
    amendment = Amendment(actor=ana, content=content, content_revision=1)
    await send(workflows, request_id, click_id(request_id, "2"), amendment)
    await request_driver.card(request_id, lambda m: "Two desks" in text_of(m))

    lookup = InboxLookup(Inbox(database), Absences(database))
    page = await lookup.page(BORIS, HomePlace(tab=Tab.HISTORY), datetime.now(UTC))

    assert [(row.content_revision, row.is_voided) for row in page.decided] == [(1, True)]
