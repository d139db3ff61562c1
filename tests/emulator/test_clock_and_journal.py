"""The clock that tests push, and the journal that they read."""

import asyncio
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from emulator.client import StandInClient
from emulator.clock import Clock
from emulator.journal import Journal

Json = dict[str, Any]


async def test_a_wait_ends_when_the_time_is_pushed_over_it() -> None:
    clock = Clock()
    sleeping = asyncio.ensure_future(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(3599)
    await asyncio.sleep(0)
    assert not sleeping.done()

    clock.advance(2)

    await asyncio.wait_for(sleeping, 1)


async def test_a_wait_for_something_ends_when_it_comes_or_its_time_is_over() -> None:
    clock = Clock()
    coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(clock.wait_for(coming, 3600))
    await asyncio.sleep(0)
    coming.set_result(None)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    assert await waiting is True
    assert await clock.wait_for(never, 0.01) is False
    assert not never.cancelled()


def test_timestamps_never_repeat_or_go_back_even_when_the_clock_is_skewed() -> None:
    clock = Clock()
    first = [clock.ts() for _ in range(100)]
    clock.skew(-3600)
    second = [clock.ts() for _ in range(100)]

    assert sorted({*first, *second}, key=float) == first + second


async def test_a_skew_shows_in_what_slack_stamps(web: AsyncWebClient, slack: StandInClient) -> None:
    before = float((await web.chat_postMessage(channel="C0GENERAL", text="now"))["ts"])
    await slack.skew(500)
    after = float((await web.chat_postMessage(channel="C0GENERAL", text="ahead"))["ts"])

    assert 499 < after - before < 560


async def test_the_journal_can_be_waited_for_and_filtered(
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


def test_a_full_journal_forgets_its_oldest_entries_and_keeps_its_numbers() -> None:
    journal = Journal(lambda: 1.0)
    for number in range(60):
        journal.write("api", text="x" * 1_000_000, number=number)

    kept = journal.read()

    assert kept[-1]["n"] == journal.last == 60
    assert 40 < len(kept) <= 50


def test_an_entry_is_what_was_said_then_not_what_became_of_it() -> None:
    journal = Journal(lambda: 1.0)
    message = {"text": "old"}
    journal.write("api", response=message)
    message["text"] = "new"

    assert journal.read()[0]["response"] == {"text": "old"}
