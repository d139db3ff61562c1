"""Run the benchmarks and write the report: `python -m benchmarks [--out DIR]`. See README.md."""

import asyncio
import contextlib
import json
import math
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.installation import YARDSTICK_QUEUE, Installation, running_installation
from benchmarks.minimal import BareWorkflow, MinimalWorkflow
from benchmarks.report import Figure, write
from tests.workflows.cost import Cost, cost
from workflows.approval import ApprovalWorkflow
from workflows.registry import TASK_QUEUE
from workflows.rules.approvals.policy import LevelRule, Policy, Tier, route
from workflows.rules.approvals.request import ApprovalRequest, Decision, Verdict
from workflows.rules.messages import ApprovalInput
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.content import Content
from workflows.rules.shared.money import Money

CHANNEL, APPROVER = "C0APPROVALS", "U0BORIS"
ONE_AT_A_TIME = 60
CONCURRENT_CLICKS = 50
ROUNDS = 4
IN_FLIGHT = 40
"""Concurrent approvals in the throughput run. CLI decisions publish at once, so this is enough."""
APPROVALS = 240
INLINE_TIMEOUT = 3
"""Seconds to wait for inline responses. The listener stops trying after 1.5 seconds."""
MEASUREMENT_TIMEOUT = 60
"""Seconds after which a measurement that does not end fails."""

_NAME = re.compile(r"(?:APR|minimal)-[0-9a-f]{12}")

console = Console(stderr=True, highlight=False)


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Durations of operations in seconds, run one at a time and fifty at once."""

    single: list[float]
    concurrent: list[float]


def _request() -> ApprovalRequest:
    level = LevelRule(
        name="sales",
        approvers=(ApproverSource(kind=SourceKind.USER, value=APPROVER),),
        remind_after=(timedelta(minutes=30),),
        expire_after=timedelta(hours=1),
    )
    policy = Policy(
        name="bench",
        title="Benchmark",
        channel=CHANNEL,
        tiers=(Tier(up_to=None, levels=("sales",)),),
        levels=(level,),
    )
    return ApprovalRequest(
        request_id=f"APR-{uuid.uuid4().hex[:12]}",
        requester=Actor(person="U0ANA", origin=Origin.SLACK),
        content=Content(title="Oak desks", amount=Money(amount=Decimal("1500.00"), currency="USD")),
        policy=policy,
        route=route(policy, None),
    )


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
    """Time from sending a click until its inline update arrives, according to the stand-in's journal."""

    async def run_single(_: int) -> float:
        return (await _click_all(installation, 1))[0]

    async def run_concurrent() -> list[float]:
        return await _click_all(installation, CONCURRENT_CLICKS)

    await _click_all(installation, 10)  # warm-up
    return await _time_both(run_single, run_concurrent)


async def _click_all(installation: Installation, count: int) -> list[float]:
    """Post `count` cards, click Approve on all of them at once, and time each inline update."""
    requests = [_request() for _ in range(count)]
    wanted = {request.request_id for request in requests}
    mark = await installation.slack.journal_mark()
    for request in requests:
        await _start(installation, request)
    await _seen(installation, mark, wanted, method="chat.postMessage")
    cards = await _cards(installation, wanted)
    await asyncio.gather(
        *(installation.slack.click(APPROVER, CHANNEL, card, "approve") for card in cards.values())
    )
    sent = await _seen(installation, mark, wanted, kind="envelope")
    updated: dict[str, float] = {}
    with contextlib.suppress(TimeoutError):
        await _read(installation, mark, wanted, updated, INLINE_TIMEOUT, kind="response_url")
    # For the user, a click without an inline update took forever.
    return [updated.get(name, math.inf) - sent[name] for name in wanted]


async def _start(installation: Installation, request: ApprovalRequest) -> Any:
    return await installation.temporal.start_workflow(
        ApprovalWorkflow.run,
        ApprovalInput(request=request),
        id=request.request_id,
        task_queue=TASK_QUEUE,
    )


