"""Posting messages with a key, and finding them again by it."""

from datetime import UTC, datetime, timedelta

from emulator.client import StandInClient
from slack_api.poster import PAGE_SIZE, MessageRef, Poster
from views.blocks import Message

APPROVALS, ANA = "C0APPROVALS", "U0ANA"
MESSAGE = Message(text="hello", blocks=[])


async def test_a_message_is_found_by_its_key_behind_many_others(
    slack: StandInClient, poster: Poster
) -> None:
    began = datetime.now(UTC)
    ref = await poster.post(APPROVALS, MESSAGE, "ours")
    await poster.post(APPROVALS, MESSAGE, "another")
    for number in range(PAGE_SIZE + 20):
        await slack.say(ANA, APPROVALS, f"chatter {number}")

    assert await poster.find(APPROVALS, "ours", began) == [ref]


async def test_duplicates_are_found_oldest_first(slack: StandInClient, poster: Poster) -> None:
    began = datetime.now(UTC)
    refs = [await poster.post(APPROVALS, MESSAGE, "ours") for _ in range(3)]

    assert await poster.find(APPROVALS, "ours", began) == refs


async def test_a_reply_is_found_in_its_thread_only(slack: StandInClient, poster: Poster) -> None:
    began = datetime.now(UTC)
    root = await poster.post(APPROVALS, MESSAGE, "card")
    reply = await poster.post(APPROVALS, MESSAGE, "ours", root.ts)
    for number in range(PAGE_SIZE + 20):
        await slack.say(ANA, APPROVALS, f"chatter {number}", thread_ts=root.ts)

    assert await poster.find(APPROVALS, "ours", began, root.ts) == [reply]
    assert await poster.find(APPROVALS, "ours", began) == []
    assert await poster.find(APPROVALS, "card", began) == [root]


async def test_a_message_has_a_permalink(slack: StandInClient, poster: Poster) -> None:
    ref = await poster.post(APPROVALS, MESSAGE, "ours")

    assert ref.ts.replace(".", "") in await poster.permalink(ref)


async def test_a_message_from_before_the_start_time_is_not_found(
    slack: StandInClient, poster: Poster
) -> None:
    await poster.post(APPROVALS, MESSAGE, "ours")

    assert await poster.find(APPROVALS, "ours", datetime.now(UTC) + timedelta(hours=1)) == []


async def test_slacks_clock_may_be_a_little_behind_ours(
    slack: StandInClient, poster: Poster
) -> None:
    await slack.skew(-30)
    began = datetime.now(UTC)
    ref = await poster.post(APPROVALS, MESSAGE, "ours")

    assert await poster.find(APPROVALS, "ours", began) == [ref]


async def test_an_edit_keeps_the_key(slack: StandInClient, poster: Poster) -> None:
    began = datetime.now(UTC)
    ref = await poster.post(APPROVALS, MESSAGE, "ours")

    await poster.edit(ref, Message(text="others", blocks=[]))

    assert await poster.find(APPROVALS, "ours", began) == [ref]


async def test_deleting_a_deleted_message_does_nothing(
    slack: StandInClient, poster: Poster
) -> None:
    ref = await poster.post(APPROVALS, MESSAGE, "ours")
    await poster.delete(ref)

    await poster.delete(ref)

    assert await slack.messages(APPROVALS, ANA) == []


async def test_a_channel_name_is_resolved_once(slack: StandInClient, poster: Poster) -> None:
    assert await poster.channel_id("#approvals") == APPROVALS
    assert await poster.channel_id("#approvals") == APPROVALS
    assert await poster.channel_id("C0GENERAL") == "C0GENERAL"
    assert len(await slack.journal(kind="api", method="conversations.list")) == 1


async def test_a_direct_message_goes_to_one_person(slack: StandInClient, poster: Poster) -> None:
    channel = await poster.direct_channel(ANA)

    assert await poster.post(channel, MESSAGE, "ours") == MessageRef(
        channel=f"D{ANA}", ts=(await slack.messages(f"D{ANA}", ANA))[0]["ts"]
    )
