"""Finding our own messages again by their key."""

from datetime import UTC, datetime, timedelta

from emulator.client import StandInClient
from slack_api.poster import PAGE_SIZE, MessageRef, Poster
from views.blocks import Message

APPROVALS, ANA = "C0APPROVALS", "U0ANA"
WORDS = Message(text="words", blocks=[])


async def test_a_message_is_found_by_its_key_behind_many_others(
    slack: StandInClient, poster: Poster
) -> None:
    began = datetime.now(UTC)
    place = await poster.post(APPROVALS, WORDS, "ours")
    await poster.post(APPROVALS, WORDS, "another")
    for number in range(PAGE_SIZE + 20):
        await slack.say(ANA, APPROVALS, f"chatter {number}")

    assert await poster.find(APPROVALS, "ours", began) == [place]


async def test_doubles_are_found_the_oldest_first(slack: StandInClient, poster: Poster) -> None:
    began = datetime.now(UTC)
    places = [await poster.post(APPROVALS, WORDS, "ours") for _ in range(3)]

    assert await poster.find(APPROVALS, "ours", began) == places


async def test_what_stands_in_a_thread_is_found_there_and_nowhere_else(
    slack: StandInClient, poster: Poster
) -> None:
    began = datetime.now(UTC)
    root = await poster.post(APPROVALS, WORDS, "card")
    reply = await poster.post(APPROVALS, WORDS, "ours", root.ts)
    for number in range(PAGE_SIZE + 20):
        await slack.say(ANA, APPROVALS, f"chatter {number}", thread_ts=root.ts)

    assert await poster.find(APPROVALS, "ours", began, root.ts) == [reply]
    assert await poster.find(APPROVALS, "ours", began) == []
    assert await poster.find(APPROVALS, "card", began) == [root]


async def test_a_message_has_an_address(slack: StandInClient, poster: Poster) -> None:
    place = await poster.post(APPROVALS, WORDS, "ours")

    assert place.ts.replace(".", "") in await poster.permalink(place)


async def test_what_stood_there_long_before_is_not_found(
    slack: StandInClient, poster: Poster
) -> None:
    await poster.post(APPROVALS, WORDS, "ours")

    assert await poster.find(APPROVALS, "ours", datetime.now(UTC) + timedelta(hours=1)) == []


async def test_slacks_clock_may_be_a_little_behind_ours(
    slack: StandInClient, poster: Poster
) -> None:
    await slack.skew(-30)
    began = datetime.now(UTC)
    place = await poster.post(APPROVALS, WORDS, "ours")

    assert await poster.find(APPROVALS, "ours", began) == [place]


async def test_an_edit_keeps_the_key(slack: StandInClient, poster: Poster) -> None:
    began = datetime.now(UTC)
    place = await poster.post(APPROVALS, WORDS, "ours")

    await poster.edit(place, Message(text="others", blocks=[]))

    assert await poster.find(APPROVALS, "ours", began) == [place]


async def test_removing_what_is_gone_is_fine(slack: StandInClient, poster: Poster) -> None:
    place = await poster.post(APPROVALS, WORDS, "ours")
    await poster.delete(place)

    await poster.delete(place)

    assert await slack.messages(APPROVALS, ANA) == []


async def test_a_channels_name_becomes_its_id_and_is_asked_for_once(
    slack: StandInClient, poster: Poster
) -> None:
    assert await poster.channel_id("#approvals") == APPROVALS
    assert await poster.channel_id("#approvals") == APPROVALS
    assert await poster.channel_id("C0GENERAL") == "C0GENERAL"
    assert len(await slack.journal(kind="api", method="conversations.list")) == 1


async def test_a_direct_message_goes_to_one_person(slack: StandInClient, poster: Poster) -> None:
    channel = await poster.direct_channel(ANA)

    assert await poster.post(channel, WORDS, "ours") == MessageRef(
        channel=f"D{ANA}", ts=(await slack.messages(f"D{ANA}", ANA))[0]["ts"]
    )
