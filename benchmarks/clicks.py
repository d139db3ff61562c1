"""Time clicks from their delivery to the inline write, and bare updates beside them."""

import asyncio
import contextlib
import math
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks import requests
from benchmarks.installation import YARDSTICK_QUEUE, Installation
from benchmarks.journal import Entry, first_times, inline_times, names, until_posted
from benchmarks.minimal import BareWorkflow
from benchmarks.report import Figure
from benchmarks.requests import APPROVER, CHANNEL

ONE_AT_A_TIME = 60
CONCURRENT_CLICKS = 50
ROUNDS = 4
INLINE_TIMEOUT = 3
"""Seconds to wait for inline writes. The listener stops trying after 1.5 seconds."""


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Durations of operations in seconds, run one at a time and fifty at once."""

    single: list[float]
    concurrent: list[float]


async def measure_bare(installation: Installation) -> Timings:
    """Time bare updates, with no activity and no Slack, on workflows that only count."""
    handles = [
        await installation.temporal.start_workflow(
            BareWorkflow.run, id=f"bare-{uuid.uuid4().hex[:12]}", task_queue=YARDSTICK_QUEUE
        )
        for _ in range(CONCURRENT_CLICKS)
    ]

    async def run_single(number: int) -> float:
        started_at = time.perf_counter()
        await handles[number % CONCURRENT_CLICKS].execute_update(BareWorkflow.decide, "approve")
        return time.perf_counter() - started_at

    async def run_concurrent() -> list[float]:
        return await asyncio.gather(*(run_single(number) for number in range(CONCURRENT_CLICKS)))

    await run_concurrent()  # warm-up
    times = await _time_both(run_single, run_concurrent)
    for handle in handles:
        await handle.terminate()
    return times


async def measure_clicks(installation: Installation) -> Timings:
    """Time from the delivery of a click until its inline write, according to the stand-in's journal."""

    async def run_single(_: int) -> float:
        return (await _click_all(installation, 1))[0]

    async def run_concurrent() -> list[float]:
        return await _click_all(installation, CONCURRENT_CLICKS)

    await _click_all(installation, 10)  # warm-up
    return await _time_both(run_single, run_concurrent)


async def _time_both(
    run_single: Callable[[int], Awaitable[float]],
    run_concurrent: Callable[[], Awaitable[list[float]]],
) -> Timings:
    """Time operations one after another, then rounds of fifty at once."""
    single = [await run_single(number) for number in range(ONE_AT_A_TIME)]
    concurrent: list[float] = []
    for _ in range(ROUNDS):
        concurrent += await run_concurrent()
    return Timings(single=single, concurrent=concurrent)


async def _click_all(installation: Installation, count: int) -> list[float]:
    """Post `count` cards, click Approve on all of them at once, and time each inline write."""
    slack = installation.slack
    created = [requests.request() for _ in range(count)]
    wanted = {request.request_id for request in created}
    mark = await slack.journal_mark()
    for request in created:
        await requests.start(installation.temporal, request)
    await until_posted(slack, mark, wanted)
    messages = await slack.messages(CHANNEL, APPROVER)
    cards = {name: card for card in messages for name in wanted & names(card)}
    mark = await slack.journal_mark()
    await asyncio.gather(
        *(slack.click(APPROVER, CHANNEL, card, "approve") for card in cards.values())
    )
    return inline_times(await _until_written(installation, mark, wanted), wanted)


async def _until_written(installation: Installation, mark: int, wanted: set[str]) -> list[Entry]:
    """Return the clicks and inline writes, once each of `wanted` is written or the time is over."""
    slack, read, written = installation.slack, mark, list[Entry]()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(INLINE_TIMEOUT):
            while not wanted <= first_times(written, wanted).keys():
                written += await slack.journal(after=read, wait=1, kind="response_url")
                read = max([read, *(entry["n"] for entry in written)])
    return written + await slack.journal(after=mark, kind="envelope", envelope="interactive")


def ratio(name: str, ours: list[float], bare: list[float], budget: float) -> Figure:
    """Return the ratio of two medians as a figure."""
    mine, base = statistics.median(ours) * 1000, statistics.median(bare) * 1000
    missed = sum(math.isinf(seconds) for seconds in ours)
    detail = (
        f"p50 {mine:.1f} ms, bare update {base:.1f} ms, {len(ours)} clicks, {missed} not inline"
    )
    return Figure(name=name, value=mine / base, budget=budget, detail=detail)
