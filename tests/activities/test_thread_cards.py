"""Publishing a thread: the root first, one reply per level under it, each exactly once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cards import CardActivities
from emulator.client import StandInClient, text_of
from records.cards import Cards
from records.database import Database
from slack_api.poster import Poster
from tests.views import threads
from tests.views.threads import Written
from workflows.ports.approvals import PublishCard, PublishedCard
from workflows.rules.approvals.policy import Policy, Visibility
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.shared.card import CardCopy

Json = dict[str, Any]
APPROVALS, BORIS = "C0APPROVALS", "U0BORIS"
ROOT = CardCopy(channel="#approvals", key="k-0")
FIRST = replace(ROOT, key="k-1", level=1, revision=1)
SECOND = replace(ROOT, key="k-2", level=2, revision=1)
ANEW = replace(ROOT, key="k-3", level=1, revision=2)
DIRECT = CardCopy(channel=BORIS, key="k-4", person=BORIS)


def shown(
    make: Callable[[Policy], Written], visibility: Visibility = Visibility.CHANNEL
) -> ApprovalSnapshot:
    return threads.face_of(make, visibility)


@dataclass
class Publisher:
    """Publishes threads as the workflow does, with the intent recorded first."""

    slack: StandInClient
    cards: CardActivities
    activity: ActivityEnvironment

    async def publish(
        self, make: Callable[[Policy], Written] | ApprovalSnapshot, *copies: CardCopy
    ) -> PublishedCard:
        snapshot = make if isinstance(make, ApprovalSnapshot) else shown(make)
        now = datetime.now(UTC)
        noted = tuple(replace(copy, intended_at=copy.intended_at or now) for copy in copies)
        published: PublishedCard = await self.activity.run(
            self.cards.publish, PublishCard(face=snapshot, copies=noted)
        )
        return published

    async def roots(self) -> list[Json]:
        """Return our messages in the channel, without replies."""
        return [m for m in await self.slack.messages(APPROVALS, BORIS) if m.get("bot_id")]

    async def replies(self) -> list[Json]:
        """Return our replies to the only root message."""
        (root,) = await self.roots()
        found = await self.slack.messages(APPROVALS, BORIS, thread_ts=root["ts"])
        return [reply for reply in found if reply["ts"] != root["ts"] and reply.get("bot_id")]

    async def posts(self) -> int:
        """Count the calls of chat.postMessage."""
        return len(await self.slack.journal(kind="api", method="chat.postMessage"))


@pytest.fixture
def publisher(
    slack: StandInClient, poster: Poster, database: Database, activity: ActivityEnvironment
) -> Publisher:
    cards = CardActivities(poster, Cards(database))
    return Publisher(slack=slack, cards=cards, activity=activity)


def buttons(message: Json) -> list[str]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]


async def test_two_levels_are_a_root_message_and_two_replies(publisher: Publisher) -> None:
    opening = await publisher.publish(threads.opening, ROOT)
    first = await publisher.publish(threads.first, *opening.copies, FIRST)
    second = await publisher.publish(threads.second, *first.copies, SECOND)
    await publisher.publish(threads.approved, *second.copies)

    (root,) = await publisher.roots()
    one, other = await publisher.replies()
    assert await publisher.posts() == 3
    assert "Approved" in root["text"]
    assert "Step 1 of 2: manager" in text_of(one)
    assert "Step 2 of 2: hr" in text_of(other)
    assert [one["ts"], other["ts"]] == [copy.ts for copy in second.copies[1:]]
    assert {one["thread_ts"], other["thread_ts"]} == {root["ts"]}


async def test_the_reply_of_a_closed_level_shows_its_outcome(publisher: Publisher) -> None:
    first = await publisher.publish(threads.first, ROOT, FIRST)
    (before,) = await publisher.replies()
    await publisher.publish(threads.second, *first.copies, SECOND)

    after, other = await publisher.replies()
    assert buttons(before) == ["approve", "reject", "details"]
    assert (buttons(after), after["ts"]) == ([], before["ts"])
    assert "<@U0BORIS> approved" in text_of(after)
    assert buttons(other) == ["approve", "reject", "details"]


async def test_a_reply_whose_response_was_lost_is_adopted_and_not_posted_again(
    slack: StandInClient, publisher: Publisher
) -> None:
    root = await publisher.publish(threads.opening, ROOT)
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})

    lost = await publisher.publish(threads.first, *root.copies, FIRST)
    found = await publisher.publish(threads.first, *lost.copies)

    (reply,) = await publisher.replies()
    assert [copy.doubtful for copy in lost.copies] == [False, True]
    assert (lost.problem != "", lost.lasting, found.problem) == (True, False, "")
    assert found.copies[1].ts == reply["ts"]
    assert await publisher.posts() == 2


@pytest.mark.parametrize("effect", ["http_500", "late"])
async def test_a_reply_of_unknown_outcome_is_never_posted_twice(
    slack: StandInClient, publisher: Publisher, effect: str
) -> None:
    root = await publisher.publish(threads.opening, ROOT)
    await slack.faults({"target": "chat.postMessage", "effect": effect, "seconds": 60})
    lost = await publisher.publish(threads.first, *root.copies, FIRST)
    again = await publisher.publish(threads.first, *lost.copies)
    await slack.advance(61)
    if effect == "late":
        await slack.wait_for_journal(kind="applied_late")

    last = await publisher.publish(threads.second, *again.copies, SECOND)

    one, other = await publisher.replies()
    assert [one["ts"], other["ts"]] == [copy.ts for copy in last.copies[1:]]
    assert (lost.problem != "", again.problem, last.problem) == (True, "", "")


@pytest.mark.parametrize("effect", ["http_500", "reply_lost"])
async def test_without_a_root_message_no_reply_is_posted_or_doubtful(
    slack: StandInClient, publisher: Publisher, effect: str
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": effect})

    first = await publisher.publish(threads.first, ROOT, FIRST)
    posts = await publisher.posts()
    second = await publisher.publish(threads.second, *first.copies, SECOND)

    assert posts == 1
    assert (first.copies[1].ts, first.copies[1].doubtful) == ("", False)
    assert first.problem != ""
    assert second.problem == ""
    one, other = await publisher.replies()
    assert "Step 1 of 2" in text_of(one)
    assert "Step 2 of 2" in text_of(other)


async def test_a_root_message_that_slack_refuses_is_one_lasting_problem(
    slack: StandInClient, publisher: Publisher
) -> None:
    await slack.channels(APPROVALS, "remove_bot")

    result = await publisher.publish(threads.first, ROOT, FIRST, DIRECT)

    assert (result.problem, result.lasting) == ("slack.not_in_channel", True)
    assert [bool(copy.ts) for copy in result.copies] == [False, False, True]
    assert not result.copies[1].doubtful


async def test_an_amendment_voids_the_replies_and_adds_new_ones(publisher: Publisher) -> None:
    second = await publisher.publish(threads.second, ROOT, FIRST, SECOND)
    await publisher.publish(threads.amended, *second.copies, ANEW)

    *old, new = await publisher.replies()
    assert ["reset by a change" in text_of(reply) for reply in old] == [True, True]
    assert [buttons(reply) for reply in (*old, new)] == [[], [], ["approve", "reject", "details"]]


async def test_a_reply_that_became_obsolete_is_not_posted(
    slack: StandInClient, publisher: Publisher
) -> None:
    amended = await publisher.publish(threads.amended, ROOT, FIRST, SECOND, ANEW)
    (reply,) = await publisher.replies()
    await slack.delete_message(APPROVALS, amended.copies[0].ts)
    withdrawn = await publisher.publish(threads.withdrawn, replace(ROOT, key="k-9"), FIRST)

    assert [bool(copy.ts) for copy in amended.copies] == [True, False, False, True]
    assert (amended.problem, withdrawn.problem) == ("", "")
    assert "Step 1 of 2" in text_of(reply)
    assert await publisher.replies() == []


async def test_a_reply_that_a_user_deleted_is_posted_again(
    slack: StandInClient, publisher: Publisher
) -> None:
    first = await publisher.publish(threads.first, ROOT, FIRST)
    await slack.delete_message(APPROVALS, first.copies[1].ts)

    again = await publisher.publish(threads.second, *first.copies, SECOND)

    one, _ = await publisher.replies()
    assert again.copies[1].ts == one["ts"] != first.copies[1].ts


async def test_private_content_is_in_direct_messages_only(
    slack: StandInClient, publisher: Publisher
) -> None:
    snapshot = shown(threads.rejected, Visibility.PRIVATE)
    await publisher.publish(snapshot, ROOT, FIRST, SECOND)
    await publisher.publish(shown(threads.second, Visibility.PRIVATE), DIRECT)

    public = str([await publisher.roots(), await publisher.replies()])
    (direct,) = [m for m in await slack.messages(f"D{BORIS}", BORIS) if m.get("bot_id")]
    assert "Time off" in public
    assert not [text for text in ("June", "sister", "1,200", "illness") if text in public]
    assert "sister" in text_of(direct)
