"""Publishing cards: exactly one message per copy, whatever goes wrong in Slack."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.cards import MAX_CONCURRENT_WRITES, CardActivities
from emulator.client import StandInClient, text_of
from records.cards import Cards
from records.database import Database
from slack_api.poster import EVENT_TYPE, Poster
from tests.views import examples
from workflows.ports.approvals import PublishCard, PublishedCard
from workflows.rules.shared.card import CardCopy
from workflows.rules.snapshots import Snapshot

Json = dict[str, Any]
APPROVALS, GENERAL, BORIS = "C0APPROVALS", "C0GENERAL", "U0BORIS"
COPY = CardCopy(channel="#approvals", key="k-1")
PENDING, APPROVED = examples.pending(), examples.approved()


@dataclass
class Publisher:
    """Publishes cards as the workflow does, with the intent recorded first."""

    slack: StandInClient
    cards: CardActivities
    activity: ActivityEnvironment

    async def publish(self, *copies: CardCopy, snapshot: Snapshot = PENDING) -> PublishedCard:
        now = datetime.now(UTC)
        noted = tuple(replace(copy, intended_at=copy.intended_at or now) for copy in copies)
        card = PublishCard(face=snapshot, copies=noted)
        published: PublishedCard = await self.activity.run(self.cards.publish, card)
        return published

    async def messages(self, channel: str = APPROVALS) -> list[Json]:
        """Return our messages in a channel."""
        return [m for m in await self.slack.messages(channel, BORIS) if m.get("bot_id")]

    async def posts(self) -> int:
        """Count the calls of chat.postMessage."""
        return len(await self.slack.journal(kind="api", method="chat.postMessage"))


@pytest.fixture
def publisher(
    slack: StandInClient, poster: Poster, database: Database, activity: ActivityEnvironment
) -> Publisher:
    cards = CardActivities(poster, Cards(database))
    return Publisher(slack=slack, cards=cards, activity=activity)


async def test_a_card_is_posted_once_and_then_edited_in_place(publisher: Publisher) -> None:
    first = await publisher.publish(COPY)
    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    (message,) = await publisher.messages()
    assert second.copies == first.copies
    assert (second.problem, second.version) == ("", APPROVED.card_version)
    assert first.copies[0].channel == APPROVALS
    assert message["ts"] == first.copies[0].ts
    assert "Approved" in message["text"]
    assert message["metadata"] == {"event_type": EVENT_TYPE, "event_payload": {"key": "k-1"}}


AMBIGUOUS = [
    {"effect": "reply_lost"},
    {"effect": "hang"},
    {"effect": "http_500"},
    {"effect": "late", "seconds": 60},
    {"effect": "error", "error": "internal_error"},
    {"effect": "error", "error": "fatal_error"},
]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=lambda f: f.get("error") or f["effect"])
async def test_a_post_of_unknown_outcome_is_doubtful_and_never_leaves_two_cards(
    slack: StandInClient, publisher: Publisher, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await publisher.publish(COPY)
    second = await publisher.publish(*first.copies)
    await slack.advance(61)
    if fault["effect"] == "late":
        await slack.wait_for_journal(kind="applied_late")
    third = await publisher.publish(*second.copies, snapshot=APPROVED)

    assert first.copies[0].doubtful
    assert first.problem
    assert not first.lasting
    assert second.problem == third.problem == ""
    (message,) = await publisher.messages()
    assert message["ts"] == third.copies[0].ts
    assert "Approved" in message["text"]


async def test_slack_sdk_does_not_repeat_a_request_whose_connection_broke(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost", "times": 5})

    await publisher.publish(COPY)

    assert await publisher.posts() == 1
    assert len(await publisher.messages()) == 1


async def test_a_copy_that_arrived_late_is_adopted_and_not_posted_again(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})
    lost = await publisher.publish(COPY)
    (standing,) = await publisher.messages()

    found = await publisher.publish(*lost.copies)

    assert found.copies[0].ts == standing["ts"]
    assert await publisher.posts() == 1


async def test_a_late_duplicate_never_replaces_a_card_that_the_search_does_not_reach(
    slack: StandInClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slack_api.poster.MAX_PAGES", 1)
    monkeypatch.setattr("slack_api.poster.PAGE_SIZE", 2)
    await slack.faults({"target": "chat.postMessage", "effect": "late", "seconds": 60})
    lost = await publisher.publish(COPY)
    standing = await publisher.publish(*lost.copies)
    for number in range(2):
        await slack.say(BORIS, APPROVALS, f"Something else {number}")
    await slack.advance(61)
    await slack.wait_for_journal(kind="applied_late")

    last = await publisher.publish(*standing.copies, snapshot=APPROVED)

    (message,) = await publisher.messages()
    assert last.copies[0].ts == standing.copies[0].ts == message["ts"]
    assert "Approved" in message["text"]


@pytest.mark.parametrize("effect", ["hang"])
async def test_a_doubtful_copy_that_was_never_posted_is_posted(
    slack: StandInClient, publisher: Publisher, effect: str
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": effect})
    lost = await publisher.publish(COPY)

    found = await publisher.publish(*lost.copies)

    assert len(await publisher.messages()) == 1
    assert found.copies[0].ts


async def test_without_the_history_a_doubtful_copy_is_not_posted(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.faults(
        {"target": "chat.postMessage", "effect": "reply_lost"},
        {"target": "conversations.history", "effect": "error", "error": "missing_scope"},
    )
    lost = await publisher.publish(COPY)

    again = await publisher.publish(*lost.copies)

    assert (again.problem, again.lasting) == ("slack.missing_scope", True)
    assert await publisher.posts() == 1


async def test_another_apps_message_with_our_key_does_not_stop_the_card(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})
    lost = await publisher.publish(COPY)
    found = await publisher.publish(*lost.copies)
    await slack.faults(
        {"target": "chat.postMessage", "effect": "reply_lost"},
        {"target": "chat.delete", "effect": "error", "error": "cant_delete_message"},
    )
    await publisher.publish(replace(found.copies[0], ts="", doubtful=False))

    again = await publisher.publish(*found.copies, snapshot=APPROVED)

    assert again.problem == ""
    assert again.copies == found.copies


async def test_a_card_that_a_user_deleted_is_posted_again(
    slack: StandInClient, publisher: Publisher
) -> None:
    first = await publisher.publish(COPY)
    await slack.delete_message(APPROVALS, first.copies[0].ts)

    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    (message,) = await publisher.messages()
    assert second.copies[0].ts == message["ts"] != first.copies[0].ts


async def archived(slack: StandInClient) -> str:
    await slack.channels(APPROVALS, "archive")
    return "#approvals"


async def without_the_bot(slack: StandInClient) -> str:
    await slack.channels(APPROVALS, "remove_bot")
    return "#approvals"


async def unknown(slack: StandInClient) -> str:
    return "#no-such-channel"


LASTING: list[tuple[Callable[[StandInClient], Awaitable[str]], set[str]]] = [
    (archived, {"slack.is_archived", "slack.channel_not_found"}),
    (without_the_bot, {"slack.not_in_channel"}),
    (unknown, {"slack.channel_not_found"}),
]


@pytest.mark.parametrize(("make", "problems"), LASTING)
async def test_a_problem_that_only_a_person_can_fix_is_lasting(
    slack: StandInClient,
    publisher: Publisher,
    make: Callable[[StandInClient], Awaitable[str]],
    problems: set[str],
) -> None:
    channel = await make(slack)

    result = await publisher.publish(replace(COPY, channel=channel))

    assert result.problem in problems
    assert result.lasting
    assert not result.copies[0].doubtful
    assert not result.copies[0].ts


async def test_a_channel_that_was_archived_later_is_a_lasting_problem(
    slack: StandInClient, publisher: Publisher
) -> None:
    first = await publisher.publish(COPY)
    await slack.channels(APPROVALS, "archive")

    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    assert (second.problem, second.lasting) == ("slack.is_inactive", True)
    assert second.copies == first.copies


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_retry_after_is_passed_on(
    slack: StandInClient, publisher: Publisher, method: str
) -> None:
    copies = (COPY,) if method == "chat.postMessage" else (await publisher.publish(COPY)).copies
    await slack.faults({"target": method, "effect": "ratelimited", "retry_after": 17})

    result = await publisher.publish(*copies)

    assert result.problem == "slack.ratelimited"
    assert result.retry_after == timedelta(seconds=17)
    assert not result.lasting
    assert not result.copies[0].doubtful


async def test_a_copy_that_fails_does_not_affect_the_others(
    slack: StandInClient, publisher: Publisher
) -> None:
    copies = (COPY, CardCopy(channel="#general", key="k-2"), CardCopy(channel="#none", key="k-3"))
    await slack.faults(
        {"target": "chat.postMessage", "effect": "http_500", "where": {"channel": GENERAL}}
    )

    first = await publisher.publish(*copies)
    second = await publisher.publish(*first.copies)

    assert [bool(copy.ts) for copy in first.copies] == [True, False, False]
    assert [copy.doubtful for copy in first.copies] == [False, True, False]
    assert not first.lasting  # one of the two may still succeed
    assert [bool(copy.ts) for copy in second.copies] == [True, True, False]
    assert second.lasting
    assert len(await publisher.messages(APPROVALS)) == len(await publisher.messages(GENERAL)) == 1


CLARA, IVAN = "U0CLARA", "U0IVAN"


def direct(person: str, key: str = "k-2") -> CardCopy:
    return CardCopy(channel=person, person=person, key=key)


async def test_a_copy_for_a_person_is_a_direct_message(publisher: Publisher) -> None:
    first = await publisher.publish(COPY, direct(BORIS))
    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    copy = second.copies[1]
    assert (copy.channel, copy.person) == (f"D{BORIS}", BORIS)
    assert first.copies == second.copies
    (message,) = await publisher.messages(f"D{BORIS}")
    assert "Approved" in message["text"]
    assert len(await publisher.slack.journal(kind="api", method="conversations.open")) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS[:3], ids=lambda f: f["effect"])
async def test_a_copy_for_a_person_is_never_posted_twice(
    slack: StandInClient, publisher: Publisher, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await publisher.publish(direct(BORIS))
    second = await publisher.publish(*first.copies)

    assert (first.copies[0].channel, first.copies[0].doubtful) == (f"D{BORIS}", True)
    assert (first.problem != "", first.lasting, second.problem) == (True, False, "")
    (message,) = await publisher.messages(f"D{BORIS}")
    assert message["ts"] == second.copies[0].ts


async def test_no_direct_message_is_sent_for_a_decided_request(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "http_500"})
    first = await publisher.publish(COPY, direct(BORIS))

    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    assert (second.problem, second.copies[1].ts) == ("", "")
    assert await publisher.messages(f"D{BORIS}") == []


async def test_a_deactivated_person_is_not_a_problem_of_the_card(publisher: Publisher) -> None:
    result = await publisher.publish(COPY, direct(IVAN), direct(BORIS, "k-3"))

    assert (result.problem, result.lasting) == ("", False)
    assert [bool(copy.ts) for copy in result.copies] == [True, False, True]
    assert result.copies[1] == replace(direct(IVAN), intended_at=result.copies[1].intended_at)


async def test_a_direct_message_that_may_still_succeed_is_retried(
    slack: StandInClient, publisher: Publisher, pass_retry_after: Callable[[float], None]
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "ratelimited"})

    result = await publisher.publish(COPY, direct(BORIS), direct(IVAN, "k-3"))
    pass_retry_after(1)
    again = await publisher.publish(*result.copies)

    assert (result.problem, result.lasting) == ("slack.ratelimited", False)
    assert result.retry_after == timedelta(seconds=1)
    assert not result.copies[1].doubtful
    assert (again.problem, bool(again.copies[1].ts)) == ("", True)


async def test_the_channels_problem_is_reported_even_if_direct_messages_fail(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.channels(APPROVALS, "remove_bot")
    await slack.faults({"target": "conversations.open", "effect": "http_500", "times": 1})

    first = await publisher.publish(COPY, direct(BORIS), direct(CLARA, "k-3"))
    second = await publisher.publish(*first.copies)

    assert (first.problem, first.lasting) == ("slack.not_in_channel", False)
    assert sum(bool(copy.ts) for copy in first.copies) == 1
    assert (second.problem, second.lasting) == ("slack.not_in_channel", True)
    assert [bool(copy.ts) for copy in second.copies] == [False, True, True]


async def test_direct_messages_of_a_closed_request_lose_their_buttons_in_an_archived_channel(
    slack: StandInClient, publisher: Publisher, pass_retry_after: Callable[[float], None]
) -> None:
    pending = await publisher.publish(COPY, direct(BORIS), direct(IVAN, "k-3"))
    await slack.channels(APPROVALS, "archive")
    await slack.faults(
        {
            "target": "chat.update",
            "effect": "ratelimited",
            "where": {"channel": f"D{BORIS}"},
        }
    )

    first = await publisher.publish(*pending.copies, snapshot=APPROVED)
    pass_retry_after(1)
    second = await publisher.publish(*first.copies, snapshot=APPROVED)

    assert (first.problem, first.lasting) == ("slack.is_inactive", False)
    assert first.retry_after == timedelta(seconds=1)
    assert (second.problem, second.lasting) == ("slack.is_inactive", True)
    (message,) = await publisher.messages(f"D{BORIS}")
    assert "Approved" in message["text"]


@pytest.mark.parametrize("call_timeout", [30])
async def test_a_copy_that_is_late_is_reported_before_the_activity_times_out(
    slack: StandInClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.cards.PUBLISH_TIMEOUT", 0.4)
    monkeypatch.setattr("emulator.api_call.HANG_SECONDS", 1)
    first = await publisher.publish(COPY)
    await slack.faults(
        {"target": "chat.postMessage", "effect": "hang", "where": {"channel": f"D{BORIS}"}}
    )

    second = await publisher.publish(*first.copies, direct(BORIS), snapshot=examples.half_decided())

    assert (second.problem, second.lasting) == ("slack.no_answer", False)
    assert [copy.doubtful for copy in second.copies] == [False, True]
    assert "Waiting for <@U0CLARA>" in (await publisher.messages())[0]["text"]


async def test_many_copies_are_written_a_few_at_a_time(publisher: Publisher) -> None:
    copies = [
        replace(COPY, channel="#general", key=f"k-{number}")
        for number in range(3 * MAX_CONCURRENT_WRITES)
    ]

    first = await publisher.publish(*copies)

    assert first.problem == ""
    assert len({copy.ts for copy in first.copies}) == len(copies)


async def test_an_unreachable_slack_leaves_no_doubt(
    activity: ActivityEnvironment, database: Database, poster: Poster, web: AsyncWebClient
) -> None:
    web.base_url = "http://127.0.0.1:1/api/"
    copy = replace(COPY, channel=APPROVALS, intended_at=datetime.now(UTC))

    result = await activity.run(
        CardActivities(poster, Cards(database)).publish,
        PublishCard(face=PENDING, copies=(copy,)),
    )

    assert result.problem == "slack.unreachable"
    assert not result.copies[0].doubtful


async def test_an_order_is_published_as_an_order(publisher: Publisher) -> None:
    await publisher.publish(COPY, snapshot=examples.order_completed())

    (message,) = await publisher.messages()
    assert "Completed" in text_of(message)


async def test_a_published_card_is_found_by_its_message(
    publisher: Publisher, database: Database
) -> None:
    (root,) = (await publisher.publish(COPY)).copies

    assert await Cards(database).request_of(root.channel, root.ts) == PENDING.request_id

    await publisher.publish(root, snapshot=examples.order_completed())

    order = examples.order_completed().request_id
    assert await Cards(database).request_of(root.channel, root.ts) == order


async def test_a_copy_in_a_direct_message_is_not_recorded(
    publisher: Publisher, database: Database
) -> None:
    copy = replace(COPY, channel=BORIS, person=BORIS)

    (posted,) = (await publisher.publish(copy)).copies

    assert posted.ts
    assert await Cards(database).request_of(posted.channel, posted.ts) == ""


async def test_a_publish_is_repeated_until_its_card_is_recorded(
    publisher: Publisher, database: Database
) -> None:
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE cards RENAME TO gone"))
    first = await publisher.publish(COPY)
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO cards"))

    again = await publisher.publish(*first.copies)

    (root,) = again.copies
    assert (first.problem, first.lasting, again.problem) == ("records.unavailable", False, "")
    assert await publisher.posts() == 1
    assert await Cards(database).request_of(root.channel, root.ts) == PENDING.request_id
