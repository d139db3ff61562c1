"""Replies in a card's thread: a comment in the audit trail and a private hint, never a decision."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import delete, text

from bot.listeners.services import Services
from bot.runtime.ids import new_id
from bot.temporal.client import WorkflowClient
from emulator.client import StandInClient, text_of
from records.database import Database
from records.refusals import Refusals
from records.schema import cards
from tests.bot.commands import send
from tests.bot.order_driver import (
    ANA,
    APPROVALS,
    BORIS,
    CLARA,
    GUS,
    Json,
    OrderDriver,
    listeners_finished,
)
from tests.bot.request_driver import PendingRequest, RequestDriver, offers
from tests.bot.signed_clicks import SignedHttp
from views.card_click import ButtonValue
from views.payload import to_json
from workflows.rules.approvals.policy import Layout, Visibility
from workflows.rules.approvals.request import Closing, Status
from workflows.rules.hr.request import HrRequest, HrType
from workflows.rules.messages import HrInput
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.audit import Fact
from workflows.rules.shared.ids import approval_id

pytestmark = pytest.mark.usefixtures("bot")


async def reply(
    slack: StandInClient,
    person: str,
    pending: PendingRequest,
    words: str,
    channel: str = APPROVALS,
    **fields: object,
) -> int:
    """Reply in the card's thread, wait until the bot has processed it, and return a journal mark."""
    mark = await slack.journal_mark()
    posted = await slack.say(person, channel, words, thread_ts=pending.ts, **fields)
    await slack.wait_for_journal(
        lambda entry: entry["payload"]["event"].get("ts") == posted["ts"],
        after=mark,
        kind="envelope",
        what="message",
    )
    (envelope,) = [
        entry
        for entry in await slack.journal(mark, kind="envelope", what="message")
        if entry["payload"]["event"].get("ts") == posted["ts"]
    ]
    await slack.wait_for_journal(after=mark, kind="ack", envelope_id=envelope["envelope_id"])
    await listeners_finished()
    return mark


async def comments(services: Services, pending: PendingRequest) -> list[tuple[Actor, str]]:
    trail = await services.trail.facts(pending.request_id)
    return [(fact.actor, fact.reason) for fact in trail if fact.kind is Fact.COMMENT_ADDED]


async def private_messages(
    slack: StandInClient, person: str, pending: PendingRequest, channel: str = APPROVALS
) -> list[str]:
    """Return the ephemeral messages that the person sees in the card's thread."""
    seen = await slack.messages(channel, person, thread_ts=pending.ts)
    return [text_of(message) for message in seen if message.get("is_ephemeral")]


async def in_snapshot(request_driver: RequestDriver, pending: PendingRequest, count: int) -> None:
    await request_driver.snapshot(pending.request_id, lambda snapshot: snapshot.comments == count)


async def test_a_reply_in_a_cards_thread_is_recorded_as_a_comment(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
) -> None:
    pending = await request_driver.create()

    await reply(slack, BORIS, pending, "Is <it> for *Dina* & <@U0GUS>?")

    await order_driver.until_idle(pending.request_id)
    snapshot = await request_driver.snapshot(
        pending.request_id, lambda snapshot: snapshot.comments == 1
    )
    boris = Actor(person=BORIS, origin=Origin.SLACK)
    assert await comments(services, pending) == [(boris, "Is <it> for *Dina* & @U0GUS?")]
    assert snapshot.status is Status.PENDING
    assert await private_messages(slack, BORIS, pending) == []


@pytest.mark.parametrize("words", ["ok", "Approved!", ":+1:", "LGTM", "Nein.", "ja, bitte"])
async def test_a_typed_decision_is_a_comment_and_gets_a_hint_about_the_buttons(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    words: str,
) -> None:
    pending = await request_driver.create()

    await reply(slack, BORIS, pending, words)

    await order_driver.until_idle(pending.request_id)
    snapshot = await request_driver.snapshot(
        pending.request_id, lambda snapshot: snapshot.comments == 1
    )
    assert snapshot.levels[0].decisions == ()
    assert [posted for _, posted in await comments(services, pending)] == [words]
    (hint,) = await private_messages(slack, BORIS, pending)
    assert "Saved as a comment" in hint
    assert f"/p{pending.ts.replace('.', '')}" in hint  # the message with the buttons
    assert await private_messages(slack, CLARA, pending) == []


