"""Publishing cards: one message per copy, whatever Slack's answers are worth."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import ActivityEnvironment

from activities.cards import MAX_CONCURRENT_WRITES, CardActivities
from emulator.client import StandInClient, text_of
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
class Desk:
    """Publishes as the workflow does: with the intent written down before."""

    slack: StandInClient
    cards: CardActivities
    activity: ActivityEnvironment

    async def publish(self, *copies: CardCopy, snapshot: Snapshot = PENDING) -> PublishedCard:
        now = datetime.now(UTC)
        noted = tuple(replace(one, intended_at=one.intended_at or now) for one in copies)
        card = PublishCard(face=snapshot, copies=noted)
        published: PublishedCard = await self.activity.run(self.cards.publish, card)
        return published

    async def standing(self, channel: str = APPROVALS) -> list[Json]:
        """Return the messages of ours that stand in a channel."""
        return [m for m in await self.slack.messages(channel, BORIS) if m.get("bot_id")]

    async def posts(self) -> int:
        """Count the requests to post."""
        return len(await self.slack.journal(kind="api", method="chat.postMessage"))


@pytest.fixture
def desk(slack: StandInClient, poster: Poster, activity: ActivityEnvironment) -> Desk:
    return Desk(slack=slack, cards=CardActivities(poster), activity=activity)


async def test_a_card_is_posted_once_and_then_edited_in_place(desk: Desk) -> None:
    first = await desk.publish(COPY)
    second = await desk.publish(*first.copies, snapshot=APPROVED)

    (message,) = await desk.standing()
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
    slack: StandInClient, desk: Desk, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await desk.publish(COPY)
    second = await desk.publish(*first.copies)
    await slack.advance(61)
    if fault["effect"] == "late":
        await slack.wait_for_journal(kind="applied_late")
    third = await desk.publish(*second.copies, snapshot=APPROVED)

    assert first.copies[0].doubtful
    assert first.problem
    assert not first.lasting
    assert second.problem == third.problem == ""
    (message,) = await desk.standing()
    assert message["ts"] == third.copies[0].ts
    assert "Approved" in message["text"]


async def test_a_connection_that_is_cut_is_one_request_for_slack_sdk_repeats_none(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost", "times": 5})

    await desk.publish(COPY)

    assert await desk.posts() == 1
    assert len(await desk.standing()) == 1


async def test_a_copy_that_turned_up_is_adopted_and_not_posted_again(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})
    lost = await desk.publish(COPY)
    (standing,) = await desk.standing()

    found = await desk.publish(*lost.copies)

    assert found.copies[0].ts == standing["ts"]
    assert await desk.posts() == 1


async def test_what_turns_up_late_never_replaces_a_card_that_is_too_far_back_to_be_found(
    slack: StandInClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slack_api.poster.MAX_PAGES", 1)
    monkeypatch.setattr("slack_api.poster.PAGE_SIZE", 2)
    await slack.faults({"target": "chat.postMessage", "effect": "late", "seconds": 60})
    lost = await desk.publish(COPY)
    standing = await desk.publish(*lost.copies)
    for number in range(2):
        await slack.say(BORIS, APPROVALS, f"Something else {number}")
    await slack.advance(61)
    await slack.wait_for_journal(kind="applied_late")

    last = await desk.publish(*standing.copies, snapshot=APPROVED)

    (message,) = await desk.standing()
    assert last.copies[0].ts == standing.copies[0].ts == message["ts"]
    assert "Approved" in message["text"]


async def test_doubt_keeps_nothing_from_being_posted_where_nothing_stands(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "hang"})
    lost = await desk.publish(COPY)

    found = await desk.publish(*lost.copies)

    assert len(await desk.standing()) == 1
    assert found.copies[0].ts


async def test_where_history_cannot_be_read_nothing_is_posted_in_doubt(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults(
        {"target": "chat.postMessage", "effect": "reply_lost"},
        {"target": "conversations.history", "effect": "error", "error": "missing_scope"},
    )
    lost = await desk.publish(COPY)

    again = await desk.publish(*lost.copies)

    assert (again.problem, again.lasting) == ("slack.missing_scope", True)
    assert await desk.posts() == 1


async def test_a_message_with_our_key_that_is_not_ours_does_not_stop_the_card(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})
    lost = await desk.publish(COPY)
    found = await desk.publish(*lost.copies)
    await slack.faults(
        {"target": "chat.postMessage", "effect": "reply_lost"},
        {"target": "chat.delete", "effect": "error", "error": "cant_delete_message"},
    )
    await desk.publish(replace(found.copies[0], ts="", doubtful=False))

    again = await desk.publish(*found.copies, snapshot=APPROVED)

    assert again.problem == ""
    assert again.copies == found.copies


async def test_a_card_that_a_person_has_deleted_is_posted_again(
    slack: StandInClient, desk: Desk
) -> None:
    first = await desk.publish(COPY)
    await slack.delete_message(APPROVALS, first.copies[0].ts)

    second = await desk.publish(*first.copies, snapshot=APPROVED)

    (message,) = await desk.standing()
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
async def test_where_only_a_person_can_help_the_problem_is_lasting(
    slack: StandInClient,
    desk: Desk,
    make: Callable[[StandInClient], Awaitable[str]],
    problems: set[str],
) -> None:
    channel = await make(slack)

    result = await desk.publish(replace(COPY, channel=channel))

    assert result.problem in problems
    assert result.lasting
    assert not result.copies[0].doubtful
    assert not result.copies[0].ts


async def test_a_card_in_a_channel_archived_since_is_a_lasting_problem(
    slack: StandInClient, desk: Desk
) -> None:
    first = await desk.publish(COPY)
    await slack.channels(APPROVALS, "archive")

    second = await desk.publish(*first.copies, snapshot=APPROVED)

    assert (second.problem, second.lasting) == ("slack.is_inactive", True)
    assert second.copies == first.copies


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_when_slack_asks_for_patience_it_is_passed_on(
    slack: StandInClient, desk: Desk, method: str
) -> None:
    copies = (COPY,) if method == "chat.postMessage" else (await desk.publish(COPY)).copies
    await slack.faults({"target": method, "effect": "ratelimited", "retry_after": 17})

    result = await desk.publish(*copies)

    assert result.problem == "slack.ratelimited"
    assert result.retry_after == timedelta(seconds=17)
    assert not result.lasting
    assert not result.copies[0].doubtful


async def test_one_copy_that_fails_does_not_keep_the_others_from_being_written(
    slack: StandInClient, desk: Desk
) -> None:
    copies = (COPY, CardCopy(channel="#general", key="k-2"), CardCopy(channel="#none", key="k-3"))
    await slack.faults(
        {"target": "chat.postMessage", "effect": "http_500", "where": {"channel": GENERAL}}
    )

    first = await desk.publish(*copies)
    second = await desk.publish(*first.copies)

    assert [bool(one.ts) for one in first.copies] == [True, False, False]
    assert [one.doubtful for one in first.copies] == [False, True, False]
    assert not first.lasting  # one of the two may still go through by itself
    assert [bool(one.ts) for one in second.copies] == [True, True, False]
    assert second.lasting
    assert len(await desk.standing(APPROVALS)) == len(await desk.standing(GENERAL)) == 1


CLARA, IVAN = "U0CLARA", "U0IVAN"


def direct(person: str, key: str = "k-2") -> CardCopy:
    return CardCopy(channel=person, person=person, key=key)


async def test_a_copy_for_a_person_stands_in_their_conversation(desk: Desk) -> None:
    first = await desk.publish(COPY, direct(BORIS))
    second = await desk.publish(*first.copies, snapshot=APPROVED)

    copy = second.copies[1]
    assert (copy.channel, copy.person) == (f"D{BORIS}", BORIS)
    assert first.copies == second.copies
    (message,) = await desk.standing(f"D{BORIS}")
    assert "Approved" in message["text"]
    assert len(await desk.slack.journal(kind="api", method="conversations.open")) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS[:3], ids=lambda f: f["effect"])
async def test_a_copy_for_a_person_never_stands_twice(
    slack: StandInClient, desk: Desk, fault: Json
) -> None:
    await slack.faults({"target": "chat.postMessage", **fault})

    first = await desk.publish(direct(BORIS))
    second = await desk.publish(*first.copies)

    assert (first.copies[0].channel, first.copies[0].doubtful) == (f"D{BORIS}", True)
    assert (first.problem != "", first.lasting, second.problem) == (True, False, "")
    (message,) = await desk.standing(f"D{BORIS}")
    assert message["ts"] == second.copies[0].ts


async def test_nobody_is_sent_a_card_on_which_all_is_decided(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "http_500"})
    first = await desk.publish(COPY, direct(BORIS))

    second = await desk.publish(*first.copies, snapshot=APPROVED)

    assert (second.problem, second.copies[1].ts) == ("", "")
    assert await desk.standing(f"D{BORIS}") == []


async def test_who_can_never_be_reached_is_no_problem_of_the_card(desk: Desk) -> None:
    result = await desk.publish(COPY, direct(IVAN), direct(BORIS, "k-3"))

    assert (result.problem, result.lasting) == ("", False)
    assert [bool(one.ts) for one in result.copies] == [True, False, True]
    assert result.copies[1] == replace(direct(IVAN), intended_at=result.copies[1].intended_at)


async def test_a_person_who_may_still_be_reached_has_the_try_repeated(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.faults({"target": "conversations.open", "effect": "ratelimited"})

    result = await desk.publish(COPY, direct(BORIS), direct(IVAN, "k-3"))
    await asyncio.sleep(1)  # what Slack has asked for
    again = await desk.publish(*result.copies)

    assert (result.problem, result.lasting) == ("slack.ratelimited", False)
    assert result.retry_after == timedelta(seconds=1)
    assert not result.copies[1].doubtful
    assert (again.problem, bool(again.copies[1].ts)) == ("", True)


async def test_the_channels_problem_is_the_cards_whatever_direct_messages_do(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.channels(APPROVALS, "remove_bot")
    await slack.faults({"target": "conversations.open", "effect": "http_500", "times": 1})

    first = await desk.publish(COPY, direct(BORIS), direct(CLARA, "k-3"))
    second = await desk.publish(*first.copies)

    assert (first.problem, first.lasting) == ("slack.not_in_channel", False)
    assert sum(bool(one.ts) for one in first.copies) == 1
    assert (second.problem, second.lasting) == ("slack.not_in_channel", True)
    assert [bool(one.ts) for one in second.copies] == [False, True, True]


async def test_a_closed_request_keeps_no_buttons_because_its_channel_is_archived(
    slack: StandInClient, desk: Desk
) -> None:
    asked = await desk.publish(COPY, direct(BORIS), direct(IVAN, "k-3"))
    await slack.channels(APPROVALS, "archive")
    await slack.faults(
        {
            "target": "chat.update",
            "effect": "ratelimited",
            "where": {"channel": f"D{BORIS}"},
        }
    )

    first = await desk.publish(*asked.copies, snapshot=APPROVED)
    await asyncio.sleep(1)  # what Slack has asked for
    second = await desk.publish(*first.copies, snapshot=APPROVED)

    assert (first.problem, first.lasting) == ("slack.is_inactive", False)
    assert first.retry_after == timedelta(seconds=1)
    assert (second.problem, second.lasting) == ("slack.is_inactive", True)
    (message,) = await desk.standing(f"D{BORIS}")
    assert "Approved" in message["text"]


async def test_what_slack_does_not_do_in_time_is_told_before_the_try_ends(
    slack: StandInClient, desk: Desk, web: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.cards.PUBLISH_TIMEOUT", 1.0)
    web.timeout = 30
    first = await desk.publish(COPY)
    await slack.faults(
        {"target": "chat.postMessage", "effect": "hang", "where": {"channel": f"D{BORIS}"}}
    )

    second = await desk.publish(*first.copies, direct(BORIS), snapshot=examples.half_decided())

    assert (second.problem, second.lasting) == ("slack.no_answer", False)
    assert [one.doubtful for one in second.copies] == [False, True]
    assert "Waiting for <@U0CLARA>" in (await desk.standing())[0]["text"]


async def test_many_copies_are_written_a_few_at_a_time(desk: Desk) -> None:
    copies = [
        replace(COPY, channel="#general", key=f"k-{number}")
        for number in range(3 * MAX_CONCURRENT_WRITES)
    ]

    first = await desk.publish(*copies)

    assert first.problem == ""
    assert len({one.ts for one in first.copies}) == len(copies)


async def test_slack_that_cannot_be_reached_has_been_told_nothing(
    activity: ActivityEnvironment, slack: StandInClient, web: AsyncWebClient
) -> None:
    web.base_url = "http://127.0.0.1:1/api/"
    copy = replace(COPY, channel=APPROVALS, intended_at=datetime.now(UTC))

    result = await activity.run(
        CardActivities(Poster(web)).publish, PublishCard(face=PENDING, copies=(copy,))
    )

    assert result.problem == "slack.unreachable"
    assert not result.copies[0].doubtful


async def test_an_order_is_shown_as_an_order(desk: Desk) -> None:
    await desk.publish(COPY, snapshot=examples.order_completed())

    (message,) = await desk.standing()
    assert "Completed" in text_of(message)