async def _cards(installation: Installation, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """Return the cards in the channel by request id."""
    messages = await installation.slack.messages(CHANNEL, APPROVER)
    return {name: card for card in messages for name in wanted & _names(card)}


def _names(entry: dict[str, Any]) -> set[str]:
    return set(_NAME.findall(json.dumps(entry)))


async def _seen(
    installation: Installation, mark: int, wanted: set[str], **matching: str
) -> dict[str, float]:
    """Wait for a journal entry about each of `wanted` and return the time of the first for each."""
    seen: dict[str, float] = {}
    await _read(installation, mark, wanted, seen, MEASUREMENT_TIMEOUT, **matching)
    return seen


async def _read(
    installation: Installation,
    mark: int,
    wanted: set[str],
    seen: dict[str, float],
    seconds: float,
    **matching: str,
) -> None:
    """Read the journal into `seen` until it has all of `wanted`. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not seen.keys() >= wanted:
            for entry in await installation.slack.journal(after=mark, wait=1, **matching):
                mark = max(mark, entry["n"])
                for name in wanted & _names(entry):
                    seen.setdefault(name, entry["at"])


class PostedCards:
    """Signals when a request's card was posted. One journal reader serves all requests."""

    def __init__(self, installation: Installation) -> None:
        self._stage = installation
        self._events: dict[str, asyncio.Event] = {}

    def of(self, name: str) -> asyncio.Event:
        """Return the event that is set when the card of `name` was posted."""
        return self._events.setdefault(name, asyncio.Event())

    async def read(self) -> None:
        """Read the journal until cancelled."""
        mark = await self._stage.slack.journal_mark()
        while True:
            for entry in await self._stage.slack.journal(
                after=mark, wait=1, method="chat.postMessage"
            ):
                mark = max(mark, entry["n"])
                for name in _names(entry):
                    self.of(name).set()


async def measure_throughput(installation: Installation) -> tuple[float, float]:
    """Return complete approvals per second, ours and the yardstick's, decided as the CLI does."""
    posted = PostedCards(installation)
    reading = asyncio.create_task(posted.read())

    async def ours() -> None:
        request = _request()
        handle = await _start(installation, request)
        await posted.of(request.request_id).wait()
        await handle.execute_update(ApprovalWorkflow.decide, _decision())
        await handle.result()

    async def minimal() -> None:
        name = f"minimal-{uuid.uuid4().hex[:12]}"
        handle = await installation.temporal.start_workflow(
            MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
        )
        await posted.of(name).wait()
        await handle.execute_update(MinimalWorkflow.decide, "approve")
        await handle.result()

    try:
        return await _rate(ours), await _rate(minimal)
    finally:
        reading.cancel()


def _decision(origin: Origin = Origin.CLI) -> Decision:
    return Decision(
        actor=Actor(person=APPROVER, origin=origin),
        verdict=Verdict.APPROVE,
        content_revision=1,
        level=1,
    )


async def _rate(run: Callable[[], Awaitable[None]]) -> float:
    """Run `APPROVALS` times, `IN_FLIGHT` at once, and return the runs per second."""
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def limited() -> None:
        async with slots:
            await run()

    await asyncio.gather(*(limited() for _ in range(IN_FLIGHT)))  # warm-up
    started_at = time.perf_counter()
    await asyncio.gather(*(limited() for _ in range(APPROVALS)))
    return APPROVALS / (time.perf_counter() - started_at)


async def measure_cost(installation: Installation, origin: Origin) -> Cost:
    """Return the cost of one approval, without the requester's notice.

    After a decision by a Slack click, the card is published three seconds later.
    """
    mark = await installation.slack.journal_mark()
    request = _request()
    handle = await _start(installation, request)
    await _seen(installation, mark, {request.request_id}, method="chat.postMessage")
    await handle.execute_update(ApprovalWorkflow.decide, _decision(origin))
    await handle.result()
    return cost((await handle.fetch_history()).events, without="tell")


async def measure_minimal_cost(installation: Installation) -> Cost:
    """Return the cost of one approval by the yardstick."""
    mark = await installation.slack.journal_mark()
    name = f"minimal-{uuid.uuid4().hex[:12]}"
    handle = await installation.temporal.start_workflow(
        MinimalWorkflow.run, name, id=name, task_queue=YARDSTICK_QUEUE
    )
    await _seen(installation, mark, {name}, method="chat.postMessage")
    await handle.execute_update(MinimalWorkflow.decide, "approve")
    await handle.result()
    return cost((await handle.fetch_history()).events)


def _ratio(name: str, ours: list[float], bare: list[float], budget: float) -> Figure:
    mine, base = statistics.median(ours) * 1000, statistics.median(bare) * 1000
    missed = sum(math.isinf(seconds) for seconds in ours)
    detail = (
        f"p50 {mine:.1f} ms, bare update {base:.1f} ms, {len(ours)} clicks, {missed} not inline"
    )
    return Figure(name=name, value=mine / base, budget=budget, detail=detail)


async def _transport(
    name: str, directory: Path, single_budget: float, concurrent_budget: float
) -> list[Figure]:
    async with running_installation(directory, socket_mode=name == "Socket Mode") as installation:
        console.print(f"{name}: bare updates ...")
        bare = await measure_bare(installation)
        console.print(f"{name}: clicks ...")
        clicks = await measure_clicks(installation)
    return [
        _ratio(f"click, one at a time, {name}", clicks.single, bare.single, single_budget),
        _ratio(
            f"click, {CONCURRENT_CLICKS} at once, {name}",
            clicks.concurrent,
            bare.concurrent,
            concurrent_budget,
        ),
    ]


async def _whole(directory: Path) -> list[Figure]:
    async with running_installation(directory, socket_mode=True) as installation:
        console.print("one approval: events and actions ...")
        yardstick = await measure_minimal_cost(installation)
        by_cli, by_click = [
            await measure_cost(installation, origin) for origin in (Origin.CLI, Origin.SLACK)
        ]
        console.print("approvals per second ...")
        ours, minimal = await measure_throughput(installation)
    rates = f"{ours:.1f}/s, minimal workflow {minimal:.1f}/s, {IN_FLIGHT} in flight"
    beside = f"minimal workflow {yardstick.events} events and {yardstick.actions} actions"
    counted = f"start to last publish, reminder and expiry armed, no notice; {beside}"
    return [
        Figure(
            name="approvals per second",
            value=ours / minimal,
            budget=0.55,
            detail=rates,
            at_least=True,
        ),
        *(
            Figure(name=f"{what}, decided by {how}", value=value, budget=budget, detail=counted)
            for how, spent in (("command line", by_cli), ("a Slack click", by_click))
            for what, value, budget in (
                ("events", spent.events, 36),
                ("billable actions", spent.actions, 8),
            )
        ),
    ]


async def measure_all() -> list[Figure]:
    """Measure everything, one installation after another."""
    with tempfile.TemporaryDirectory() as scratch:
        directories = [Path(scratch) / name for name in ("socket", "http", "whole")]
        for directory in directories:
            directory.mkdir()
        figures = await _transport("Socket Mode", directories[0], 1.5, 2.0)
        figures += await _transport("HTTP", directories[1], 1.6, 2.3)
        return figures + await _whole(directories[2])


def main(
    out: Annotated[Path, typer.Option(help="The directory for the report and the plot.")] = Path(
        "benchmarks"
    ),
) -> None:
    """Measure on this machine and write the report."""
    write(asyncio.run(measure_all()), out)


if __name__ == "__main__":
    typer.run(main)