async def test_an_event_delivered_twice_is_one_comment_and_one_hint(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
) -> None:
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    await slack.deliveries(drop_ack=1, retry_delays=[0])

    mark = await reply(slack, BORIS, pending, "yes")
    await slack.wait_for_journal(lambda entry: entry["retry"] == 1, after=mark, kind="ack")
    await listeners_finished()

    await order_driver.until_idle(pending.request_id)
    await in_snapshot(request_driver, pending, 1)
    assert len(await comments(services, pending)) == 1
    assert len(await private_messages(slack, BORIS, pending)) == 1


async def test_an_unconfirmed_comment_is_not_acknowledged_so_slack_retries(
    slack: StandInClient, services: Services, request_driver: RequestDriver, order_driver: OrderDriver, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    await slack.deliveries(retry_delays=[0, 0, 0])
    monkeypatch.setattr(
        request_driver.workflows, "_wait", 0.0
    )  # every answer of Temporal is too late
    mark = await slack.journal_mark()

    await slack.say(BORIS, APPROVALS, "Why?", thread_ts=pending.ts)
    await slack.wait_for_journal(after=mark, kind="no_ack", what="message")
    monkeypatch.undo()

    await in_snapshot(request_driver, pending, 1)
    assert len([posted for _, posted in await comments(services, pending)]) <= 1


async def test_an_uninvolved_person_is_told_once_that_the_comment_is_not_recorded(
    refusals: Refusals, slack: StandInClient, services: Services, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()

    await reply(slack, GUS, pending, "ok")
    await reply(slack, GUS, pending, "Really, I mean it")

    (hint,) = await private_messages(slack, GUS, pending)
    assert "wasn't added to the request" in hint
    assert await comments(services, pending) == []
    refused = await refusals.of(pending.request_id)
    found = {(refusal.actor.person, refusal.verb, refusal.code) for refusal in refused}
    assert found == {(GUS, "comment", "not_involved")}


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("updated", [False, True])
async def test_a_comment_after_the_end_is_rejected_with_one_hint(  # noqa: PLR0913 - a case
    refusals: Refusals,
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    *,
    layout: Layout,
    updated: bool,
) -> None:
    """Mutation checked: if only buttons identify the request, a card without buttons is ignored."""
    pending = await request_driver.create(layout=layout)
    fay = Actor(person="U0FAY", origin=Origin.CLI)
    await send(
        request_driver.workflows,
        pending.request_id,
        "close",
        Closing(actor=fay, reason="Not needed"),
    )
    if updated:
        await request_driver.card(pending.request_id, lambda m: "Not needed" in text_of(m))

    await reply(slack, BORIS, pending, "Oh")
    await reply(slack, BORIS, pending, "No?")

    (hint,) = await private_messages(slack, BORIS, pending)
    assert "This request is closed" in hint
    assert await comments(services, pending) == []
    refused = {
        (refusal.actor.person, refusal.code) for refusal in await refusals.of(pending.request_id)
    }
    assert refused == {(BORIS, "request_closed")}


async def test_a_comment_that_is_too_long_is_rejected_with_a_hint(
    slack: StandInClient, services: Services, request_driver: RequestDriver
) -> None:
    pending = await request_driver.create()

    await reply(slack, BORIS, pending, "x" * 3001)

    (hint,) = await private_messages(slack, BORIS, pending)
    assert "3,000 characters" in hint
    assert await comments(services, pending) == []


async def test_messages_outside_the_cards_thread_are_ignored(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
) -> None:
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    mark = await slack.journal_mark()

    beside = await slack.say(BORIS, APPROVALS, "approved")
    await slack.say(CLARA, APPROVALS, "ok", thread_ts=beside["ts"])
    await slack.wait_for_journal(
        lambda entry: entry["payload"]["event"].get("text") == "ok", after=mark, kind="envelope"
    )
    await listeners_finished()

    assert await slack.journal(mark, kind="api", method="conversations.replies") == []
    assert await comments(services, pending) == []


async def test_replies_to_other_bot_messages_are_not_comments(
    slack: StandInClient, services: Services, request_driver: RequestDriver, web: AsyncWebClient
) -> None:
    pending = await request_driver.create()
    posted = await web.chat_postMessage(channel=APPROVALS, text=f"About {pending.request_id}")
    plain = PendingRequest(request_id=pending.request_id, message={"ts": posted["ts"]})

    await reply(slack, BORIS, plain, "ok")

    assert await comments(services, pending) == []
    assert await private_messages(slack, BORIS, plain) == []


async def test_a_comment_on_a_private_request_gets_one_warning_that_the_thread_is_public(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
) -> None:
    pending = await request_driver.create(visibility=Visibility.PRIVATE)

    await reply(slack, BORIS, pending, "Is that for the knee?")
    await reply(slack, BORIS, pending, "ok")

    await order_driver.until_idle(pending.request_id)
    public, typed = await private_messages(slack, BORIS, pending)
    assert "Everyone in this channel can read this thread" in public
    assert "Saved as a comment" in typed
    assert "Everyone" not in typed
    assert len(await comments(services, pending)) == 2


async def test_with_a_reply_for_each_level_the_hint_links_to_the_open_levels_buttons(
    workflows: WorkflowClient,
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
) -> None:
    policy = services.policies.policy("equipment")
    request = HrRequest(
        request_id=new_id("HR"), type=HrType.EQUIPMENT, title="Desk", item="DESK-OAK"
    )
    gus = Actor(person=GUS, origin=Origin.SLACK)
    managers = services.policies.chain_of(GUS)
    wanted = HrInput(request=request, requester=gus, policy=policy, managers=managers)
    assert await workflows.start(wanted)
    approval = approval_id(request.request_id)
    root = await slack.wait_for_message(
        "C0HR", "U0DINA", lambda m: request.request_id in text_of(m) and offers("details")(m)
    )
    level = await slack.wait_for_message("C0HR", "U0DINA", offers("approve"), thread_ts=root["ts"])
    pending = PendingRequest(request_id=approval, message=root)

    await reply(slack, "U0DINA", pending, "Approved", channel="C0HR")

    (hint,) = await private_messages(slack, "U0DINA", pending, channel="C0HR")
    assert f"/p{level['ts'].replace('.', '')}?thread_ts={root['ts']}" in hint
    await order_driver.until_idle(approval)
    assert [posted for _, posted in await comments(services, pending)] == ["Approved"]
    snapshot = await request_driver.snapshot(approval, lambda snapshot: snapshot.comments == 1)
    assert snapshot.levels[0].decisions == ()


Change = Callable[[Json], Json]
NO_COMMENT: dict[str, Change] = {
    "an app wrote it": lambda event: {**event, "bot_id": "B0OTHER"},
    "it was edited": lambda event: {
        **event,
        "subtype": "message_changed",
        "hidden": True,
        "message": {**event, "edited": {"user": BORIS, "ts": "1.2"}},
    },
    "it was deleted": lambda event: {**event, "subtype": "message_deleted", "hidden": True},
    "a link was unfolded": lambda event: {**event, "subtype": "message_changed"},
    "a person joined": lambda event: {**event, "subtype": "channel_join"},
    "another person started the thread": lambda event: {
        **event,
        "thread_ts": "1999999999.000001",
        "parent_user_id": ANA,
    },
    "it has no author": lambda event: {key: value for key, value in event.items() if key != "user"},
    "it is blank": lambda event: {**event, "text": "  "},
    "it is in no thread": lambda event: {
        key: value for key, value in event.items() if key not in ("thread_ts", "parent_user_id")
    },
}


@pytest.mark.parametrize("what", NO_COMMENT)
async def test_events_that_no_user_typed_are_not_comments(  # noqa: PLR0913, PLR0917 - a case and its fixtures
    slack: StandInClient, services: Services, request_driver: RequestDriver, order_driver: OrderDriver, http: SignedHttp, what: str
) -> None:  # fmt: skip
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    mark = await slack.journal_mark()

    status = await deliver(http, NO_COMMENT[what](reply_event(pending, "ok")))

    assert status == 200
    assert await slack.journal(mark, kind="api", method="conversations.replies") == []
    assert await comments(services, pending) == []


FORMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "also sent to the channel": ("For all to see", {"broadcast": True}, "For all to see"),
    "with files": (
        "Two offers",
        {"files": ["old.pdf", "new.pdf"]},
        "Two offers\n📎 old.pdf\n📎 new.pdf",
    ),
    "with nothing but a file": ("", {"files": ["offer.pdf"]}, "📎 offer.pdf"),
    "with a file, also sent to the channel": (
        "See",
        {"files": ["offer.pdf"], "broadcast": True},
        "See\n📎 offer.pdf",
    ),
    "as /me": ("/me is looking into it", {}, "is looking into it"),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_reply_in_every_form_is_a_comment(
    slack: StandInClient,
    services: Services,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    form: str,
) -> None:
    pending = await request_driver.create()
    typed, fields, recorded = FORMS[form]

    await reply(slack, BORIS, pending, typed, **fields)

    await order_driver.until_idle(pending.request_id)
    assert [posted for _, posted in await comments(services, pending)] == [recorded]


async def forget_cards(database: Database) -> None:
    """Make the records what an earlier release left: it recorded no cards."""
    async with database.writing() as connection:
        await connection.execute(delete(cards))


async def test_a_busy_thread_costs_no_call_to_slack(
    slack: StandInClient,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    http: SignedHttp,
) -> None:
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    await deliver(http, reply_event(pending, "Which one?"))
    mark = await slack.journal_mark()

    for number in range(20):
        assert await deliver(http, reply_event(pending, "And this?"), f"Ev{number}") == 200

    await in_snapshot(request_driver, pending, 21)
    calls = [call["method"] for call in await slack.journal(mark, kind="api")]
    assert [method for method in calls if method != "chat.update"] == []  # the card's own publish


async def test_a_reply_to_a_card_of_an_earlier_release_is_a_comment_after_the_ack(  # noqa: PLR0913, PLR0917
    slack: StandInClient,
    services: Services,
    database: Database,
    request_driver: RequestDriver,
    order_driver: OrderDriver,
    http: SignedHttp,
) -> None:
    pending = await request_driver.create()
    await order_driver.until_idle(pending.request_id)
    await forget_cards(database)
    mark = await slack.journal_mark()

    assert await deliver(http, reply_event(pending, "First"), "Ev1") == 200
    assert await deliver(http, reply_event(pending, "Second"), "Ev2") == 200

    await order_driver.until_idle(pending.request_id)
    assert [words for _, words in await comments(services, pending)] == ["First", "Second"]
    assert len(await slack.journal(mark, kind="api", method="conversations.replies")) == 1


async def test_an_event_is_delivered_again_while_the_records_cannot_be_read(
    database: Database, request_driver: RequestDriver, http: SignedHttp
) -> None:
    pending = await request_driver.create()
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE cards RENAME TO gone"))

    assert await deliver(http, reply_event(pending, "Why?")) == 503

    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO cards"))
    assert await deliver(http, reply_event(pending, "Why?")) == 200
    await in_snapshot(request_driver, pending, 1)


async def test_a_forged_thread_root_is_ignored(
    slack: StandInClient, services: Services, request_driver: RequestDriver, http: SignedHttp
) -> None:
    """Another app's message with our button value is no card: replies to it are not comments."""
    pending = await request_driver.create()
    value = ButtonValue(
        request_id=pending.request_id,
        content_revision=1,
        level=1,
        card_version=2,
        reason_required=False,
        currency="",
        subject="",
    )
    root = (await slack.say(GUS, APPROVALS, to_json(value)))["ts"]
    event = reply_event(pending, "ok") | {
        "thread_ts": root
    }  # the bot is the parent, as if it had started the thread

    assert await deliver(http, event) == 200

    assert await comments(services, pending) == []


def reply_event(pending: PendingRequest, words: str) -> Json:
    """Return the event that Slack sends for Boris's reply to the card."""
    return {
        "type": "message",
        "client_msg_id": "f0582a78-72db-4feb-b2f3-1e47d66365c8",
        "text": words,
        "user": BORIS,
        "ts": "1999999999.000100",
        "team": "T0LOCAL",
        "thread_ts": pending.ts,
        "parent_user_id": "U0LOCALBOT",
        "channel": APPROVALS,
        "channel_type": "channel",
        "event_ts": "1999999999.000100",
    }


async def deliver(http: SignedHttp, event: Json, event_id: str = "Ev0TEST") -> int:
    """Send the event signed, as Slack does; return the status when its listener has finished."""
    body: dict[str, Any] = {
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1999999999,
        "team_id": "T0LOCAL",
        "api_app_id": "A0LOCAL",
        "authorizations": [{"team_id": "T0LOCAL", "user_id": "U0LOCALBOT", "is_bot": True}],
        "event": event,
    }
    answer = await http.send(json.dumps(body), kind="application/json")
    await listeners_finished()
    return answer.status
