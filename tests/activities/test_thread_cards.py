"""Publishing a thread: the root first, one reply per level under it, each exactly once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cards import CardActivities
from emulator.client import StandInClient, text_of
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
class Desk:
    """Publishes as the workflow does: with the intent written down before."""

    slack: StandInClient
    cards: CardActivities
    activity: ActivityEnvironment

    async def publish(
        self, make: Callable[[Policy], Written] | ApprovalSnapshot, *copies: CardCopy
    ) -> PublishedCard:
        snapshot = make if isinstance(make, ApprovalSnapshot) else shown(make)
        now = datetime.now(UTC)
        noted = tuple(replace(one, intended_at=one.intended_at or now) for one in copies)
        published: PublishedCard = await self.activity.run(
            self.cards.publish, PublishCard(face=snapshot, copies=noted)
        )
        return published

    async def roots(self) -> list[Json]:
        """Return the messages of ours that stand in the channel itself."""
        return [m for m in await self.slack.messages(APPROVALS, BORIS) if m.get("bot_id")]

    async def replies(self) -> list[Json]:
        """Return the replies of ours under the only root."""
        (root,) = await self.roots()
        found = await self.slack.messages(APPROVALS, BORIS, thread_ts=root["ts"])
        return [one for one in found if one["ts"] != root["ts"] and one.get("bot_id")]

    async def posts(self) -> int:
        """Count the requests to post."""
        return len(await self.slack.journal(kind="api", method="chat.postMessage"))


@pytest.fixture
def desk(slack: StandInClient, poster: Poster, activity: ActivityEnvironment) -> Desk:
    return Desk(slack=slack, cards=CardActivities(poster), activity=activity)


def buttons(message: Json) -> list[str]:
    rows = [one["elements"] for one in message["blocks"] if one["type"] == "actions"]
    return [one["action_id"] for row in rows for one in row]


async def test_two_levels_are_a_root_and_two_replies_and_nothing_else(desk: Desk) -> None:
    opening = await desk.publish(threads.opening, ROOT)
    first = await desk.publish(threads.first, *opening.copies, FIRST)
    second = await desk.publish(threads.second, *first.copies, SECOND)
    await desk.publish(threads.approved, *second.copies)

    (root,) = await desk.roots()
    one, other = await desk.replies()
    assert await desk.posts() == 3
    assert "Approved" in root["text"]
    assert "Step 1 of 2: manager" in text_of(one)
    assert "Step 2 of 2: hr" in text_of(other)
    assert [one["ts"], other["ts"]] == [copy.ts for copy in second.copies[1:]]
    assert {one["thread_ts"], other["thread_ts"]} == {root["ts"]}


async def test_a_level_that_closes_has_its_reply_turned_into_its_outcome(desk: Desk) -> None:
    first = await desk.publish(threads.first, ROOT, FIRST)
    (before,) = await desk.replies()
    await desk.publish(threads.second, *first.copies, SECOND)

    after, other = await desk.replies()
    assert buttons(before) == ["approve", "reject", "details"]
    assert (buttons(after), after["ts"]) == ([], before["ts"])
    assert "<@U0BORIS> approved" in text_of(after)
    assert buttons(other) == ["approve", "reject", "details"]


async def test_a_reply_that_was_lost_on_the_way_is_adopted_and_not_doubled(
    slack: StandInClient, desk: Desk
) -> None:
    root = await desk.publish(threads.opening, ROOT)
    await slack.faults({"target": "chat.postMessage", "effect": "reply_lost"})

    lost = await desk.publish(threads.first, *root.copies, FIRST)
    found = await desk.publish(threads.first, *lost.copies)

    (reply,) = await desk.replies()
    assert [one.doubtful for one in lost.copies] == [False, True]
    assert (lost.problem != "", lost.lasting, found.problem) == (True, False, "")
    assert found.copies[1].ts == reply["ts"]
    assert await desk.posts() == 2


@pytest.mark.parametrize("effect", ["http_500", "late"])
async def test_a_reply_of_unknown_outcome_never_stands_twice(
    slack: StandInClient, desk: Desk, effect: str
) -> None:
    root = await desk.publish(threads.opening, ROOT)
    await slack.faults({"target": "chat.postMessage", "effect": effect, "seconds": 60})
    lost = await desk.publish(threads.first, *root.copies, FIRST)
    again = await desk.publish(threads.first, *lost.copies)
    await slack.advance(61)
    if effect == "late":
        await slack.wait_for_journal(kind="applied_late")

    last = await desk.publish(threads.second, *again.copies, SECOND)

    one, other = await desk.replies()
    assert [one["ts"], other["ts"]] == [copy.ts for copy in last.copies[1:]]
    assert (lost.problem != "", again.problem, last.problem) == (True, "", "")


@pytest.mark.parametrize("effect", ["http_500", "reply_lost"])
async def test_without_its_root_no_reply_is_tried_or_doubted(
    slack: StandInClient, desk: Desk, effect: str
) -> None:
    await slack.faults({"target": "chat.postMessage", "effect": effect})

    first = await desk.publish(threads.first, ROOT, FIRST)
    posts = await desk.posts()
    second = await desk.publish(threads.second, *first.copies, SECOND)

    assert posts == 1
    assert (first.copies[1].ts, first.copies[1].doubtful) == ("", False)
    assert first.problem != ""
    assert second.problem == ""
    one, other = await desk.replies()
    assert "Step 1 of 2" in text_of(one)
    assert "Step 2 of 2" in text_of(other)


async def test_a_root_that_nobody_lets_us_post_is_one_lasting_problem(
    slack: StandInClient, desk: Desk
) -> None:
    await slack.channels(APPROVALS, "remove_bot")

    result = await desk.publish(threads.first, ROOT, FIRST, DIRECT)

    assert (result.problem, result.lasting) == ("slack.not_in_channel", True)
    assert [bool(one.ts) for one in result.copies] == [False, False, True]
    assert not result.copies[1].doubtful


async def test_a_change_voids_the_replies_that_stand_and_asks_below(desk: Desk) -> None:
    second = await desk.publish(threads.second, ROOT, FIRST, SECOND)
    await desk.publish(threads.amended, *second.copies, ANEW)

    *old, new = await desk.replies()
    assert ["reset by a change" in text_of(one) for one in old] == [True, True]
    assert [buttons(one) for one in (*old, new)] == [[], [], ["approve", "reject", "details"]]


async def test_what_nobody_has_seen_is_not_posted_once_it_is_over(
    slack: StandInClient, desk: Desk
) -> None:
    amended = await desk.publish(threads.amended, ROOT, FIRST, SECOND, ANEW)
    (reply,) = await desk.replies()
    await slack.delete_message(APPROVALS, amended.copies[0].ts)
    withdrawn = await desk.publish(threads.withdrawn, replace(ROOT, key="k-9"), FIRST)

    assert [bool(one.ts) for one in amended.copies] == [True, False, False, True]
    assert (amended.problem, withdrawn.problem) == ("", "")
    assert "Step 1 of 2" in text_of(reply)
    assert await desk.replies() == []


async def test_a_reply_that_a_person_has_deleted_is_posted_again(
    slack: StandInClient, desk: Desk
) -> None:
    first = await desk.publish(threads.first, ROOT, FIRST)
    await slack.delete_message(APPROVALS, first.copies[1].ts)

    again = await desk.publish(threads.second, *first.copies, SECOND)

    one, _ = await desk.replies()
    assert again.copies[1].ts == one["ts"] != first.copies[1].ts


async def test_nothing_private_reaches_the_channel_and_all_of_it_a_direct_message(
    slack: StandInClient, desk: Desk
) -> None:
    snapshot = shown(threads.rejected, Visibility.PRIVATE)
    await desk.publish(snapshot, ROOT, FIRST, SECOND)
    await desk.publish(shown(threads.second, Visibility.PRIVATE), DIRECT)

    public = str([await desk.roots(), await desk.replies()])
    (direct,) = [m for m in await slack.messages(f"D{BORIS}", BORIS) if m.get("bot_id")]
    assert "Time off" in public
    assert not [one for one in ("June", "sister", "1,200", "illness") if one in public]
    assert "sister" in text_of(direct)
