"""The stand-in's clock and journal."""

import asyncio
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.clock import Clock
from emulator.journal import Journal

Json = dict[str, Any]


async def test_a_sleep_ends_when_the_clock_is_advanced_past_it() -> None:
    clock = Clock()
    sleeping = asyncio.ensure_future(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(3599)
    await asyncio.sleep(0)
    assert not sleeping.done()

    clock.advance(2)

    await asyncio.wait_for(sleeping, 1)


async def test_wait_for_returns_on_the_result_or_on_timeout() -> None:
    clock = Clock()
    coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(clock.wait_for(coming, 3600))
    await asyncio.sleep(0)
    coming.set_result(None)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    assert await waiting is True
    assert await clock.wait_for(never, 0.01) is False
    assert not never.cancelled()


def test_timestamps_are_unique_and_increasing_even_if_the_clock_is_skewed() -> None:
    clock = Clock()
    first = [clock.ts() for _ in range(100)]
    clock.skew(-3600)
    second = [clock.ts() for _ in range(100)]

    assert sorted({*first, *second}, key=float) == first + second


async def test_a_skew_changes_message_timestamps(web: AsyncWebClient, slack: StandInClient) -> None:
    before = float((await web.chat_postMessage(channel="C0GENERAL", text="now"))["ts"])
    await slack.skew(500)
    after = float((await web.chat_postMessage(channel="C0GENERAL", text="ahead"))["ts"])

    assert 499 < after - before < 560


async def test_the_journal_supports_waiting_and_filters(
    web: AsyncWebClient, slack: StandInClient
) -> None:
    mark = await slack.journal_mark()
    waiting = asyncio.ensure_future(slack.journal(mark, wait=10, kind="api", method="auth.test"))
    await web.api_test()
    await web.auth_test()

    (entry,) = await waiting
    assert entry["response"]["user_id"] == "U0LOCALBOT"
    assert entry["latency_ms"] >= 0
    assert await slack.journal(entry["n"], wait=0) == []


def test_a_full_journal_drops_its_oldest_entries_and_keeps_its_numbering() -> None:
    journal = Journal(lambda: 1.0)
    for number in range(60):
        journal.write("api", text="x" * 1_000_000, number=number)

    kept = journal.read()

    assert kept[-1]["n"] == journal.last == 60
    assert 40 < len(kept) <= 50


def test_an_entry_does_not_change_when_its_payload_changes_later() -> None:
    journal = Journal(lambda: 1.0)
    message = {"text": "old"}
    journal.write("api", response=message)
    message["text"] = "new"

    assert journal.read()[0]["response"] == {"text": "old"}
